"""Whether anybody here would run a task that was just written, said to whoever wrote it.

Apart from ``task_write`` because nothing is refused: a person, or another machine, may be meant.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.model.configuration import Configuration
from tinyscheduler.model.task import Task
from tinyscheduler.planner.hints import hints_of
from tinyscheduler.ports.reading import TaskDesk

ASKED_MAX = 10
"""Calls to the task server for one note."""


def place_note(task: Task, configuration: Configuration) -> str | None:
    """One line with what to write instead; None: somebody serves it, or nobody is configured, and what it
    says of itself has a meaning."""
    return _place_note(task, configuration) or _meaning_note(task)


def nobody_note(configuration: Configuration) -> str | None:
    """That nothing starts at all. A server may have agents of others; a store of our own has none."""
    if configuration.agents or configuration.connection.endpoint is not None:
        return None
    file = configuration.places.agent_control_file
    return f"there are no agents, so nothing is started; name some in {file}: tinyscheduler validate-config"


def waits_note(task: Task, desk: TaskDesk) -> str | None:
    """That it waits for its own parent; or of tasks that it is to run after, the first that does not exist,
    waits for it, or will never be complete. A server that cannot say is not asked again: the task is written
    already."""
    from tinyscheduler.errors import TaskNotFound, TaskServerError
    from tinyscheduler.planner.dependencies import way_out

    after = hints_of(task).after
    if task.parent_id is not None and task.parent_id in (task.blocked_by, *after):
        return (
            f"task {task.id} waits for its parent, task {task.parent_id}, which waits for its subtasks:"
            f" neither ever ends; let it wait for something else, or: tinyscheduler task move {task.id} --top"
        )
    blockers = after if task.blocked_by is None else (task.blocked_by, *after)
    for other in blockers[:ASKED_MAX]:
        try:
            found = desk.get(other).task
        except TaskNotFound:
            return f"task {task.id} waits for task {other}, which does not exist; {way_out(task, other)}"
        except TaskServerError:
            return None
        if found.status != "complete" and task.id in (found.blocked_by, *hints_of(found).after):
            both = f"task {task.id} waits for task {other}, which waits for it: neither ever starts"
            return f"{both}; {way_out(task, other)}"
        if found.archived_at is not None and found.status != "complete":
            return (
                f"task {task.id} waits for task {other}, which was archived without being complete, so it"
                f" never starts; tinyscheduler task done {other}, or let it wait for something else"
            )
    return None


def _meaning_note(task: Task) -> str | None:
    """Told to whoever writes it, instead of to whoever wonders later why it does not start."""
    return meaning_note(f"task {task.id}", task)


def meaning_note(name: str, task: Task) -> str | None:
    """By another name than its id, which a task of a preview has not got yet."""
    hints = hints_of(task)
    if hints.fault is not None:
        fault = hints.fault
        return f"{name} is held until this is mended: {fault.place}: {fault.value}; {fault.remedy}"
    return f"{name}: {hints.notes[0]}" if hints.notes else None


def _place_note(task: Task, configuration: Configuration) -> str | None:
    agents = [agent.name for agent in configuration.agents]
    if task.assigned_to is not None:
        if not agents or task.assigned_to in agents:
            return None
        mend = _mend(task, flag="--assign", written=task.assigned_to, known=agents)
        return f"there is no agent {task.assigned_to!r} here; {mend}"
    if task.queue is None:
        return (
            f"task {task.id} has no queue and no agent, so it never starts; {_update(task, '--queue NAME')}"
        )
    served = sorted({queue for agent in configuration.agents if agent.is_enabled for queue in agent.queues})
    if not agents or task.queue in served:
        return None
    mend = _mend(task, flag="--queue", written=task.queue, known=served)
    return f"no enabled agent serves queue {task.queue!r}; {mend}"


def _mend(task: Task, *, flag: str, written: str, known: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(written, known, 1)
    if near:
        return f"did you mean {near[0]}? {_update(task, f'{flag} {near[0]}')}"
    return _update(task, f"{flag} NAME")


def _update(task: Task, change: str) -> str:
    return f"tinyscheduler task update {task.id} {change}"
