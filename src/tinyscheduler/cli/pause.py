"""``pause`` and ``resume``: nothing new is started, or not for a queue, an agent, a task (features E1).

A pause is a file of the person who gives it, and holds from this instant: a pass that is at work looks
at it again right before each start. What runs already goes on; ``stop`` and ``estop`` end that.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tinyscheduler.cli.context import Context
from tinyscheduler.cli.names import name_of, task_id_of
from tinyscheduler.errors import Refused, TaskNotFound, TaskServerError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.pause import BY_CHARS_MAX, Pause, PauseScope

if TYPE_CHECKING:
    from datetime import datetime

    from tinyscheduler.model.configuration import Configuration
    from tinyscheduler.ports import World

HELP_EXAMPLES = """examples:
  tinyscheduler pause --reason "deploying" --until 18:00
  tinyscheduler pause --queue dev --queue docs
  tinyscheduler pause --task 7 --until 2h
  tinyscheduler pause                   everything, until resume

It holds at once, also for a pass that is at work. What runs already goes on: stop ends that. A second
pause of the same takes the place of the first.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.set_defaults(kind="pause")
    add_scopes(parser)
    parser.add_argument("--reason", metavar="TEXT", help="why; shown by status and explain")
    parser.add_argument("--until", metavar="WHEN", help="2h, 18:00 or an instant; default: until resume")
    parser.epilog = HELP_EXAMPLES


def add_scopes(parser: argparse.ArgumentParser) -> None:
    """What ``pause`` and ``resume`` are about; each may be given several times, none means everything."""
    for scope in ("queue", "agent", "task"):
        article = "an" if scope == "agent" else "a"
        parser.add_argument(
            f"--{scope}", metavar=scope.upper(), action="append", default=[], help=f"only {article} {scope}"
        )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, context: Context) -> int:
    """Raises Refused for a queue or an agent that agent-control does not know, and for a task that nobody
    knows; StateError."""
    from tinyscheduler.bootstrap import wire
    from tinyscheduler.cli.anyhow import told_settings
    from tinyscheduler.cli.instants import instant_of

    configuration, _ = told_settings(context)
    world = wire(configuration, context, is_read_only=True)
    now = world.clock.now()
    until = None if options.until is None else instant_of(options.until, now=now, what="--until")
    subjects = subjects_of(options)
    _check_known(configuration, subjects)
    _check_tasks(world, subjects, context)
    whole = new_pause(context, now, options.reason)._replace(until=until)
    pauses = [whole._replace(scope=scope, name=name) for scope, name in subjects]
    for pause in pauses:
        world.pauses.write(pause)
    show(context, options, pauses, now=now, words=[_told(pause, now) for pause in pauses])
    return 0


def new_pause(context: Context, now: datetime, reason: str | None) -> Pause:
    """Of everything, without an end; not written. Raises UsageError."""
    from tinyscheduler.cli.asking import reason_of
    from tinyscheduler.cli.task_write import author_of
    from tinyscheduler.model.result import one_line

    by = one_line(author_of(context), chars_max=BY_CHARS_MAX)
    return Pause("all", "", by, now, "" if reason is None else reason_of(reason))


def subjects_of(options: argparse.Namespace) -> list[tuple[PauseScope, str]]:
    """What the command is about. Raises UsageError, Refused."""
    found: list[tuple[PauseScope, str]] = []
    found += [("queue", name_of(name, what="--queue")) for name in options.queue]
    found += [("agent", name_of(name, what="--agent")) for name in options.agent]
    found += [("task", task_id_of(name, what="--task")) for name in options.task]
    return list(dict.fromkeys(found)) or [("all", "")]


def show(
    context: Context,
    options: argparse.Namespace,
    pauses: Sequence[Pause],
    *,
    now: datetime,
    words: Sequence[str],
) -> None:
    """``words``: a line for each, for people."""
    if not options.json:
        for line in words:
            print(line, file=context.stdout)
        return
    from tinyscheduler.cli.console import print_json
    from tinyscheduler.kit.fields import instant_text
    from tinyscheduler.views.pauses import pause_json

    body = {"pauses": [pause_json(pause) for pause in pauses]}
    print_json(context.stdout, options.kind, at=instant_text(now), code=0, body=body)


def _told(pause: Pause, now: datetime) -> str:
    from tinyscheduler.planner.pauses import subject
    from tinyscheduler.views.wording import ago_text

    end = "until resume" if pause.until is None else f"until {ago_text(pause.until, now)}"
    return f"{subject(pause)} paused, {end}; what runs goes on"


def _check_known(configuration: Configuration, subjects: Sequence[tuple[PauseScope, str]]) -> None:
    """A mistyped name would pause nothing, and nobody would be told. In legacy mode no file names the queues
    in which tasks of our agents lie."""
    known = {"agent": {str(agent.name) for agent in configuration.agents}}
    if configuration.queues:
        known["queue"] = {str(queue) for queue in configuration.queues}
    for scope, name in subjects:
        if scope in known and name not in known[scope]:
            raise Refused(f"there is no {scope} {name!r}", hint=_nearest(name, scope, known[scope]))


def _check_tasks(world: World, subjects: Sequence[tuple[PauseScope, str]], context: Context) -> None:
    """The same of ids, as far as anybody can tell. One that has run here is known without the server, which
    may be what is wrong; where it cannot be asked, the pause is worth more than the check."""
    named = [TaskId(name) for scope, name in subjects if scope == "task"]
    known = world.ledgers.read(named) if named else {}
    missing: list[TaskId] = []
    try:
        for task_id in named:
            if task_id not in known and world.leases.read(task_id) is None and not _is_there(world, task_id):
                missing.append(task_id)
    except TaskServerError as error:
        told = f"whether there is a task {task_id} cannot be told, so it is paused unseen: {error.message}"
        print(f"tinyscheduler: {told}", file=context.stderr)
    finally:
        world.server.close()
    if missing:
        those = f"are no tasks {', '.join(missing)}" if len(missing) > 1 else f"is no task {missing[0]}"
        hint = "tinyscheduler task list --all shows what there is"
        raise Refused(f"there {those}, so nothing is paused", hint=hint)


def _is_there(world: World, task_id: TaskId) -> bool:
    try:
        world.server.get(task_id)
    except TaskNotFound:
        return False
    return True


def _nearest(name: str, scope: str, known: set[str]) -> str:
    from tinyscheduler.kit.nearest import nearest

    near = nearest(name, known)
    return (
        f"did you mean {near}?" if near else f"agent-control names the {scope}s: {', '.join(sorted(known))}"
    )
