"""What a pass makes of schedules (features G6): which instants get their task, and which are missed.

The instants themselves come from outside, where zones and cron expressions are known.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from tinyscheduler.model.schedule import Due, Missed, Remembered, Schedule, Verdict

LATE_S: Final = 180
"""With a pass each minute, three of them missing are no accident: what is older was not made in its time."""
AT_ONCE_MAX: Final = 100
"""Tasks of one schedule that one absence may bring: more are a flood that nobody asked for."""


def set_right(schedule: Schedule, found: Remembered | None, now: datetime) -> Remembered:
    """What is remembered, as it counts now.

    A schedule that is new, or says another time than it did, begins now: what would have been due earlier
    was never promised. A clock that has gone back shows times again for which there may be tasks.
    """
    if found is None:
        return Remembered(schedule.rule, now)
    newest = _newest(found)
    if found.rule == schedule.rule and newest <= now:
        return found
    unsure = max(newest, found.unsure_until or newest)
    return found._replace(rule=schedule.rule, decided_until=now, next_at=None, unsure_until=unsure)


def verdict_of(schedule: Schedule, memory: Remembered, due: Due, now: datetime) -> Verdict:
    """Which instants get a task now. ``memory`` is set right, and ``due`` counted from it."""
    wanted = _wanted(schedule, due, now)
    kept = wanted[-AT_ONCE_MAX:]
    is_flood = len(wanted) > len(kept)
    limit = f"schedule {schedule.name}: {AT_ONCE_MAX} tasks for one absence" if is_flood else ""
    begun = () if memory.begun is None else (memory.begun.instant,)
    # What was begun is finished, whatever the rule says by now.
    owed = tuple(at for at in begun if timedelta(0) <= now - at <= timedelta(seconds=schedule.window_s))
    made = tuple(sorted({*kept, *owed}))
    missed = _missed(schedule, due, made)
    return Verdict(schedule, memory, made, missed, due.next_at, limit)


def must_look(memory: Remembered, instant: datetime, now: datetime) -> bool:
    """Whether a task for this instant may be on the server already: it was begun, it is late, or it was
    remembered once. What is due only now was never due before."""
    is_begun = memory.begun is not None and memory.begun.instant == instant
    is_unsure = memory.unsure_until is not None and instant <= memory.unsure_until
    return is_begun or is_unsure or _is_late(instant, now)


def may_still_arrive(memory: Remembered, instant: datetime, now: datetime, claim_timeout_s: int) -> bool:
    """A call without an answer may be carried out late: until then its task is not made a second time."""
    begun = memory.begun
    if begun is None or begun.instant != instant:
        return False
    return timedelta(0) <= now - begun.at < timedelta(seconds=claim_timeout_s)


def _newest(found: Remembered) -> datetime:
    """The last instant that anything was done about."""
    return max(found.decided_until, found.begun.instant if found.begun else found.decided_until)


def _wanted(schedule: Schedule, due: Due, now: datetime) -> tuple[datetime, ...]:
    match schedule.catch_up:
        case "all":
            return due.instants
        case "once":
            return due.instants[-1:]
        case "skip":
            return tuple(at for at in due.instants[-1:] if not _is_late(at, now))


def _is_late(instant: datetime, now: datetime) -> bool:
    return now - instant > timedelta(seconds=LATE_S)


def _missed(schedule: Schedule, due: Due, made: tuple[datetime, ...]) -> Missed | None:
    left = [at for at in (*due.old, *due.instants) if at not in made]
    if not left:
        return None
    why = f"catch_up is {schedule.catch_up}"
    if len(left) == len(due.old):
        why = "they are older than its window"
    elif schedule.catch_up == "all":
        why = f"one absence brings {AT_ONCE_MAX} tasks at most"
    return Missed(len(left), due.is_old_cut, left[0], left[-1], why)
