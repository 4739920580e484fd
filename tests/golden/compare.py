"""Golden files: what a command prints, in a file that a person can read in a diff.

``GOLDEN_UPDATE=1 pytest ...`` writes them anew; look at the difference before committing it.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

FOLDER = Path(__file__).parent

_TEXT_RULES = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "<time>"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "<lease>"),
    (re.compile(r"\d+ MB free"), "<mb> MB free"),
)
_VOLATILE = re.compile(
    r"(?:age|left|duration)_sec|free_mb|pid|pass|progress_age_sec|runtime|port|created_by|boot_id|intent"
)
"""Names whose values differ from run to run. Null stays null: that something is missing is a fact."""


def assert_golden(name: str, found: str) -> None:
    """Compare with ``tests/golden/<name>``."""
    path = FOLDER / name
    if os.environ.get("GOLDEN_UPDATE"):
        path.write_text(found, encoding="utf-8")

    assert path.read_text(encoding="utf-8") == found


def normalised(document: object, *, base: str) -> str:
    """JSON with times, ids of leases, ages and this machine's paths replaced."""
    return json.dumps(_value("", document, base), indent=1, ensure_ascii=False) + "\n"


def _value(name: str, value: object, base: str) -> object:
    if isinstance(value, dict):
        return {key: _value(key, inner, base) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value(name, inner, base) for inner in value]
    if value is not None and _VOLATILE.fullmatch(_ending(name)):
        return f"<{name}>"
    return _text(value, base) if isinstance(value, str) else value


def _ending(name: str) -> str:
    return name.removeprefix("beat_").removeprefix("oldest_")


def _text(text: str, base: str) -> str:
    text = text.replace(base, "<base>")
    for pattern, replacement in _TEXT_RULES:
        text = pattern.sub(replacement, text)
    return text
