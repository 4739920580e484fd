"""``run``: one pass, a preview of it, or a pass every minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.bootstrap import load, wire
from tinyscheduler.cli.console import print_json
from tinyscheduler.cli.context import Context
from tinyscheduler.reconcile.report import EXIT_LOCKED, Report

if TYPE_CHECKING:
    import argparse

    from tinyscheduler.model.configuration import Configuration

HELP_EXAMPLES = """examples:
  * * * * * /opt/agents/tinyscheduler run --once     in a crontab
  tinyscheduler run --dry-run --json                 the plan for a program
  tinyscheduler run --daemon --loop-interval 30      under systemd
  tinyscheduler run --agent-limit dev-1=2            two slots for dev-1, this time
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    from argparse import SUPPRESS

    way = parser.add_mutually_exclusive_group()
    way.add_argument("--once", action="store_true", help="one pass, then leave (the default)")
    way.add_argument("--daemon", action="store_true", help="a pass every LOOP_INTERVAL_SEC")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    # For wrappers only: what this pass prints ends in the wrapper's log.
    parser.add_argument("--at-end-of-run", action="store_true", help=SUPPRESS)
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Silent when all is well: cron mails whatever is printed."""
    configuration = load(context, write_cache=True)
    if configuration.is_dry_run:
        return _preview(options, context, configuration)
    if options.daemon:
        from tinyscheduler.cli.daemon import run_daemon

        for note in _slips(configuration, is_watched=True):
            print(f"tinyscheduler: {note}", file=context.stderr)
        return run_daemon(context, configuration)
    from tinyscheduler.reconcile.run import run_once
    from tinyscheduler.reconcile.untold import keep_untold, tell_untold

    world = wire(configuration, context)
    try:
        report = run_once(world)
    finally:
        world.server.close()
    (keep_untold if options.at_end_of_run else tell_untold)(world, report)
    report.notes[:0] = _slips(configuration, is_watched=context.stderr.isatty())
    print_report(report, context, is_json=options.json)
    return report.exit_code


def _slips(configuration: Configuration, *, is_watched: bool) -> list[str]:
    """What is odd about the flags of this very command: whoever has typed them is told at once. What is
    odd about files is told by ``status``, or cron would mail it each minute; a person who looks on
    is told where the tasks are not."""
    typed = [note for note in configuration.notes if note.startswith("--agent-limit:")]
    if not is_watched:
        return typed
    from tinyscheduler.cli.astray import notes_astray

    return typed + notes_astray(configuration)


def print_report(report: Report, context: Context, *, is_json: bool) -> None:
    """JSON on stdout, or one line for each thing that went wrong on stderr."""
    if is_json:
        print_report_json(report, context, kind="run")
        return
    if report.exit_code == EXIT_LOCKED:
        _print_busy(report, context)
        return
    for note in report.notes:
        print(f"tinyscheduler: {note}", file=context.stderr)
    for fault in report.faults:
        hint = f" ({fault.hint})" if fault.hint else ""
        print(f"tinyscheduler: {fault.message}{hint}", file=context.stderr)


def _print_busy(report: Report, context: Context) -> None:
    """A pass that hangs is said under cron, too: nobody else would (law 10)."""
    from tinyscheduler.views.holding import holding_text, holding_trouble

    lock, now = report.lock, report.ended_at
    trouble = None if lock is None else holding_trouble(lock, now)
    if trouble is not None:
        print(f"tinyscheduler: {trouble[0]} ({trouble[1]})", file=context.stderr)
    elif context.stderr.isatty():
        who = "" if lock is None else f" ({holding_text(lock, now)})"
        print(f"tinyscheduler: another pass is at work{who}; it will look once more", file=context.stderr)


def _preview(options: argparse.Namespace, context: Context, configuration: Configuration) -> int:
    from tinyscheduler.reconcile.preview import preview

    world = wire(configuration, context, is_read_only=True)
    try:
        report = preview(world)
    finally:
        world.server.close()
    report.notes[:0] = _slips(configuration, is_watched=True)
    report.notes += _without_program(report, context)
    if options.json:
        print_report_json(report, context, kind="dry_run")
    else:
        show_plan(report, context)
        _tell_store(report, context)
        print_report(report, context, is_json=False)
    return report.exit_code


def _without_program(report: Report, context: Context) -> list[str]:
    """Of the starts that are foreseen, those that will end at once: a pass only finds out by trying."""
    agents = {start.agent.name: start.agent for start in report.start.starts}
    if not agents:
        return []
    from tinyscheduler.config.onsite.programs import verdict_on

    troubles = {name: verdict_on(agent, context.environ).trouble for name, agent in agents.items()}
    return [f"{name} will not start: {trouble}" for name, trouble in troubles.items() if trouble]


def _tell_store(report: Report, context: Context) -> None:
    from tinyscheduler.cli.this_store import tell_store

    tell_store(context, (held.lever for held in report.start.held))


def show_plan(report: Report, context: Context) -> None:
    """A table on a terminal, lines otherwise."""
    from tinyscheduler.views import plan

    is_known = not report.faults
    if context.stdout.isatty():
        from tinyscheduler.views.intents import intent_table
        from tinyscheduler.views.table import show

        tables = plan.plan_tables(report.tend, report.start, report.limits, is_known=is_known)
        asked = intent_table(report.answers, report.ended_at)
        made = plan.scheduled_table(report.scheduled)
        if made.rows:
            # Whatever else there is to do.
            tables = [table for table in tables if table.rows != ((plan.NOTHING,),)]
        show(context.stdout, [asked, made, *tables], context.environ)
    else:
        from tinyscheduler.views.intents import foreseen_text

        text = plan.plan_text(report.tend, report.start, report.limits, is_known=is_known)
        if report.scheduled:
            text = plan.scheduled_text(report.scheduled) + text.removesuffix(f"{plan.NOTHING}\n")
        print(foreseen_text(report.answers) + text, file=context.stdout, end="")


def report_json(report: Report) -> dict[str, object]:
    """What a plan and a pass have in common."""
    from tinyscheduler.views.intents import answer_json
    from tinyscheduler.views.plan import plan_json, scheduled_json

    body = plan_json(report.tend, report.start)
    body["scheduled"] = scheduled_json(report.scheduled)
    body["intents"] = [answer_json(answer) for answer in report.answers]
    body["limits"] = list(report.limits)
    body["notes"] = list(report.notes)
    body["faults"] = [
        {"ref": fault.reference, "message": fault.message, "hint": fault.hint} for fault in report.faults
    ]
    return body


def print_report_json(report: Report, context: Context, *, kind: str, code: int | None = None) -> None:
    """``code``: where the command's is not the report's."""
    from tinyscheduler.kit.fields import instant_text
    from tinyscheduler.views.holding import holding_json
    from tinyscheduler.views.plan import results_json

    body = report_json(report)
    if kind != "dry_run":
        body["results"] = results_json(report.results)
        body["lock"] = holding_json(report.lock, report.ended_at)
    exit_code = report.exit_code if code is None else code
    print_json(context.stdout, kind, at=instant_text(report.ended_at), code=exit_code, body=body)
