"""What may be stored: every text cleaned and bounded before it meets the database.

A task server that refuses a worker's report because of one odd character loses the report, so
characters are mended where they can be; only what has no meaning, or no end, is refused.
"""

from __future__ import annotations

import re
from typing import Final

from tinyscheduler.errors import ServerRefused, TaskNotFound
from tinyscheduler.model.ids import agent_or_nobody
from tinyscheduler.model.task import Status

STATUSES: Final[tuple[Status, ...]] = ("idle", "working", "complete")
TEXT_MAX_CHARS: Final = 1_000_000
"""One description or comment; a request to the server is bounded by 1 MiB anyway."""
TITLE_MAX_CHARS: Final = 10_000
"""A title is one line in a table; people do paste whole paragraphs."""
NAME_MAX_CHARS: Final = 255
"""Agents, queues, tags: the bound the public server has for queue names."""
TAGS_MAX: Final = 100
"""They are read as words by a person and as orders by the scheduler."""
PRIORITY_MAX: Final = 2.0**53
"""Beyond it neighbouring numbers are the same number."""
ID_MAX: Final = 2**63 - 1
"""SQLite's integers end there, and binding a larger one fails."""
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Line ends, control and direction characters: a name with them is another one than people see."""


def title(text: str) -> str:
    """Trimmed and not blank."""
    cleaned = _bounded("Title", text.strip(), TITLE_MAX_CHARS)
    if not cleaned:
        raise ServerRefused("Title must not be empty", hint="say in one line what is to be done")
    return cleaned


def description(text: str | None) -> str | None:
    """As it is; empty is none."""
    return _bounded("Description", text, TEXT_MAX_CHARS) if text else None


def comment(text: str) -> str:
    """Trimmed; may be empty where a move brings none."""
    return _bounded("Comment", text.strip(), TEXT_MAX_CHARS)


def spoken_comment(text: str) -> str:
    """Trimmed and not blank."""
    cleaned = comment(text)
    if not cleaned:
        raise ServerRefused("Comment content must not be empty")
    return cleaned


def url(text: str) -> str:
    """Any text that is not blank: people link paths and task ids too."""
    cleaned = _bounded("URL", text.strip(), TITLE_MAX_CHARS)
    if not cleaned:
        raise ServerRefused("URL must not be empty")
    return cleaned


def assignee(text: str | None) -> str | None:
    """An agent's name, or nobody."""
    return _by_which_work_goes("Agent name", agent_or_nobody(text))


def agent(text: str) -> str:
    """An agent that has to be named."""
    cleaned = assignee(text)
    if cleaned is None:
        raise ServerRefused("Agent name must not be empty")
    return cleaned


def name(what: str, text: str | None) -> str | None:
    """Whoever says something: trimmed, blank is none. Nothing goes by it, and what he says is not lost
    because of one odd character."""
    return _UNSEEN.sub("?", _bounded(what, text.strip(), NAME_MAX_CHARS)) or None if text else None


def queue_or_none(text: str | None) -> str | None:
    """A queue; blank is none."""
    return _by_which_work_goes("Queue name", text)


def queue(text: str) -> str:
    """A queue that has to be named."""
    cleaned = queue_or_none(text)
    if cleaned is None:
        raise ServerRefused("Queue name must not be empty")
    return cleaned


def tags(given: tuple[str, ...]) -> tuple[str, ...]:
    """As they are, in their order."""
    if len(given) > TAGS_MAX:
        raise ServerRefused(f"Too many tags: {len(given)} (at most {TAGS_MAX})")
    return tuple(_bounded("Tag", tag, NAME_MAX_CHARS) for tag in given)


def priority(number: float) -> float:
    """Any finite number; whole ones stay whole."""
    if not -PRIORITY_MAX <= number <= PRIORITY_MAX:
        raise ServerRefused(f"Priority must be a number between -2^53 and 2^53, not {number}")
    return int(number) if number == int(number) else number


def status(text: str) -> Status:
    """One of the three."""
    for known in STATUSES:
        if text == known:
            return known
    raise ServerRefused(f"Status must be one of {', '.join(STATUSES)}, not {text[:40]!r}")


def task_id(number: int) -> int:
    """An id that SQLite can look up. Raises TaskNotFound."""
    if not 0 < number <= ID_MAX:
        raise TaskNotFound(f"Task not found: {number}")
    return number


def _by_which_work_goes(what: str, text: str | None) -> str | None:
    """A mended name would be somebody else's, so it is refused."""
    cleaned = _bounded(what, text.strip(), NAME_MAX_CHARS) if text else ""
    if _UNSEEN.search(cleaned):
        hint = "write it with letters, digits, and what else can be seen"
        raise ServerRefused(f"{what} must not contain control characters: {cleaned!a}", hint=hint)
    return cleaned or None


def _bounded(what: str, text: str, limit_chars: int) -> str:
    if len(text) > limit_chars:
        raise ServerRefused(f"{what} is too long: {len(text)} characters (at most {limit_chars})")
    # Half a surrogate pair comes out of a cut JSON text or a file name; SQLite cannot store it.
    return text.encode("utf-8", "replace").decode("utf-8")
