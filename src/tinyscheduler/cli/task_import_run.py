"""What ``task import`` does: read, look what is there, make the rest, tell."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

from tinyscheduler.cli import task_texts
from tinyscheduler.cli.importing.alone import alone
from tinyscheduler.cli.importing.carry_out import Made, carry_out, refuse_unknown, tasks_there
from tinyscheduler.cli.importing.outline import (
    ITEM_MARK,
    LEVELS_MAX,
    SOURCE_MARK,
    TAGS_MAX,
    Item,
    fault,
    levels_of,
)
from tinyscheduler.cli.importing.reading import STDIN, read_outline, read_text
from tinyscheduler.cli.importing.steps import (
    Step,
    Wish,
    doubles_of,
    in_order,
    others_of,
    placeless,
    source_tag,
    steps_of,
    without_done,
)
from tinyscheduler.cli.names import name_of, task_id_of
from tinyscheduler.cli.task_several import as_ours
from tinyscheduler.cli.task_side import Side
from tinyscheduler.cli.task_told import note, print_object, trouble_json
from tinyscheduler.cli.task_write import author_of
from tinyscheduler.errors import TinySchedulerError, UsageError
from tinyscheduler.model.desk import TaskList
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import BEING_IMPORTED, Task
from tinyscheduler.views.outline import ItemLine, import_json, import_lines
from tinyscheduler.views.wording import count_text

IDS_SHOWN_MAX = 50
"""A line that can still be copied."""
PLACES_SHOWN_MAX = 5
OTHERS_SHOWN_MAX = 10


def run_import(options: argparse.Namespace, side: Side) -> int:
    """The whole file is read and checked before anything is sent. Raises UsageError, TaskServerError."""
    wish = _wish(options, side)
    outline = read_outline(read_text(options.file, side.context.stdin), options.file, options.format)
    items = without_done(outline.items) if options.open_only else outline.items
    if options.in_order:
        items = in_order(items)
    _check_tags(items, wish)
    if wish.parent is not None:
        _check_depth(side, wish.parent, items)
    with nullcontext() if options.is_preview else alone(str(side.configuration.places.state)):
        there = tasks_there(side.desk, wish.source)
        steps, made, error = _done(side, items, wish, there=there, is_preview=options.is_preview)
    _tell(options, side, steps, made=made, error=error)
    if error is not None:
        if options.json:
            return error.exit_code
        raise error
    slips = _foreseen_notes(steps, wish) if options.is_preview else _notes(side, made=made, wish=wish)
    hints = (*_placeless_notes(steps, wish, made=made), *_unseen_notes(steps), *_ticked_notes(steps), *slips)
    for text in (*outline.notes, *_other_notes(others_of(outline.items, there.tasks), wish), *hints):
        note(side, text)
    return 0


def _done(
    side: Side, items: Sequence[Item], wish: Wish, *, there: TaskList, is_preview: bool
) -> tuple[Sequence[Step], Made, TinySchedulerError | None]:
    """What is there, what was made, and what has kept the rest from it. Raises TaskServerError."""
    steps = steps_of(items, there.tasks)
    refuse_unknown(steps, there)
    made = Made({step.at: step.task.id for step in steps if step.task is not None}, {})
    return steps, made, None if is_preview else _trouble(side, steps, wish, made=made)


def _wish(options: argparse.Namespace, side: Side) -> Wish:
    parent = None if options.parent is None else task_id_of(options.parent, what="--parent")
    # What a shell makes of <(...) has a name of its own each time.
    is_stream = options.file == STDIN or options.file.startswith(("/dev/", "/proc/"))
    name = "stdin" if is_stream else os.path.basename(options.file)
    # The same list below two tasks is two lists.
    source = options.source or (name if parent is None else f"{name}@{parent}")
    return Wish(
        source=source_tag(source),
        author=author_of(side.context),
        queue=None if not options.queue else name_of(options.queue, what="the queue"),
        assigned_to=None if not options.assign else name_of(options.assign, what="the agent"),
        priority=task_texts.priority_of(options.priority),
        tags=task_texts.tags_of(options.tags) or (),
        parent=parent,
    )


def _check_tags(items: Sequence[Item], wish: Wish) -> None:
    """Nobody else gives the marks; of too many the server would say no in the middle. Raises UsageError."""
    own = next((tag for tag in wish.tags if tag.startswith((SOURCE_MARK, ITEM_MARK))), None)
    if own is not None:
        raise UsageError(f"--tag {own[:40]!r} is what an import gives itself", hint="--source NAME names it")
    for item in items:
        if len(item.tags) + len(wish.tags) > TAGS_MAX:
            text = f"with {len(wish.tags)} by --tag it has more than {TAGS_MAX} tags"
            raise fault(item.place, text, hint="leave some of them out")


def _check_depth(side: Side, parent: TaskId, items: Sequence[Item]) -> None:
    """Else the server would say no in the middle. Raises TaskNotFound, UsageError."""
    above: TaskId | None = parent
    level = 0
    while above is not None and level < LEVELS_MAX:
        above, level = side.desk.get(above).task.parent_id, level + 1
    deepest = level + max(levels_of(items), default=0)
    if deepest > LEVELS_MAX:
        text = f"its items would stand {deepest} levels deep below task {parent}, {LEVELS_MAX} at most"
        raise UsageError(text, hint="leave --parent out, or name a task that is higher up")


def _trouble(side: Side, steps: Sequence[Step], wish: Wish, *, made: Made) -> TinySchedulerError | None:
    """Make them; what has kept some from being made. What was made is told also when the rest was not."""
    from tinyscheduler.cli.console import progress

    try:
        with progress(side.context, "tasks", len(steps)) as step:
            carry_out(side.desk, steps, wish, made=made, after_each=step)
    except TinySchedulerError as error:
        ours = as_ours(error)
        place = next((f"{step.item.place}: " for step in steps if step.at not in made.ids), "")
        ours.message = f"{place}{ours.message}; {_so_far(steps, made)}"
        ours.hint = "; ".join(filter(None, (ours.hint, "then the same command makes the rest")))
        return ours
    except KeyboardInterrupt:
        note(side, f"interrupted: {_so_far(steps, made)}; the same command makes the rest")
        raise
    return None


def _so_far(steps: Sequence[Step], made: Made) -> str:
    return f"{len(made.ids)} of {len(steps)} items are tasks now"


def _tell(
    options: argparse.Namespace,
    side: Side,
    steps: Sequence[Step],
    *,
    made: Made,
    error: TinySchedulerError | None,
) -> None:
    lines = _lines(steps, made)
    source = _wish(options, side).source
    if options.json:
        body = import_json(lines, source, is_preview=options.is_preview)
        trouble, code = (None, 0) if error is None else (trouble_json(error), error.exit_code)
        print_object(side, "task_import", {**body, "error": trouble}, code=code)
    elif options.ids_only:
        for task in made.new.values():
            print(task.id, file=side.context.stdout)
    else:
        side.context.stdout.write(import_lines(lines, source, is_preview=options.is_preview))


def _lines(steps: Sequence[Step], made: Made) -> list[ItemLine]:
    """In the order of the file."""
    steps = sorted(steps, key=lambda step: step.at)
    levels = levels_of([step.item for step in steps])
    return [
        ItemLine(
            place=step.item.place,
            title=step.item.title,
            depth=level - 1,
            is_done=step.item.is_done,
            task_id=made.ids.get(step.at),
            is_there=step.task is not None,
        )
        for step, level in zip(steps, levels, strict=True)
    ]


def _other_notes(others: Sequence[TaskId], wish: Wish) -> Iterator[str]:
    if others:
        ids = f"{', '.join(others[:OTHERS_SHOWN_MAX])}{' and more' if len(others) > OTHERS_SHOWN_MAX else ''}"
        yield (
            f"{count_text(len(others), 'open task')} with the tag {wish.source} not in this file: {ids};"
            " where that is another plan of the same name, --source NAME tells the two apart"
        )


def _placeless_notes(steps: Sequence[Step], wish: Wish, *, made: Made) -> Iterator[str]:
    """Said of a preview as well: that is what it is for."""
    found = placeless(steps, wish)
    if not found:
        return
    what = f"{count_text(len(found), 'item')} without queue and agent"
    ids = [made.ids[at] for at in found if at in made.ids]
    if ids:
        more = f" (and {len(ids) - IDS_SHOWN_MAX} more)" if len(ids) > IDS_SHOWN_MAX else ""
        yield f"{what} never start: task update {' '.join(ids[:IDS_SHOWN_MAX])} --queue NAME{more}"
    else:
        yield f"{what} would never start: give --queue NAME"


def _unseen_notes(steps: Sequence[Step]) -> Iterator[str]:
    """What stands below a parent is often meant for all that follows; parents never run."""
    found = [
        step.item.place
        for step in steps
        if step.task is None and step.has_children and step.item.description and not step.item.is_done
    ]
    if found:
        shown = ", ".join(found[:PLACES_SHOWN_MAX]) + (", ..." if len(found) > PLACES_SHOWN_MAX else "")
        some = f"{count_text(len(found), 'item')} with subtasks and text of their own ({shown})"
        yield (
            f"{some}: agents are given the number of that task and not the text;"
            " what they have to know belongs into the subtasks"
        )


def _ticked_notes(steps: Sequence[Step]) -> Iterator[str]:
    """What is there is left as it is, and an agent would do what the file calls done. Not the other way
    round: agents complete tasks, and tick no boxes."""
    open_ids = [
        step.task.id
        for step in steps
        if step.task is not None
        and step.item.is_done
        and not step.has_children
        and step.task.status != "complete"
        and step.task.archived_at is None
    ]
    if open_ids:
        yield (
            f"{count_text(len(open_ids), 'item')} done in the file and open here:"
            f" tinyscheduler task done {' '.join(open_ids[:IDS_SHOWN_MAX])}"
        )


def _foreseen_notes(steps: Sequence[Step], wish: Wish) -> Iterator[str]:
    """The first of them, as for tasks that were made."""
    from datetime import UTC, datetime

    from tinyscheduler.cli.task_place import meaning_note

    now = datetime.now(UTC)
    for step in steps:
        if step.task is None and not step.item.is_done:
            item, tags = step.item, (*wish.tags, *step.item.tags)
            task = Task(
                TaskId(""),
                item.title,
                "idle",
                None,
                None,
                0,
                now,
                now,
                description=item.description,
                tags=tags,
            )
            found = meaning_note(f"item {item.place}", task)
            if found is not None:
                yield found
                return


def _notes(side: Side, *, made: Made, wish: Wish) -> Iterator[str]:
    from tinyscheduler.cli.task_place import place_note

    if not made.new:
        return
    work = (task for task in made.new.values() if task.assigned_to != BEING_IMPORTED)
    slips = (place_note(task, side.configuration) for task in work if task.queue or task.assigned_to)
    slip = next(filter(None, slips), None)
    if slip is not None:
        yield slip
    for ids in doubles_of(tasks_there(side.desk, wish.source).tasks):
        yield f"tasks {' and '.join(ids)} are the same item: somebody imported it meanwhile; archive one"
