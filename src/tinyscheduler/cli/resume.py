"""``resume``: the end of a pause."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinyscheduler.cli.context import Context
from tinyscheduler.cli.pause import add_scopes, show, subjects_of
from tinyscheduler.errors import StateError
from tinyscheduler.model.pause import Pause, PauseScope

if TYPE_CHECKING:
    from tinyscheduler.ports import PauseStore

HELP_EXAMPLES = """examples:
  tinyscheduler resume                  ends the pause of everything
  tinyscheduler resume --queue dev
  tinyscheduler resume --all            ends every pause there is

The next pass starts what may start. Resuming what is not paused changes nothing.
"""


_ESTOPPED = ("ESTOP is there, so nothing starts all the same; tinyscheduler estop --clear",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="resume")
    add_scopes(parser)
    parser.add_argument("--all", action="store_true", help="every pause, of whatever")
    parser.epilog = HELP_EXAMPLES


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises UsageError; StateError when one cannot be removed, after the others were."""
    from tinyscheduler.bootstrap import wire
    from tinyscheduler.cli.anyhow import told_settings
    from tinyscheduler.planner.pauses import in_force

    asked = subjects_of(options)
    world = wire(told_settings(context)[0], context, is_read_only=True)
    now, there = world.clock.now(), world.pauses.read()
    # Nothing but what was named, also of what is over: somebody may be pausing it anew at this moment.
    chosen = [pause for pause in there if options.all or (pause.scope, pause.name) in asked]
    failed = _end(world.pauses, chosen)
    held = in_force(there, now)
    ended = [pause for pause in held if pause in chosen and pause not in failed]
    names = {(pause.scope, pause.name) for pause in held}
    missing = [] if options.all else [subject for subject in asked if subject not in names]
    left = [pause for pause in held if pause not in ended]
    still = [*_still(left), *(_ESTOPPED if world.state.is_estopped() else ())]
    show(context, options, ended, now=now, words=[*_told(missing, ended), *still])
    if failed:
        raise next(iter(failed.values()))
    return 0


def _end(store: PauseStore, chosen: Sequence[Pause]) -> dict[Pause, StateError]:
    """Those that could not be removed, with the reason: one of them is no reason to keep the others."""
    failed: dict[Pause, StateError] = {}
    for pause in chosen:
        try:
            store.remove(pause)
        except StateError as error:
            failed[pause] = error
    return failed


def _told(missing: Sequence[tuple[PauseScope, str]], ended: Sequence[Pause]) -> list[str]:
    lines = [f"the pause of {_name(pause.scope, pause.name)} is over" for pause in ended]
    lines += [f"there was no pause of {_name(scope, name)}" for scope, name in missing]
    return lines or ["nothing was paused"]


def _name(scope: PauseScope, name: str) -> str:
    return "everything" if scope == "all" else f"{scope} {name}"


def _still(left: Sequence[Pause]) -> list[str]:
    """Whoever resumes expects that something starts."""
    from tinyscheduler.planner.pauses import lever, words

    return [f"{words(pause)}; {lever(pause)}" for pause in left]
