"""Make what is missing, one task after the other, so that it can be broken off anywhere and done again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tinyscheduler.cli.importing.steps import (
    Step,
    Wish,
    assignee_of,
    draft_of,
    is_held,
    item_tag,
    known_tasks,
)
from tinyscheduler.cli.task_unclear import changed
from tinyscheduler.errors import ServerUnavailable, TaskServerError
from tinyscheduler.model.desk import TaskDraft, TaskEdit, TaskList, TaskQuery
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import BEING_IMPORTED, Task
from tinyscheduler.ports.reading import TaskDesk
from tinyscheduler.views.wording import count_text, line_text

TASKS_MAX = 100_000
"""Of one source: ten times what one import may have."""


class Made(NamedTuple):
    """How far it has come; grows while it goes on, and tells the rest when it was broken off."""

    ids: dict[int, TaskId]
    """By index of the item."""
    new: dict[int, Task]
    """Those that were not there, in the order of making."""


def tasks_there(desk: TaskDesk, source: str) -> TaskList:
    """Every task of the source, and what nobody could read. Raises ServerUnavailable where they are too many
    to be seen."""
    query = TaskQuery(tags=(source,), includes_archived=True, limit=TASKS_MAX)
    found = desk.find(query)
    if found.is_cut:
        raise ServerUnavailable(f"there are more than {TASKS_MAX} tasks with the tag {source}")
    return found


def refuse_unknown(steps: Sequence[Step], there: TaskList) -> None:
    """What nobody can read may be the very item that seems to be missing (law 4). Raises
    ServerUnavailable."""
    missing = sum(step.task is None for step in steps)
    if missing and there.gaps:
        more = f" and {len(there.gaps) - 1} more" if len(there.gaps) > 1 else ""
        items = f"{count_text(missing, 'item')} of the file may be there all the same"
        raise ServerUnavailable(
            f"{line_text(there.gaps[0], chars_max=300)}{more}: {items}, so nothing is made",
            hint="mend it, then the same command makes what is missing",
        )


def carry_out(
    desk: TaskDesk, steps: Sequence[Step], wish: Wish, *, made: Made, after_each: Callable[[], None]
) -> None:
    """What nobody may start is let go when all are there, children before parents: whoever waits for a
    parent would be free while those of its children that are done are all it has.

    Raises TaskServerError; ``made`` says how far it has come.
    """
    for step in steps:
        if step.task is None:
            task = _made(desk, draft_of(step, wish, made.ids), mark=item_tag(step.item))
            made.ids[step.at], made.new[step.at] = task.id, task
        else:
            made.ids[step.at] = step.task.id
        after_each()
    for step in sorted(steps, key=lambda step: step.has_children):
        _let_go(desk, step, wish, task_id=made.ids[step.at])


def _made(desk: TaskDesk, draft: TaskDraft, *, mark: str) -> Task:
    """An answer that is lost is looked for by the marks: only one task can have them."""
    try:
        return desk.add(draft)
    except ServerUnavailable as error:
        found = _found(desk, draft, mark) if error.maybe_applied else None
        if found is None:
            raise
        return found


def _found(desk: TaskDesk, draft: TaskDraft, mark: str) -> Task | None:
    """None: it is not there, or nobody can say; made again it may be two, so it is not."""
    source = next(tag for tag in reversed(draft.tags) if tag != mark)
    try:
        return known_tasks(tasks_there(desk, source).tasks).get(mark)
    except TaskServerError:
        return None


def _let_go(desk: TaskDesk, step: Step, wish: Wish, *, task_id: TaskId) -> None:
    """Of the name that has held it, if it is still the one; what people have done with it since stays."""
    if not is_held(step) or (step.task is not None and step.task.assigned_to != BEING_IMPORTED):
        return
    is_over = step.item.is_done and not step.has_children
    edit = TaskEdit(
        status="complete" if is_over else None, assigned_to=assignee_of(step, wish) or "", by=wish.author
    )
    changed(desk, task_id, edit)
