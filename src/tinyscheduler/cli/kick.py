"""``kick``: a pass now (features E5).

A pass that is at work is asked to look once more. A daemon between two passes holds no lock, so the pass is
made here, with the settings of this shell, as ``run --once`` would.
"""

from __future__ import annotations

import argparse

from tinyscheduler.cli.context import Context
from tinyscheduler.reconcile.report import Report
from tinyscheduler.views.wording import counts_text

HELP_EXAMPLES = """examples:
  tinyscheduler kick                    after adding a task, when a minute is too long

It is run --once that says what it has done, and that takes a pass at work for an answer. Exit codes are
those of run; 0 also where another pass is at work, but for one that hangs. --json is that of run.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="kick")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises ConfigError, Refused."""
    from tinyscheduler.bootstrap import load
    from tinyscheduler.cli.passing import one_pass, refuse_dry_run
    from tinyscheduler.cli.run import print_report, print_report_json

    configuration = load(context, write_cache=True)
    refuse_dry_run(configuration)
    report = one_pass(configuration, context)
    code = 0 if _is_taken_over(report) else report.exit_code
    if options.json:
        print_report_json(report, context, kind=options.kind, code=code)
        return code
    if report.is_lock_busy and code == 0:
        print(_busy_text(report), file=context.stdout)
        return code
    print_report(report, context, is_json=False)
    if not report.is_lock_busy:
        print(counts_text(report.counts().items()), file=context.stdout)
    return code


def _is_taken_over(report: Report) -> bool:
    """The pass at work has been asked to look once more; one that is stopped, or hangs, will not."""
    from tinyscheduler.views.holding import holding_trouble

    if not report.is_lock_busy:
        return False
    return report.lock is None or holding_trouble(report.lock, report.ended_at) is None


def _busy_text(report: Report) -> str:
    from tinyscheduler.views.holding import holding_text

    who = "" if report.lock is None else f" ({holding_text(report.lock, report.ended_at)})"
    return f"another pass is at work{who}; it looks once more before it leaves"
