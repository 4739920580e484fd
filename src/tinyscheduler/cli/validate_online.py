"""The part of ``validate-config --online`` that asks the task server.

Two questions, both reading: the one every pass begins with, by the same client with the same limits,
and one for everything open, because a task with a mistyped queue or agent is in nobody's backlog.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler import bootstrap
from tinyscheduler.config.faults import shown, suggestion
from tinyscheduler.errors import TaskServerError
from tinyscheduler.model.desk import TaskList, TaskQuery
from tinyscheduler.model.knowledge import Known
from tinyscheduler.reconcile.observe_tasks import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tinyscheduler.cli.context import Context
    from tinyscheduler.model.configuration import Configuration
    from tinyscheduler.model.snapshot import QueueGap

NAMES_MAX = 20
"""Of assignees that are told of; more of them are another scheduler's agents."""

IDS_MAX = 5
"""Of tasks that are named for one assignee: enough to look one up."""

SLOW_SHARE = 0.25
"""Of the time that a pass has for all its calls: claims and settlements need the rest."""


class Trouble(NamedTuple):
    """Why the server cannot be worked with."""

    message: str
    hint: str


class Inquiry(NamedTuple):
    """What the server said, and how it said it."""

    endpoint: str
    """A URL, or ``embedded``."""
    troubles: tuple[Trouble, ...] = ()
    """Empty: it is usable."""
    notes: tuple[str, ...] = ()
    duration_s: float | None = None
    """Of the first question, connecting included; None: it was not answered."""
    open_tasks: int | None = None
    """Idle or working, whoever's; None: unknown."""
    is_cut: bool = False
    """There are more open tasks than were looked at."""

    def lines(self) -> list[str]:
        """For people."""
        if self.troubles:
            return [f"server: {t.message}" + (f" ({t.hint})" if t.hint else "") for t in self.troubles]
        duration_ms = round((self.duration_s or 0) * 1000)
        count = "unknown" if self.open_tasks is None else f"{self.open_tasks}{'+' if self.is_cut else ''}"
        return [f"server: {self.endpoint} answers in {duration_ms} ms; open tasks: {count}"]

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "endpoint": self.endpoint,
            "is_usable": not self.troubles,
            "duration_sec": None if self.duration_s is None else round(self.duration_s, 3),
            "open_tasks": self.open_tasks,
            "is_cut": self.is_cut,
            "troubles": [trouble._asdict() for trouble in self.troubles],
        }


def inquire(configuration: Configuration, context: Context) -> Inquiry:
    """Ask; nothing is written anywhere. Raises ConfigError for what only shows when a client is made."""
    inquiry = Inquiry(configuration.connection.name)
    # A pass without agents asks nobody.
    if configuration.agents:
        inquiry = _ask_as_a_pass(configuration, context, inquiry)
    return inquiry if inquiry.troubles else _ask_for_all(configuration, context, inquiry)


def _ask_as_a_pass(configuration: Configuration, context: Context, inquiry: Inquiry) -> Inquiry:
    """What is missing from the answer would keep a pass from starting something: that is no success."""
    world = bootstrap.wire(configuration, context, is_read_only=True)
    started = time.monotonic()
    try:
        backlog, error = fetch(world, world.server)
    finally:
        world.server.close()
    duration_s = time.monotonic() - started
    if error is not None:
        return inquiry._replace(troubles=(Trouble(error.message, error.hint),))
    gaps = backlog.value.gaps if isinstance(backlog, Known) else ()
    notes = [*_notes_on_speed(duration_s, configuration.connection.budget_s)]
    if isinstance(backlog, Known) and not backlog.value.has_queues:
        notes.append("the task server knows no queues: only tasks that are assigned to an agent are started")
    return inquiry._replace(
        troubles=tuple(_trouble_of(gap) for gap in gaps), notes=tuple(notes), duration_s=duration_s
    )


def _trouble_of(gap: QueueGap) -> Trouble:
    return Trouble(f"{gap.where}: {gap.why}", gap.hint)


def _ask_for_all(configuration: Configuration, context: Context, inquiry: Inquiry) -> Inquiry:
    desk = bootstrap.desk(configuration, context, is_read_only=True)
    started = time.monotonic()
    try:
        found = desk.find(TaskQuery(statuses=("idle", "working"), limit=configuration.policy.max_fetch))
    except TaskServerError as error:
        return inquiry._replace(troubles=(Trouble(error.message, error.hint),))
    finally:
        desk.close()
    duration_s = time.monotonic() - started if inquiry.duration_s is None else inquiry.duration_s
    notes = (*inquiry.notes, *_notes_on_queues(configuration, found), *_notes_on_names(configuration, found))
    told = " ".join(trouble.message for trouble in inquiry.troubles)
    notes += tuple(f"left out: {gap}" for gap in found.gaps if gap not in told)
    return inquiry._replace(
        notes=notes, duration_s=duration_s, open_tasks=len(found.tasks), is_cut=found.is_cut
    )


def _notes_on_speed(duration_s: float, budget_s: float) -> Iterator[str]:
    if duration_s > SLOW_SHARE * budget_s:
        yield (
            f"the task server took {duration_s:.1f} s for the first question of a pass, which has "
            f"{budget_s:g} s for all of them (MCP_BUDGET_SEC)"
        )


def _notes_on_queues(configuration: Configuration, found: TaskList) -> Iterator[str]:
    """A queue exists on the server while a task is in it, so an empty one may also be a mistyped one."""
    if found.is_cut:
        yield f"only the first {len(found.tasks)} open tasks were looked at (MAX_FETCH)"
        return
    known = {task.queue for task in found.tasks if task.queue is not None}
    others = known - set(configuration.queues)
    for queue in configuration.queues:
        if queue not in known:
            yield f"no open task is in queue {queue}{shown(suggestion(queue, others))}"


def _notes_on_names(configuration: Configuration, found: TaskList) -> Iterator[str]:
    """An assignee may be a person; one whose name is nearly that of an agent rarely is."""
    ours = {agent.name for agent in configuration.agents}
    counts = Counter(task.assigned_to for task in found.tasks if task.assigned_to is not None)
    strangers = [(name, count) for name, count in counts.most_common() if name not in ours]
    for name, count in strangers[:NAMES_MAX]:
        ids = [task.id for task in found.tasks if task.assigned_to == name]
        listed = ", ".join(ids[:IDS_MAX]) + (", ..." if count > IDS_MAX else "")
        tasks = f"{count} open tasks ({listed}) are" if count > 1 else f"open task {listed} is"
        yield f"{tasks} assigned to {shown(name)}, who is no agent of ours{suggestion(name, ours)}"
    if len(strangers) > NAMES_MAX:
        yield f"{len(strangers) - NAMES_MAX} more names with open tasks are no agents of ours"
