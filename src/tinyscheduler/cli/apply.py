"""``apply``: carry out a plan that was written by ``plan --out`` (features A4)."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tinyscheduler.cli.context import Context
from tinyscheduler.errors import Refused

if TYPE_CHECKING:
    from tinyscheduler.kit.fields import Fields
    from tinyscheduler.reconcile.approved import Approved, Deed
    from tinyscheduler.reconcile.report import Report

FILE_BYTES_MAX = 64_000_000
"""Ten thousand held tasks are 5 MB."""
AGE_S_MAX = 3600
"""Whoever has looked at it for longer looks at another world."""
SCHEMA = 1

HELP_EXAMPLES = """examples:
  tinyscheduler plan --out plan.json && tinyscheduler apply plan.json

It takes the lock, looks again, and refuses with exit code 4 and the differences when the plan no longer
fits: its starts, their tasks, leases, requests, pauses, settings. A run that has ended meanwhile only frees
a slot. Else it is a pass that tends as always and starts what the plan names, nothing else. A plan is good
for an hour, and only once.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="apply")
    parser.add_argument("file", metavar="FILE", help="that plan --out has written")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises Refused for a file that is no plan, or not of this world any more; StateError."""
    from tinyscheduler.bootstrap import load, wire
    from tinyscheduler.cli.passing import refuse_dry_run
    from tinyscheduler.reconcile.approved import apply_plan

    approved = read_plan(options.file, datetime.now(UTC))
    configuration = load(context, write_cache=True)
    refuse_dry_run(configuration)
    report = apply_plan(approved, lambda: wire(configuration, context))
    _show(report, options, context)
    return report.exit_code


def _show(report: Report, options: argparse.Namespace, context: Context) -> None:
    from tinyscheduler.cli.run import print_report
    from tinyscheduler.views.holding import holding_trouble

    is_hanging = report.lock is not None and holding_trouble(report.lock, report.ended_at) is not None
    if not report.is_lock_busy or options.json or is_hanging:
        print_report(report, context, is_json=options.json)
    else:
        # Unlike a pass of cron, of which the next one comes by itself, it is asked for once.
        told = "another pass is at work, so nothing was done: apply it once more"
        print(f"tinyscheduler: {told}", file=context.stderr)


def read_plan(path: str, now: datetime) -> Approved:
    """Raises Refused: what is wrong with it."""
    from tinyscheduler.kit import files, json_text
    from tinyscheduler.kit.fields import Fields

    try:
        fields = Fields(json_text.load(files.read_limited(path, FILE_BYTES_MAX)))
        approved = _approved(fields)
        age_s = (now - fields.instant("at")).total_seconds()
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}", hint=_HINT) from error
    except ValueError as error:
        raise Refused(f"{path} is no plan: {error}", hint=_HINT) from error
    if age_s < 0:
        raise Refused(f"{path} was made in a time that is still to come: was the clock set back?", hint=_HINT)
    if age_s > AGE_S_MAX:
        raise Refused(f"{path} is {age_s / 60:.0f} minutes old; a plan is good for an hour", hint=_HINT)
    return approved


def _approved(fields: Fields) -> Approved:
    from tinyscheduler.reconcile.approved import Approved

    fields.choice("kind", ("plan",))
    fields.choice("schema", (SCHEMA,))
    if fields.whole("exit") != 0:
        raise ValueError("something failed when it was made, so it does not show everything")
    basis = fields.inner("basis")
    deeds = fields.each("tend", _deed) + fields.each("start", _deed)
    return Approved(
        fields.text("state_id"),
        {name: basis.text(name) for name in basis.names()},
        deeds,
        fields.instant("at"),
    )


def _deed(fields: Fields) -> Deed:
    from tinyscheduler.reconcile.approved import Deed

    return Deed(
        fields.text("kind"),
        fields.identifier("task_id"),
        fields.text_or_none("agent"),
        fields.text_or_none("lease_id"),
    )


_HINT = "tinyscheduler plan --out FILE makes one"
