"""What the laws of starting share."""

from __future__ import annotations

from collections.abc import Iterable

from tests.builders import a_lease
from tinyscheduler.model.action import Start
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.snapshot import Backlog, StartSnapshot
from tinyscheduler.model.task import Task


def known(snapshot: StartSnapshot) -> Backlog:
    assert isinstance(snapshot.backlog, Known)
    backlog: Backlog = snapshot.backlog.value
    return backlog


def seen(snapshot: StartSnapshot) -> tuple[Task, ...]:
    return known(snapshot).tasks


def after(snapshot: StartSnapshot, starts: Iterable[Start]) -> StartSnapshot:
    """The world when these starts have been carried out."""
    made = tuple(
        a_lease(
            start.task.id,
            state="starting",
            agent=start.agent.name,
            queue=start.task.queue,
            account=start.agent.account,
            tags=start.task.tags,
        )
        for start in starts
    )
    return snapshot._replace(leases=(*snapshot.leases, *made))


def only(snapshot: StartSnapshot, task_id: TaskId) -> Backlog:
    backlog = known(snapshot)
    return backlog._replace(tasks=tuple(task for task in backlog.tasks if task.id == task_id), working=())


def answered(snapshot: StartSnapshot) -> list[TaskId]:
    """Tasks of which a plan has to say something: those that somebody works on only without a lease."""
    taken = {lease.task_id for lease in snapshot.leases} | {broken.task_id for broken in snapshot.broken}
    backlog = known(snapshot)
    elsewhere = [task.id for task in backlog.working if task.id not in taken]
    return [task.id for task in backlog.tasks] + elsewhere
