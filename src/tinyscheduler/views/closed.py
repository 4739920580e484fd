"""What is left alone for a while, for people and programs."""

from __future__ import annotations

from tinyscheduler.kit.fields import instant_text, instant_text_or_none
from tinyscheduler.model.breaker import Closed, ClosedKind

_WORDS: dict[ClosedKind, str] = {
    "server": "has failed again and again",
    "agent": "could not be started again and again",
    "account": "is at its provider's limit",
}


def closed_text(closed: Closed) -> str:
    """One sentence."""
    words = f"{closed.name} {_WORDS[closed.kind]}"
    why = f" ({closed.why})" if closed.why else ""
    if closed.state == "tried" or closed.until is None:
        return f"{words}{why}: one try decides"
    return f"{words}{why}: it is left alone until {closed.until:%Y-%m-%d %H:%M:%S} UTC"


def closed_json(closed: Closed) -> dict[str, object]:
    """Field for field."""
    return {
        "kind": closed.kind,
        "name": closed.name,
        "state": closed.state,
        "since": None if closed.since is None else instant_text(closed.since),
        "until": instant_text_or_none(closed.until),
        "why": closed.why,
    }
