"""Names given as arguments, checked before anything is asked or sent (features I2, law 11)."""

from __future__ import annotations

import re

from tinyscheduler.errors import Refused, UsageError
from tinyscheduler.model.ids import TaskId, as_task_id

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_WANTED = "1 to 64 letters, digits, '_' or '-'"


def task_id_of(text: str, *, what: str = "") -> TaskId:
    """Raises Refused: no task can have such an id, so nobody is asked. ``what``: the option it is of."""
    if not _NAME.fullmatch(text):
        place = f"{what}: " if what else ""
        raise Refused(f"{place}there is no task {text[:80]!r}", hint=f"an id is {_WANTED}")
    return as_task_id(text)


def name_of(text: str, *, what: str) -> str:
    """A queue or an agent. Raises UsageError."""
    if text == "null":
        # The manual of the public server says null, and its server keeps the word as a name.
        raise UsageError(f"{what} cannot be 'null'", hint="write '' for nobody or nothing")
    if not _NAME.fullmatch(text):
        raise UsageError(f"{what} {text[:80]!r} is not a name", hint=f"a name is {_WANTED}")
    return text


def name_or_empty(text: str, *, what: str) -> str:
    """As ``name_of``; empty takes away what is there. Raises UsageError."""
    return name_of(text, what=what) if text else text
