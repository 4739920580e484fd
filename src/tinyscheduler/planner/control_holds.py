"""Why a task is held by what a person has said about time and place: the rows of ``rules`` about control.

Some are about a task and some about those who could run it; to whoever asks why nothing starts that is
one question.
"""

from __future__ import annotations

from tinyscheduler.model.task import Task
from tinyscheduler.planner.agent_holds import behind_gates
from tinyscheduler.planner.pauses import end_text, lever, pause_of_task, words
from tinyscheduler.planner.view import Finding, View


def paused(task: Task, view: View) -> Finding | None:
    """Everything, its queue, the task itself, or everybody who could run it (features E1)."""
    if not view.pauses:
        return None
    pause = pause_of_task(task, view.pauses)
    if pause is None:
        return behind_gates(task, view, "paused")
    return Finding(
        words(pause), lever(pause), limit=end_text(pause), since=pause.at, next_look_at=pause.until
    )
