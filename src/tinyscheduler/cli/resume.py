"""``resume``: the end of a pause."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tinyscheduler.cli.context import Context
from tinyscheduler.cli.pause import add_scopes, show, subjects_of
from tinyscheduler.model.pause import Pause, PauseScope

HELP_EXAMPLES = """examples:
  tinyscheduler resume                  ends the pause of everything
  tinyscheduler resume --queue dev
  tinyscheduler resume --all            ends every pause there is

The next pass starts what may start. Resuming what is not paused changes nothing.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="resume")
    add_scopes(parser)
    parser.add_argument("--all", action="store_true", help="every pause, of whatever")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises UsageError, StateError."""
    from tinyscheduler.bootstrap import load, wire

    world = wire(load(context, write_cache=False), context, is_read_only=True)
    now, there = world.clock.now(), world.pauses.read()
    asked = [(pause.scope, pause.name) for pause in there] if options.all else subjects_of(options)
    ended = [pause for pause in there if (pause.scope, pause.name) in asked]
    # Only commands write this folder, so only they can tidy it.
    over = [pause for pause in there if pause not in ended and pause.until is not None and pause.until <= now]
    for pause in (*ended, *over):
        world.pauses.remove(pause)
    left = [pause for pause in there if pause not in ended and pause not in over]
    show(context, options, ended, now=now, words=[*_told(asked, ended), *_still(left)])
    return 0


def _told(asked: Sequence[tuple[PauseScope, str]], ended: list[Pause]) -> list[str]:
    from tinyscheduler.planner.pauses import subject

    lines = [f"{subject(pause)} paused no more" for pause in ended]
    names = {(pause.scope, pause.name) for pause in ended}
    missing = [(scope, name) for scope, name in asked if (scope, name) not in names]
    for scope, name in missing:
        lines.append("everything was not paused" if scope == "all" else f"{scope} {name} was not paused")
    return lines or ["nothing was paused"]


def _still(left: list[Pause]) -> list[str]:
    """Whoever resumes expects that something starts."""
    from tinyscheduler.planner.pauses import lever, words

    return [f"{words(pause)}; {lever(pause)}" for pause in left]
