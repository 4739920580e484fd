"""``plan``: what the next pass would do, into a file that a person can review and ``apply`` (features A4)."""

from __future__ import annotations

import argparse
import io

from tinyscheduler.cli.context import Context
from tinyscheduler.errors import StateError, UsageError

HELP_EXAMPLES = """examples:
  tinyscheduler plan                    the same as run --dry-run
  tinyscheduler plan --out plan.json    look at it, then:
  tinyscheduler apply plan.json

The file has every action and every held task with its reason, and the facts that the plan rests on:
apply refuses it when one of them has changed. It holds titles and reasons, and is for you alone (0600).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="plan")
    parser.add_argument("--out", metavar="FILE", help="write the plan into this file")
    parser.add_argument("--json", action="store_true", help="print the plan as one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Exit codes as of ``run --dry-run``. Raises UsageError, StateError when the file cannot be written."""
    from tinyscheduler.bootstrap import load, wire
    from tinyscheduler.cli.console import print_json
    from tinyscheduler.cli.run import print_report, report_json, show_plan
    from tinyscheduler.kit.fields import instant_text
    from tinyscheduler.reconcile.preview import preview

    world = wire(load(context, write_cache=False), context, is_read_only=True)
    try:
        report = preview(world)
        body = {**report_json(report), "state_id": world.state.state_id(), "basis": dict(report.basis)}
    finally:
        world.server.close()
    written = io.StringIO()
    print_json(written, "plan", at=instant_text(report.ended_at), code=report.exit_code, body=body)
    if options.out is not None:
        _write(options.out, written.getvalue())
    if options.json:
        print(written.getvalue(), end="", file=context.stdout)
    else:
        show_plan(report, context)
        print_report(report, context, is_json=False)
    return report.exit_code


def _write(path: str, text: str) -> None:
    import os

    from tinyscheduler.kit import files

    if os.path.islink(path) or (os.path.exists(path) and not os.path.isfile(path)):
        # A new file would take the place of /dev/stdout.
        raise UsageError(
            f"--out {path} is there, and is no ordinary file", hint="name a file, or use --json for a pipe"
        )
    try:
        files.replace(os.path.abspath(path), text.encode())
    except OSError as error:
        raise StateError(
            f"the plan cannot be written to {path}: {error.strerror}", hint="name a file in a folder of yours"
        ) from error
