"""From a file, or standard input, to an outline: bounded, and in whichever format it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO, Final, Literal, TextIO

from tinyscheduler.errors import UsageError

if TYPE_CHECKING:
    from tinyscheduler.cli.importing.outline import Outline

Format = Literal["markdown", "json", "github"]
FORMATS: Final[tuple[Format, ...]] = ("markdown", "json", "github")
FILE_BYTES_MAX: Final = 16 * 1024 * 1024
"""Ten thousand items of a page each; the pass caps answers at the same size."""
STDIN: Final = "-"


def read_text(path: str, stdin: TextIO) -> str:
    """Raises UsageError: it cannot be read, is too long, or is no text."""
    try:
        if path == STDIN:
            data = _read(stdin.buffer) if hasattr(stdin, "buffer") else stdin.read().encode()
        else:
            with open(path, "rb") as file:
                data = _read(file)
    except OSError as error:
        raise UsageError(f"cannot read {_shown(path)}: {error.strerror}") from error
    if len(data) > FILE_BYTES_MAX:
        hint = "split it"
        raise UsageError(f"{_shown(path)}: it is longer than {FILE_BYTES_MAX // 1024 // 1024} MB", hint=hint)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "convert it, with iconv for example"
        raise UsageError(f"{_shown(path)}: line {line} is not UTF-8 text", hint=hint) from error


def read_outline(text: str, path: str, chosen: Format | None) -> Outline:
    """Raises UsageError: where, what, how to mend."""
    try:
        if chosen == "markdown" or (chosen is None and not _looks_like_json(text, path)):
            from tinyscheduler.cli.importing.checklist import read_checklist

            return read_checklist(text)
        return _read_json(_parsed(text), chosen)
    except UsageError as error:
        raise UsageError(f"{_shown(path)}: {error.message}", hint=error.hint) from error


def _read(file: BinaryIO) -> bytes:
    return file.read(FILE_BYTES_MAX + 1)


def _shown(path: str) -> str:
    return "standard input" if path == STDIN else path


def _looks_like_json(text: str, path: str) -> bool:
    """By its name, else by its beginning: a list of Markdown may begin with a bracket too."""
    ending = os.path.splitext(path)[1].lower()
    if ending in (".json", ".md", ".markdown"):
        return ending == ".json"
    begin = text.lstrip()[:200]
    return begin.startswith("{") or (begin.startswith("[") and begin[1:].lstrip()[:1] in ("{", "]"))


def _parsed(text: str) -> object:
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}"
        raise UsageError(f"{where}: it is not JSON: {error.msg}", hint=f"column {error.colno}") from error
    except (RecursionError, ValueError) as error:
        raise UsageError(f"it is not JSON that can be read: {str(error)[:80]}") from error


def _read_json(found: object, chosen: Format | None) -> Outline:
    from tinyscheduler.cli.importing.issues import is_issue, read_issues
    from tinyscheduler.cli.importing.task_objects import read_tasks

    rows, where = _rows(found)
    if chosen == "github" or (chosen is None and rows and all(is_issue(row) for row in rows)):
        return read_issues(rows)
    return read_tasks(rows, where)


def _rows(found: object) -> tuple[list[object], str]:
    """The list, and how it is called."""
    if isinstance(found, list):
        return found, ""
    rows = found.get("tasks") if isinstance(found, Mapping) else None
    if not isinstance(rows, list):
        hint = "what 'task list --json' or 'gh issue list --json number,title,body,labels,state,url' prints"
        raise UsageError("it is neither a list of tasks nor an object with one", hint=hint)
    if isinstance(found, Mapping) and found.get("is_cut") is True:
        raise UsageError("it is a list that was cut", hint="print it with a larger --limit")
    if isinstance(found, Mapping) and found.get("gaps"):
        raise UsageError(
            "it is a list from which tasks were left out", hint="mend what its gaps name, print it anew"
        )
    return rows, "tasks"
