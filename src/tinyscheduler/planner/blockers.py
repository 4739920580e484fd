"""Why a task that others wait for is not started itself: one step, and no further (features D10, H2).

Apart from ``dependency_holds``, whose rows are part of the table that is asked here.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.task import Task
from tinyscheduler.planner.holds import held_of
from tinyscheduler.planner.rules import RULES
from tinyscheduler.planner.view import View

_SAID_OTHERWISE: frozenset[HeldReason] = frozenset({
    "leased", "settling", "working_elsewhere", "parked", "blocked", "dependency_failed", "cycle", "disk",
})  # fmt: skip
"""How it stands says these already; or they hold everything, and whoever asks hears of it as of himself. A
row that asks what a blocker waits for would go on along the whole chain, for each task of it."""
_WAITS = [rule.reason for rule in RULES].index("blocked")
_ABOVE, _BELOW = (
    tuple(
        (rule.reason, rule.find)
        for rule in rules
        if rule.find is not None and rule.asked == "task" and rule.reason not in _SAID_OTHERWISE
    )
    for rules in (RULES[:_WAITS], RULES[_WAITS:])
)


class Blockers:
    """The tasks that others wait for, of one view; each is asked once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._tasks = {task.id: task for task in _seen(view) if task.id in view.graph().own}
        self._found: dict[TaskId, Held | None] = {}

    def hold_of(self, task_id: TaskId) -> Held | None:
        """What keeps it from being started, whoever has room. None: nothing, or nobody can say."""
        if task_id not in self._found:
            self._found[task_id] = self._hold(task_id)
        return self._found[task_id]

    def _hold(self, task_id: TaskId) -> Held | None:
        task, view = self._tasks.get(task_id), self._view
        if task is None or task_id in view.leases or task_id in view.snapshot.refused:
            return None
        if task.status != "idle" and task_id not in view.open_parents:
            return None
        # Whoever waits is asked first whether somebody lets it wait.
        for reason, find in _ABOVE if task_id in view.graph().waits else (*_ABOVE, *_BELOW):
            finding = find(task, view)
            if finding is not None:
                return held_of(task, reason, finding, view)
        return None


def _seen(view: View) -> Iterator[Task]:
    for found in view.snapshot.prerequisites.values():
        if found.task is not None:
            yield found.task
    if isinstance(view.snapshot.backlog, Known):
        yield from view.snapshot.backlog.value.working
        yield from view.snapshot.backlog.value.tasks
