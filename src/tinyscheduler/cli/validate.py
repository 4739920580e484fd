"""``tinyscheduler validate-config``: everything that is wrong with the settings, at once.

The looking is in ``config``, the asking in ``validate_online``; here is what is printed, and in which
order: mend, judge, ask.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.cli.config import SCHEMA, notes_text, now_text
from tinyscheduler.errors import ConfigError, Fault

if TYPE_CHECKING:
    import argparse

    from tinyscheduler.cli.context import Context
    from tinyscheduler.cli.validate_online import Inquiry
    from tinyscheduler.config.mending.changes import Change, Left
    from tinyscheduler.model.configuration import Configuration

HELP_EXAMPLES = """examples:
  tinyscheduler validate-config             what is wrong, and what --fix would mend
  tinyscheduler validate-config --fix       mend it; a file that is rewritten is kept beside as .bak
  tinyscheduler validate-config --online    also ask the task server, as a pass does

Exit code 0: all is well; 2: the configuration has faults; 3: the task server is not usable; 1: something
could not be mended because the disk refused.
"""

EXIT_SERVER = 3
EXIT_FAILED = 1


class Verdict(NamedTuple):
    """What is to be said, besides what was mended."""

    configuration: Configuration | None
    """None: there is none, because of the faults."""
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    server: Inquiry | None = None
    """None: it was not asked."""
    is_online: bool = False
    """It should have been."""


class Mending(NamedTuple):
    """What was mended, what could be, and what is left to a person."""

    fixed: tuple[Change, ...] = ()
    fixable: tuple[Change, ...] = ()
    left: tuple[Left, ...] = ()
    has_failed: bool = False
    is_held_back: bool = False
    """By DRY_RUN, although --fix was given."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this command alone."""
    parser.add_argument(
        "--fix", action="store_true", help="mend what needs no decision; with --dry-run, only show it"
    )
    parser.add_argument(
        "--online", action="store_true", help="ask the task server too; what stops an agent is a fault"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Print the verdict. It is the result, so it goes to stdout."""
    mending = _mend(context) if options.fix else _look_for_mends(context)
    verdict = _judge(context, is_online=options.online)
    code = _exit_code(verdict, mending)
    text = _as_json(verdict, mending, code) if options.json else _as_text(verdict, mending)
    context.stdout.write(text)
    return code


def _look_for_mends(context: Context) -> Mending:
    from tinyscheduler.config.mending.plan import plan
    from tinyscheduler.config.sources import gather

    planned = plan(gather(context.overrides, context.environ, context.env_file))
    return Mending(fixable=planned.changes(), left=planned.left)


def _mend(context: Context) -> Mending:
    """Nothing, where DRY_RUN is set, wherever that was done."""
    from tinyscheduler.config.compile import judged
    from tinyscheduler.config.mending.apply import apply
    from tinyscheduler.config.mending.plan import plan
    from tinyscheduler.config.sources import gather

    inputs = gather(context.overrides, context.environ, context.env_file)
    if judged(inputs).compiled.configuration.is_dry_run:
        return _look_for_mends(context)._replace(is_held_back=True)
    done = apply(plan(inputs))
    return Mending(done.changes, (), done.left, has_failed=done.has_failed)


def _judge(context: Context, *, is_online: bool) -> Verdict:
    offline = _judge_offline(context, is_strict=is_online)._replace(is_online=is_online)
    if not is_online or offline.configuration is None:
        return offline
    from tinyscheduler.cli.validate_online import inquire

    try:
        inquiry = inquire(offline.configuration, context)
    except ConfigError as error:
        return offline._replace(faults=tuple(dict.fromkeys((*offline.faults, *error.faults))))
    return offline._replace(server=inquiry, notes=(*offline.notes, *inquiry.notes))


def _judge_offline(context: Context, *, is_strict: bool) -> Verdict:
    """``is_strict``: an agent that cannot be started here and now is a fault. Otherwise it is a note, so
    that a configuration can be checked on a machine that it is not for."""
    from tinyscheduler.config.faults import fault_text
    from tinyscheduler.config.load import load
    from tinyscheduler.config.onsite.look import look

    try:
        configuration = load(context.overrides, context.environ, env_file=context.env_file, write_cache=False)
    except ConfigError as error:
        return Verdict(None, error.faults, ())
    seen = look(configuration, context.environ, context.env_file)
    notes = (*configuration.notes, *seen.notes)
    if is_strict:
        return Verdict(configuration, (*seen.faults, *seen.stops), notes)
    stops = (fault_text(fault) for fault in seen.stops)
    return Verdict(configuration, seen.faults, (*configuration.notes, *stops, *seen.notes))


def _exit_code(verdict: Verdict, mending: Mending) -> int:
    """The operator's fault before the server's, the server's before ours."""
    if verdict.faults:
        return ConfigError.exit_code
    if verdict.server is not None and verdict.server.troubles:
        return EXIT_SERVER
    return EXIT_FAILED if mending.has_failed else 0


def _as_text(verdict: Verdict, mending: Mending) -> str:
    from tinyscheduler.config.faults import fault_text

    lines = [f"fixed: {_change_text(change)}" for change in mending.fixed]
    lines += [f"fault: {fault_text(fault)}" for fault in verdict.faults]
    lines += [] if verdict.faults else [_valid_text(verdict)]
    lines += _server_lines(verdict)
    lines += notes_text(verdict.notes).splitlines()
    lines += [f"fixable: {_change_text(change)}" for change in mending.fixable]
    lines += [f"left alone: {left.place}: {left.why}" for left in mending.left]
    return "".join(f"{line}\n" for line in lines) + _footer(mending)


def _valid_text(verdict: Verdict) -> str:
    """A file without a fault may still be one with which nothing ever happens."""
    agents = () if verdict.configuration is None else verdict.configuration.agents
    if any(agent.is_enabled and agent.slots > 0 and agent.command for agent in agents):
        return "configuration is valid"
    return "configuration is valid, but nothing can start: no agent is enabled and has a command and a slot"


def _server_lines(verdict: Verdict) -> list[str]:
    if verdict.server is not None:
        return verdict.server.lines()
    return ["server: not asked, because of the faults"] if verdict.is_online else []


def _footer(mending: Mending) -> str:
    if not mending.fixable:
        return ""
    if mending.is_held_back:
        return "nothing was changed, because DRY_RUN is set\n"
    return "tinyscheduler validate-config --fix mends what is fixable\n"


def _change_text(change: Change) -> str:
    return f"{change.place}: {change.before} -> {change.after}"


def _as_json(verdict: Verdict, mending: Mending, code: int) -> str:
    answer = {
        "schema": SCHEMA,
        "kind": "validate-config",
        "at": now_text(),
        "exit": code,
        "faults": [fault._asdict() for fault in verdict.faults],
        "notes": list(verdict.notes),
        "server": None if verdict.server is None else verdict.server.as_json(),
        "fixed": [change._asdict() for change in mending.fixed],
        "fixable": [change._asdict() for change in mending.fixable],
        "left": [left._asdict() for left in mending.left],
    }
    return json.dumps(answer, ensure_ascii=False) + "\n"
