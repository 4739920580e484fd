"""Markdown checklists: ``- [ ] open``, ``- [x] done``, items below items, text below an item.

More lenient than CommonMark where people are: any deeper indentation is a level, of blanks or tabs. Stricter
where something would be lost without a word: an item that is nearly one is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from tinyscheduler.cli.importing.outline import (
    Item,
    Outline,
    checked,
    description_at,
    fault,
    identities,
    title_at,
)
from tinyscheduler.errors import UsageError

_BULLET = r"(?:[-*+]|\d{1,9}[.)])"
_ITEM = re.compile(rf"{_BULLET} +\[(?P<mark>[ xX])\](?: +(?P<title>.*))?$")
_NEARLY = re.compile(rf"{_BULLET} *\[(?: *(?:[xX] *)?|[^\w\s\[\]])\](?![(\[])")
_PLAIN_BULLET = re.compile(rf"{_BULLET}(?: |$)")
_HEADING = re.compile(r"#{1,6}(?: |$)")
_FENCE = re.compile(r"(`{3,}|~{3,})")

Kind = Literal["item", "bullet", "heading", "blank", "text", "quoted"]


class _Line(NamedTuple):
    number: int
    indent: int
    """In blanks; a tab counts up to the next multiple of four."""
    text: str
    """Without its indentation."""
    kind: Kind
    """``quoted``: inside a code block or a comment, where nothing is an item."""


class _Found(NamedTuple):
    line: _Line
    parent: int | None
    body: list[_Line]


def read_checklist(text: str) -> Outline:
    """Raises UsageError naming the line."""
    found = _folded(list(_lines(text)))
    if not found:
        raise UsageError("there is no item of a checklist in it", hint="an item is a line like '- [ ] title'")
    return Outline(checked(_items(found)))


def _items(found: Sequence[_Found]) -> list[Item]:
    titles: list[str] = []
    paths: list[tuple[str, ...]] = []
    for entry in found:
        match = _ITEM.match(entry.line.text)
        assert match is not None, "what is folded is an item"
        titles.append(title_at(_place(entry.line), match["title"] or ""))
        above = () if entry.parent is None else paths[entry.parent]
        paths.append((*above, titles[-1]))
    return [
        Item(
            title=title,
            place=_place(entry.line),
            identity=identity,
            description=description_at(_place(entry.line), _body_text(entry)),
            is_done=not entry.line.text.partition("[")[2].startswith(" "),
            parent=entry.parent,
        )
        for entry, title, identity in zip(found, titles, identities(paths), strict=True)
    ]


def _place(line: _Line) -> str:
    return f"line {line.number}"


def _lines(text: str) -> Iterator[_Line]:
    """Each with what it is. Raises UsageError."""
    block: tuple[_Line, str] | None = None
    """The code block or comment that is open, and what closes it."""
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        line = _line(number, raw)
        if block is not None and _leaves(line, block[0]):
            block = None
        if block is None:
            closing = _opening(line.text)
            block = None if closing is None else (line, closing)
            yield _judged(line) if block is None else _quoted(line)
        else:
            yield _quoted(line)
            block = None if _closes(line.text, block[1]) else block
    if block is not None and block[0].indent == 0:
        # What follows would be lost without a word.
        hint = f"close it with {block[1]}"
        raise fault(_place(block[0]), "the code block or comment that begins here has no end", hint=hint)


def _line(number: int, raw: str) -> _Line:
    text = raw.lstrip(" \t")
    indent = len(raw[: len(raw) - len(text)].expandtabs(4))
    return _Line(number, indent, text.rstrip(), "text")


def _quoted(line: _Line) -> _Line:
    return line._replace(kind="quoted" if line.text else "blank")


def _judged(line: _Line) -> _Line:
    if _NEARLY.match(line.text) and not _ITEM.match(line.text):
        hint = "an item is '- [ ] title', or '- [x] title' for what is done"
        raise fault(_place(line), f"{line.text[:40]!r} is nearly an item of a checklist", hint=hint)
    return line._replace(kind=_kind(line.text))


def _kind(text: str) -> Kind:
    if not text:
        return "blank"
    if _ITEM.match(text):
        return "item"
    if _PLAIN_BULLET.match(text):
        return "bullet"
    return "heading" if _HEADING.match(text) else "text"


def _opening(text: str) -> str | None:
    """What closes the code block or comment that begins in this line; None: none does."""
    fence = _FENCE.match(text)
    if fence is not None:
        return fence[1]
    return "-->" if text.startswith("<!--") and "-->" not in text else None


def _closes(text: str, closing: str) -> bool:
    if closing == "-->":
        return "-->" in text
    return len(text) >= len(closing) and not text.strip(closing[0])


def _leaves(line: _Line, opened: _Line) -> bool:
    """A code block inside an item ends with the item."""
    return bool(line.text) and line.indent < opened.indent


def _folded(lines: Iterable[_Line]) -> list[_Found]:
    """Items with what stands below each."""
    found: list[_Found] = []
    open_items: list[int] = []
    """From the outermost to the one that text goes to."""
    is_after_blank = False
    for line in lines:
        if line.kind == "item":
            _close_down_to(open_items, found, line.indent)
            found.append(_Found(line, open_items[-1] if open_items else None, []))
            open_items.append(len(found) - 1)
        elif open_items:
            # The next line of a paragraph belongs to it however it is indented.
            is_lazy = line.kind == "text" and not is_after_blank
            if line.kind != "blank" and not is_lazy:
                _close_down_to(open_items, found, line.indent)
            if open_items:
                found[open_items[-1]].body.append(line)
        is_after_blank = line.kind == "blank"
    return found


def _close_down_to(open_items: list[int], found: Sequence[_Found], indent: int) -> None:
    while open_items and found[open_items[-1]].line.indent >= indent:
        open_items.pop()


def _body_text(found: _Found) -> str:
    """What stands before its subtasks, and after each; without the indentation that all lines of a part
    share, and without blank lines around it."""
    parts: list[list[_Line]] = []
    for line in found.body:
        if not parts or line.number != parts[-1][-1].number + 1:
            parts.append([])
        parts[-1].append(line)
    return "\n\n".join(filter(None, (_part_text(part, found.line.indent) for part in parts)))


def _part_text(part: Sequence[_Line], item_indent: int) -> str:
    # Lines of a paragraph that are not indented have no say in it.
    margin = min((line.indent for line in part if line.text and line.indent > item_indent), default=0)
    lines = [" " * max(0, line.indent - margin) + line.text for line in part]
    return "\n".join(lines).strip("\n")
