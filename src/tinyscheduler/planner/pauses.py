"""What a pause keeps from starting (features E1). Runs that are under way are never touched by one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.reason import Held
from tinyscheduler.model.task import Task


def in_force(pauses: Iterable[Pause], now: datetime) -> tuple[Pause, ...]:
    """Those whose end has not come; the order of the answer is that of their scopes and names."""
    found = [pause for pause in pauses if pause.until is None or now < pause.until]
    return tuple(sorted(found, key=lambda pause: (_WIDEST_FIRST.index(pause.scope), pause.name)))


def pause_of_task(task: Task, pauses: Iterable[Pause]) -> Pause | None:
    """The widest pause that holds the task whoever would run it."""
    return next((pause for pause in pauses if _is_about(pause, task)), None)


def pause_of_start(task: Task, agent: Agent, pauses: Iterable[Pause]) -> Pause | None:
    """What keeps this one start back; asked again right before it is made."""
    pauses = tuple(pauses)
    return pause_of_task(task, pauses) or next(
        (pause for pause in pauses if (pause.scope, pause.name) == ("agent", agent.name)), None
    )


def held_by_pause(task_id: TaskId, pause: Pause) -> Held:
    """Everything a person needs to know of it."""
    return Held(
        task_id,
        "paused",
        words(pause),
        limit=end_text(pause),
        since=pause.at,
        next_look_at=pause.until,
        lever=lever(pause),
    )


def end_text(pause: Pause) -> str:
    """Empty: it has none."""
    return "" if pause.until is None else f"{pause.until:%Y-%m-%dT%H:%M:%SZ}"


def words(pause: Pause) -> str:
    """``queue dev is paused by ann: the branch is broken``."""
    who = f" by {pause.by}" if pause.by else ""
    why = pause.trouble or pause.reason
    return f"{subject(pause)} paused{who}" + (f": {why}" if why else "")


def subject(pause: Pause) -> str:
    """With its verb, for sentences."""
    return "everything is" if pause.scope == "all" else f"{pause.scope} {pause.name} is"


def lever(pause: Pause) -> str:
    """The command that ends it."""
    return "tinyscheduler resume" + ("" if pause.scope == "all" else f" --{pause.scope} {pause.name}")


_WIDEST_FIRST = ("all", "queue", "task", "agent")


def _is_about(pause: Pause, task: Task) -> bool:
    match pause.scope:
        case "all":
            return True
        case "queue":
            return task.queue == pause.name
        case "task":
            return task.id == pause.name
        case "agent":
            return task.assigned_to == pause.name
