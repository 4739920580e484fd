"""``kick``: a pass now (features E5).

A pass that is at work is asked to look once more. A daemon between two passes holds no lock, so the pass is
made here, with the settings of this shell, as ``run --once`` would.
"""

from __future__ import annotations

import argparse

from tinyscheduler.cli.context import Context
from tinyscheduler.reconcile.report import Report

HELP_EXAMPLES = """examples:
  tinyscheduler kick                    after adding a task, when a minute is too long

It is run --once that says what it has done, and that takes a pass at work for an answer. Exit codes are
those of run; 0 also where another pass is at work, but for one that hangs. For programs: run --once --json.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None besides the settings."""
    parser.epilog = HELP_EXAMPLES


def run(_options: argparse.Namespace, context: Context) -> int:
    """Raises ConfigError, Refused."""
    from tinyscheduler.bootstrap import load
    from tinyscheduler.cli.passing import one_pass, refuse_dry_run
    from tinyscheduler.cli.run import print_report

    configuration = load(context, write_cache=True)
    refuse_dry_run(configuration)
    report = one_pass(configuration, context)
    if report.is_lock_busy:
        return _show_busy(report, context)
    print_report(report, context, is_json=False)
    done = [f"{count} {name}" for name, count in report.counts().items() if count]
    print(", ".join(done) or "nothing to do", file=context.stdout)
    return report.exit_code


def _show_busy(report: Report, context: Context) -> int:
    """It has been asked to look once more; one that is stopped, or hangs, will not."""
    from tinyscheduler.cli.run import print_report
    from tinyscheduler.views.holding import holding_text, holding_trouble

    if report.lock is not None and holding_trouble(report.lock, report.ended_at) is not None:
        print_report(report, context, is_json=False)
        return report.exit_code
    who = "" if report.lock is None else f" ({holding_text(report.lock, report.ended_at)})"
    print(f"another pass is at work{who}; it looks once more before it leaves", file=context.stdout)
    return 0
