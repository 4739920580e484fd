"""Why a task that others wait for is not started itself: one step, and no further (features D10, H2).

Apart from ``dependency_holds``, whose rows are part of the table that is asked here.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.task import Task
from tinyscheduler.planner.holds import Questions, held_of, worth_asking
from tinyscheduler.planner.view import View

_NOT_ASKED: frozenset[HeldReason] = frozenset({
    "leased", "settling", "working_elsewhere", "parked", "blocked", "dependency_failed", "cycle", "disk",
    "path_held", "goal_held", "pressure",
})  # fmt: skip
"""How it stands says these already; they hold everything, and whoever asks hears of it as of himself; or
they end by themselves. A row that asks what a blocker waits for would go on along the whole chain, for each
task of it."""


class Blockers:
    """The tasks that others wait for, of one view; each is asked once."""

    def __init__(self, view: View) -> None:
        self._view, self._waits, own = view, view.graph().waits, view.graph().own
        self._tasks = {task.id: task for task in _seen(view) if task.id in own}
        self._found: dict[TaskId, Held | None] = {}
        self._known: Questions = {}

    def hold_of(self, task_id: TaskId) -> Held | None:
        """What keeps it from being started, whoever has room. None: nothing, or nobody can say."""
        try:
            return self._found[task_id]
        except KeyError:
            return self._found.setdefault(task_id, self._hold(task_id))

    def _hold(self, task_id: TaskId) -> Held | None:
        task, view = self._tasks.get(task_id), self._view
        if task is None or task_id in view.leases or task_id in view.snapshot.refused:
            return None
        if task.status != "idle" and task_id not in view.open_parents:
            return None
        for reason, find in worth_asking(task, view, self._known):
            if reason in _NOT_ASKED:
                if reason == "blocked" and task_id in self._waits:
                    # Whoever waits is asked first whether somebody lets it wait.
                    return None
                continue
            finding = find(task, view)
            if finding is not None:
                return held_of(task, reason, finding, view)
        return None


def _seen(view: View) -> Iterable[Task]:
    asked = (found.task for found in view.snapshot.prerequisites.values() if found.task is not None)
    backlog = view.snapshot.backlog
    return chain(asked, backlog.value.working, backlog.value.tasks) if isinstance(backlog, Known) else asked
