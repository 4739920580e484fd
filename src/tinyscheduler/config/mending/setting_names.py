"""Names of settings with slips, in ``.env`` and ``tinyscheduler.toml``: one rule for both files."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.config import dotenv
from tinyscheduler.config.checking import NOT_IN_TOML
from tinyscheduler.config.mending import dotenv_text, toml_text
from tinyscheduler.config.mending.changes import Change, Draft, Left
from tinyscheduler.config.mending.outlook import outlook
from tinyscheduler.config.mending.spelling import meant
from tinyscheduler.config.sources import NAMES, PREFIX, Inputs, settings_in
from tinyscheduler.config.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tinyscheduler.config.mending.changes import Renaming

PLACES_OF_STATE = frozenset({"BASE_PATH", "STATE_DIR", "RUNNING_DIR", "LOCK_FILE"})
"""When one of these begins to count, the state moves away from what runs, and every task in flight is
started a second time. That is for a person to do, while nothing runs."""


class Sheet(NamedTuple):
    """One of the two files."""

    path: str
    prefix: str
    """What every name begins with here."""
    known: frozenset[str]
    """Names of settings as they are written here, without the prefix."""
    names: Callable[[str], tuple[str, ...]]
    """All names of a text that are, or look like, settings."""
    rename: Callable[[str, str, str], Renaming | None]
    into: Callable[[Inputs, str], Inputs]
    """The inputs as they are with another text in the file."""


def dotenv_sheet(inputs: Inputs) -> Sheet:
    """Of ``.env``."""
    return Sheet(inputs.dotenv_path, PREFIX, NAMES, _dotenv_names, dotenv_text.renamed, _with_dotenv)


def toml_sheet(inputs: Inputs) -> Sheet:
    """Of ``tinyscheduler.toml``."""
    known = frozenset(name.lower() for name in NAMES) | TABLE_NAMES
    return Sheet(inputs.toml_path, "", known, _toml_names, toml_text.renamed, _with_toml)


def mended(sheet: Sheet, inputs: Inputs, text: str) -> tuple[Inputs, Draft]:
    """The text with all names right that can only mean one setting, and the inputs with that text."""
    changes: list[Change] = []
    left: list[Left] = []
    for name in sheet.names(text):
        right = _meant(sheet, name)
        if right is None:
            continue
        found = sheet.rename(text, name, right)
        line = "" if found is None else f":{found.line}"
        after = inputs if found is None else sheet.into(inputs, found.text)
        if found is None or (why := _objection(sheet, text, right) or _fault(inputs, after, right)):
            why = "where it stands cannot be told for certain" if found is None else why
            left.append(Left(f"{sheet.path}{line}", f"{name} may mean {right}, but {why}"))
            continue
        text, inputs = found.text, after
        changes.append(Change(f"{sheet.path}{line}", name, right))
    return inputs, Draft(text, tuple(changes), tuple(left))


def _meant(sheet: Sheet, name: str) -> str | None:
    """As it should be written; None: it is right, or nobody can tell."""
    short = name.removeprefix(sheet.prefix)
    right = None if short in sheet.known else meant(short, sheet.known)
    return None if right is None else sheet.prefix + right


def _objection(sheet: Sheet, text: str, right: str) -> str:
    """Why a person has to look at it; empty: nothing speaks against it."""
    names = sheet.names(text)
    setting = right.removeprefix(sheet.prefix)
    if right in names:
        return "that is there as well"
    if sum(_meant(sheet, name) == right for name in names) > 1:
        return "another name may mean it too"
    if setting.upper() in PLACES_OF_STATE:
        return "that moves the state: rename it by hand, while nothing runs"
    return "it cannot be set in this file" if setting in NOT_IN_TOML else ""


def _fault(before: Inputs, after: Inputs, right: str) -> str:
    """A configuration that works must work afterwards, and one that does not must not get worse."""
    old, now = outlook(before).judged.faults, outlook(after).judged.faults
    new = [fault for fault in now if fault not in old]
    has_mended = any(fault not in now for fault in old)
    setting = right.removeprefix(PREFIX).upper()
    is_worse = bool(new) and (not has_mended or any(fault.field == PREFIX + setting for fault in new))
    return "what it says is at fault then" if is_worse else ""


def _dotenv_names(text: str) -> tuple[str, ...]:
    _, strangers = settings_in({spot.name: "" for spot in dotenv_text.spots(text)}, ".env")
    known = [spot.name for spot in dotenv_text.spots(text) if spot.name.removeprefix(PREFIX) in NAMES]
    return (*known, *(name for _, name in strangers))


def _with_dotenv(inputs: Inputs, text: str) -> Inputs:
    settings, strangers = settings_in(dotenv.parse(text).values, ".env")
    others = [stranger for stranger in inputs.strangers if stranger[0] != ".env"]
    return inputs._replace(dotenv=settings, strangers=(*others, *strangers))


def _toml_names(text: str) -> tuple[str, ...]:
    try:
        return tuple(tomllib.loads(text))
    except (ValueError, RecursionError):
        # Told as a fault where the file is read; here nothing can be renamed in it.
        return ()


def _with_toml(inputs: Inputs, text: str) -> Inputs:
    return inputs._replace(toml=text.encode())
