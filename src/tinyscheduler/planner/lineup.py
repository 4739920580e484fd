"""The whole backlog in the order in which it would start, as far as anybody can say now.

Apart from ``line``, which a plan reads only as far as there are slots. Here each task of the line is taken
to start when its turn comes: nobody knows which run ends first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tinyscheduler.model.action import Start, StartPlan
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lineup import Waiter
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Waiting, waited_s
from tinyscheduler.planner.bands import aged, band_name, band_of
from tinyscheduler.planner.line import Line
from tinyscheduler.planner.ranking import Rank, rank
from tinyscheduler.planner.rules import RULES
from tinyscheduler.planner.view import view_of

FOR_ROOM = frozenset(rule.reason for rule in RULES if rule.asked in ("turn", "both", "starting"))
"""What holds a task whose turn has come: it is in the line."""


def lineup(snapshot: StartSnapshot, plan: StartPlan) -> tuple[Waiter, ...]:
    """Every task that the plan has an answer for, once: what it starts, then what waits for room in the
    order of its turns, then what something else holds, by rank. Empty where the server is unknown."""
    if not isinstance(snapshot.backlog, Known):
        return ()
    backlog = snapshot.backlog.value
    answers: dict[TaskId, Start | Held] = {start.task.id: start for start in plan.starts}
    answers.update((held.task_id, held) for held in plan.held)
    tasks = [task for task in (*backlog.tasks, *backlog.working) if task.id in answers]
    order = rank(view_of(snapshot))
    return tuple(
        _waiter(task, answers[task.id], snapshot) for task in _ordered(tasks, answers, order, snapshot)
    )


def _ordered(
    tasks: Sequence[Task], answers: Mapping[TaskId, Start | Held], order: Rank, snapshot: StartSnapshot
) -> Iterator[Task]:
    starting = [answer.task for answer in answers.values() if isinstance(answer, Start)]
    held = [task for task in tasks if isinstance(answers[task.id], Held)]
    in_line = [task for task in held if _is_in_line(answers[task.id])]
    line = Line((*starting, *in_line), order, snapshot)
    waiting = []
    for task in line:
        line.started()
        if isinstance(answers[task.id], Held):
            waiting.append(task)
    yield from starting
    yield from waiting
    yield from sorted((task for task in held if not _is_in_line(answers[task.id])), key=order)


def _is_in_line(answer: Start | Held) -> bool:
    return isinstance(answer, Held) and answer.reason in FOR_ROOM


def _waiter(task: Task, answer: Start | Held, snapshot: StartSnapshot) -> Waiter:
    seen, (band, wait_s) = _seen(task, snapshot), band_and_wait(task, snapshot)
    return Waiter(task, band, None if seen is None else seen.since, wait_s, answer)


def band_and_wait(task: Task, snapshot: StartSnapshot) -> tuple[str, float]:
    """As what the task counts now, and for how many seconds it has waited for room."""
    seen = _seen(task, snapshot)
    wait_s = 0.0 if seen is None else waited_s(seen, snapshot.now)
    return band_name(aged(band_of(task.priority, snapshot.policy), wait_s, snapshot.policy)), wait_s


def _seen(task: Task, snapshot: StartSnapshot) -> Waiting | None:
    """What earlier passes have seen of this very task."""
    found = snapshot.waiting.get(task.id)
    return found if found is not None and found.created_at == task.created_at else None
