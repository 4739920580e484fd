"""What a pass makes of schedules (features G6): which instants get their task, and which are missed.

The instants themselves come from outside, where zones and cron expressions are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tinyscheduler.model.schedule import Due, Missed, Remembered, Schedule, Verdict

LATE_S: Final = 180
"""With a pass each minute, three of them missing are no accident: what is older was not made in its time."""
BREAKS_EXPECTED: Final = 1.5
"""Of the break that is usual between passes: cron is late now and then."""
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


def late_after_s(passes: Sequence[datetime]) -> float:
    """How late an instant may be and still be made in its time, by when the last passes ended (ascending).

    Who lets cron make a pass every ten minutes has no absences of nine. The usual break is the second
    longest one: one absence among them says nothing, and the passes that runs make at their end are the
    short ones.
    """
    breaks = sorted((after - before).total_seconds() for before, after in pairwise(passes))
    usual_s = breaks[-2] if len(breaks) > 1 else 0.0
    return max(LATE_S, BREAKS_EXPECTED * usual_s)


def verdict_of(
    schedule: Schedule, memory: Remembered, due: Due, now: datetime, *, late_s: float = LATE_S
) -> Verdict:
    """Which instants get a task now. ``memory`` is set right, and ``due`` counted from it."""
    wanted = _wanted(schedule, due, now, late_s=late_s)
    kept = wanted[-AT_ONCE_MAX:]
    is_flood = len(wanted) > len(kept)
    limit = f"schedule {schedule.name}: {AT_ONCE_MAX} tasks for one absence" if is_flood else ""
    begun = () if memory.begun is None else (memory.begun.instant,)
    # What was begun is finished, whatever the rule says by now.
    owed = tuple(at for at in begun if timedelta(0) <= now - at <= timedelta(seconds=schedule.window_s))
    made = tuple(sorted({*kept, *owed}))
    missed = _missed(schedule, due, made)
    return Verdict(schedule, memory, made, missed, due.next_at, limit)


def may_be_made(memory: Remembered, instant: datetime, now: datetime) -> bool:
    """Whether this scheduler may have made its task already: it was begun, it is late, or it was remembered
    once. What is due only now was never due here before."""
    is_begun = memory.begun is not None and memory.begun.instant == instant
    is_unsure = memory.unsure_until is not None and instant <= memory.unsure_until
    return is_begun or is_unsure or is_late(instant, now)


def is_late(instant: datetime, now: datetime, late_s: float = LATE_S) -> bool:
    """It was not made in its time."""
    return now - instant > timedelta(seconds=late_s)


def may_still_arrive(memory: Remembered, instant: datetime, now: datetime, claim_timeout_s: int) -> bool:
    """A call without an answer may be carried out late: until then its task is not made a second time."""
    begun = memory.begun
    if begun is None or begun.instant != instant:
        return False
    return timedelta(0) <= now - begun.at < timedelta(seconds=claim_timeout_s)


def _newest(found: Remembered) -> datetime:
    """The last instant that anything was done about."""
    return max(found.decided_until, found.begun.instant if found.begun else found.decided_until)


def _wanted(schedule: Schedule, due: Due, now: datetime, *, late_s: float) -> tuple[datetime, ...]:
    """Who catches up with one of many does not want each that came between two passes an hour apart."""
    match schedule.catch_up:
        case "all":
            return due.instants
        case "once":
            return _in_time(due, now, late_s=LATE_S) or due.instants[-1:]
        case "skip":
            return _in_time(due, now, late_s=late_s)


def _in_time(due: Due, now: datetime, *, late_s: float) -> tuple[datetime, ...]:
    """All of them: a pass that comes a few seconds late has not been away."""
    return tuple(at for at in due.instants if not is_late(at, now, late_s))


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
