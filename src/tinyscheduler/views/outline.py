"""What an import has made, or would make, as the file has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tinyscheduler.model.ids import TaskId
from tinyscheduler.views.held import id_json
from tinyscheduler.views.wording import count_text, line_text


class ItemLine(NamedTuple):
    """One item of the file."""

    place: str
    title: str
    depth: int
    is_done: bool
    task_id: TaskId | None
    """None: it is no task yet."""
    is_there: bool
    """It was one before."""


def import_lines(lines: Sequence[ItemLine], source: str, *, is_preview: bool) -> str:
    """One line an item, and the sum."""
    width = max((len(line.task_id or "") for line in lines), default=0)
    shown = [
        f"{line.task_id or '':>{width}}  {_state(line, is_preview=is_preview):<5}  "
        f"{'  ' * line.depth}{line_text(line.title, chars_max=120)}"
        for line in lines
    ]
    return "\n".join(
        [
            *(text.strip() if not width else text for text in shown),
            _sum(lines, source, is_preview=is_preview),
            "",
        ]
    )


def import_json(lines: Sequence[ItemLine], source: str, *, is_preview: bool) -> dict[str, object]:
    """The body of ``task import --json``."""
    return {
        "source": source,
        "is_preview": is_preview,
        "new": _new(lines, is_preview=is_preview),
        "there": sum(line.is_there for line in lines),
        "items": [
            {
                "place": line.place,
                "title": line.title,
                "depth": line.depth,
                "is_done": line.is_done,
                "task_id": None if line.task_id is None else id_json(line.task_id),
                "is_there": line.is_there,
            }
            for line in lines
        ],
    }


def _state(line: ItemLine, *, is_preview: bool) -> str:
    if line.is_there:
        return "there"
    if line.task_id is None and not is_preview:
        return "-"
    return "done" if line.is_done else "new"


def _sum(lines: Sequence[ItemLine], source: str, *, is_preview: bool) -> str:
    new, there = _new(lines, is_preview=is_preview), sum(line.is_there for line in lines)
    words = f"{count_text(new, 'task')} {'would be made' if is_preview else 'made'}"
    return f"{words}, {there} there already; all have the tag {source}"


def _new(lines: Sequence[ItemLine], *, is_preview: bool) -> int:
    return sum(not line.is_there and (is_preview or line.task_id is not None) for line in lines)
