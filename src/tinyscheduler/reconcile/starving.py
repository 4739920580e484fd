"""Tell people of tasks that starve: an event, and later one comment on the task (features D15).

Once in the life of a wait; a comment bears a mark with the number of runs the task has had, so that it is
not said again when what was remembered is lost. Apart from ``waits`` because nearly no pass has to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tinyscheduler.errors import ServerUnavailable, TaskNotFound, TaskServerError
from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.event import Event
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.waiting import ATTENTION_ASKED, STARVED_SAID, Waiting, starved_s
from tinyscheduler.planner.starvation import ASKED, SAID, steps
from tinyscheduler.reconcile.context import Context

EVENTS_MAX: Final = 100
"""In one pass; of a queue of thousands that nobody serves the rest is told by the next ones."""
COMMENTS_MAX: Final = 20
"""In one pass: each is two calls to the task server, with the lock held."""
AUTHOR: Final = "tinyscheduler"


def tell_starving(
    context: Context, snapshot: StartSnapshot, plan: StartPlan, waiting: Mapping[TaskId, Waiting]
) -> dict[TaskId, Waiting]:
    """``waiting`` with what people have been told by now."""
    after, held = dict(waiting), {each.task_id: each for each in plan.held}
    to_note = _due(snapshot, waiting, at=SAID, said=STARVED_SAID)
    _limit(context, to_note, EVENTS_MAX, "events of tasks that starve")
    for task_id in to_note[:EVENTS_MAX]:
        _note(context, snapshot, task_id, found=after[task_id], held=held.get(task_id))
        after[task_id] = after[task_id]._replace(said=STARVED_SAID)
    to_ask = _due(snapshot, after, at=ASKED, said=ATTENTION_ASKED)
    _limit(context, to_ask, COMMENTS_MAX, "comments on tasks that starve")
    for task_id in to_ask[:COMMENTS_MAX]:
        if context.server.trouble is not None:
            break
        if _ask(context, snapshot, task_id, found=after[task_id], held=held.get(task_id)):
            after[task_id] = after[task_id]._replace(said=ATTENTION_ASKED)
    return after


def _due(snapshot: StartSnapshot, waiting: Mapping[TaskId, Waiting], *, at: int, said: int) -> list[TaskId]:
    """Who is at this step, or beyond it, and nobody has been told."""
    now, policy = snapshot.now, snapshot.policy
    return [
        task_id
        for task_id, found in waiting.items()
        if found.starving_since is not None and found.said < said and steps(found, now, policy) >= at
    ]


def _limit(context: Context, due: list[TaskId], most: int, what: str) -> None:
    if len(due) > most:
        context.report.limit(f"{most} {what} in one pass; the next ones go on")


def _note(
    context: Context, snapshot: StartSnapshot, task_id: TaskId, *, found: Waiting, held: Held | None
) -> None:
    seconds = int(starved_s(found, snapshot.now))
    reason, lever = _why(held)
    detail = (("starved_sec", seconds), ("held", found.reason), ("lever", lever))
    context.world.journal.append(Event("task_starved", task_id, reason=reason, detail=detail))
    context.report.starved.append(task_id)


def _ask(
    context: Context, snapshot: StartSnapshot, task_id: TaskId, *, found: Waiting, held: Held | None
) -> bool:
    """It is said, or there is nobody to say it to."""
    server, ledger = context.server, snapshot.ledgers.get(task_id)
    mark = f"[waits after run {ledger.runs if isinstance(ledger, Ledger) else 0}]"
    reason, lever = _why(held)
    minutes, seconds = divmod(int(starved_s(found, snapshot.now)), 60)
    span = f"{minutes} min" if minutes else f"{seconds} s"
    text = f"Nobody has served this task for {span}: {reason}."
    try:
        detail = server.get(task_id)
        if detail.task.created_at == found.created_at and all(mark not in c.text for c in detail.comments):
            server.comment(task_id, f"{text} What would help: {lever}. {mark}", AUTHOR)
    except TaskNotFound:
        return True
    except ServerUnavailable:
        # Told where the server's trouble is told; the next pass looks whether it was said.
        return False
    except TaskServerError as error:
        context.report.fault(error, task_id=task_id)
    return True


def _why(held: Held | None) -> tuple[str, str]:
    if held is None:
        return "its start comes to nothing again and again", "look at the faults of the last passes"
    return held.value, held.lever or "-"
