"""What passes under a wrong clock have noted of waits, put right.

A board without a battery clock boots in 1970, and cron does not wait for the network to say better. Apart
from ``waits``, because whoever looks needs it and remembers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.waiting import Waiting


def credible(waits: Mapping[TaskId, Waiting], now: datetime) -> Mapping[TaskId, Waiting]:
    """Without what only a wrong clock can have noted: nobody waits for longer than the task is there. Of a
    task whose own time is still to come nobody knows which clock is wrong, and all stays."""
    mended = {task_id: _of_its_life(found, now) for task_id, found in waits.items() if _may_be_odd(found)}
    return {**waits, **mended} if mended else waits


def _may_be_odd(found: Waiting) -> bool:
    """Cheap, because nearly nothing is and there may be ten thousand."""
    made, since = found.created_at, found.since
    is_early = found.held_since < made or (since is not None and since < made)
    return is_early or bool(found.waited_s or found.starved_s) or found.starving_since is not None


def _of_its_life(found: Waiting, now: datetime) -> Waiting:
    made = found.created_at
    if made > now:
        return found
    since = None if found.since is None else max(found.since, made)
    starving_since = None if found.starving_since is None else max(found.starving_since, made)
    return found._replace(
        held_since=max(found.held_since, made),
        since=since,
        waited_s=min(found.waited_s, _between_s(made, since or now)),
        starving_since=starving_since,
        starved_s=min(found.starved_s, _between_s(made, starving_since or now)),
    )


def _between_s(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds()
