"""Pause <-> JSON and file name. Apart from the folder, because most passes find it empty."""

from __future__ import annotations

import re
from typing import get_args

from tinyscheduler.kit.fields import Fields, instant_text
from tinyscheduler.model.pause import BY_CHARS_MAX, REASON_CHARS_MAX, Pause, PauseScope

SCHEMA = 1

_SCOPES: tuple[PauseScope, ...] = get_args(PauseScope)
_FILE = re.compile(r"(queue|agent|task)_([A-Za-z0-9_-]{1,64})")


def file_name(scope: PauseScope, name: str) -> str:
    """Without its ending."""
    return "all" if scope == "all" else f"{scope}_{name}"


def pause_to_json(pause: Pause) -> dict[str, object]:
    """What a person looks for comes first."""
    return {
        "schema": SCHEMA,
        "scope": pause.scope,
        "name": pause.name,
        "by": pause.by,
        "reason": pause.reason,
        "at": None if pause.at is None else instant_text(pause.at),
        "until": None if pause.until is None else instant_text(pause.until),
    }


def pause_from_json(found: object, *, name: str) -> Pause:
    """``name``: of its file, without the ending. Raises ValueError: what is wrong."""
    fields = Fields(found)
    fields.choice("schema", (SCHEMA,))
    pause = Pause(
        scope=fields.choice("scope", _SCOPES),
        name=fields.text("name"),
        by=fields.line("by", BY_CHARS_MAX),
        at=fields.instant("at"),
        reason=fields.line("reason", REASON_CHARS_MAX),
        until=fields.instant_or_none("until"),
    )
    if file_name(pause.scope, pause.name) != name:
        raise ValueError(f"it says {pause.scope} {pause.name} and is called {name}")
    return pause


def unreadable(name: str, *, path: str, why: str) -> Pause:
    """What a file of this name holds: what it is called after, or everything."""
    found = _FILE.fullmatch(name)
    if found is None:
        return Pause("all", "", trouble=f"{path}: {why}", path=path)
    scope = next(scope for scope in _SCOPES if scope == found[1])
    return Pause(scope, found[2], trouble=f"{path}: {why}", path=path)
