"""``kick``: a pass now (features E5).

A pass that is at work is asked to look once more. A daemon between two passes holds no lock, so the pass
is made here, with the same settings and the same effect.
"""

from __future__ import annotations

import argparse

from tinyscheduler.cli.context import Context

HELP_EXAMPLES = """examples:
  tinyscheduler kick                    after adding a task, when a minute is too long

It is run --once that says what it has done, and that takes a pass at work for an answer. Exit codes are
those of run; 0 also where another pass is at work.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None besides the settings."""
    parser.epilog = HELP_EXAMPLES


def run(_options: argparse.Namespace, context: Context) -> int:
    """Raises ConfigError."""
    from tinyscheduler.bootstrap import load
    from tinyscheduler.cli.passing import one_pass
    from tinyscheduler.cli.run import print_report

    report = one_pass(load(context, write_cache=True), context)
    if report.is_lock_busy:
        print("another pass is at work; it looks once more before it leaves", file=context.stdout)
        return 0
    print_report(report, context, is_json=False)
    counts = (
        ", ".join(f"{count} {name}" for name, count in report.counts().items() if count) or "nothing to do"
    )
    print(counts, file=context.stdout)
    return report.exit_code
