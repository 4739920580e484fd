"""Why nothing starts although there is work: what is closed, too busy or denied, once for all tasks it holds.

Apart from ``problems``: nothing is wrong, but whoever looks at an idle machine wants to know it first. Pauses
have a table of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.views.seen import Problem, Seen
from tinyscheduler.views.wording import ago_text, count_text

STANDING: frozenset[HeldReason] = frozenset({"inactive_hours", "pressure", "denied"})

Cause = tuple[HeldReason, str, str, str, datetime | None]
"""Reason, value, limit, lever and next look: what the held tasks of one cause have in common."""


def standing_notes(seen: Seen) -> Iterator[Problem]:
    """One for each cause, in the order of the tasks."""
    held = seen.plan.held if seen.plan is not None else ()
    causes = Counter(_cause(one) for one in held if one.reason in STANDING)
    for (reason, value, limit, lever, next_at), count in causes.items():
        end = f" until {ago_text(next_at, seen.now)}" if next_at is not None else ""
        of = f" (limit {limit})" if limit and next_at is None else ""
        message = f"{count_text(count, 'task')} held as {reason}{end}: {value}{of}"
        yield Problem("note", reason.replace("_", "-"), message, lever)


def _cause(held: Held) -> Cause:
    return held.reason, held.value, held.limit, held.lever, held.next_look_at
