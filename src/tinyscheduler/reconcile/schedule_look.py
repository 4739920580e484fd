"""Look at schedules: what the clock says of each, as a pass, its preview and ``status`` see it (law 9).

Reads only. Loaded only where schedules are configured; cron expressions and zones are asked only when
the next instant that was written down has come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from tinyscheduler.model.schedule import Due, Memories, Remembered, Schedule, Verdict
from tinyscheduler.planner.pauses import in_force
from tinyscheduler.planner.schedules import LATE_S, is_late, late_after_s, set_right, verdict_of
from tinyscheduler.ports import World

OLD_COUNTED_MAX: Final = 100
"""Of those before the window: how many there were is no longer news."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def verdicts(world: World, memories: Memories, now: datetime) -> list[Verdict]:
    """One for each schedule that is not switched off, in the order of the file."""
    late_s = _Lateness(world, now)
    return [
        _verdict(schedule, memories.schedules.get(schedule.name), now, late_s)
        for schedule in world.configuration.schedules
        if schedule.is_enabled
    ]


class _Lateness:
    """After what time an instant is late; looked up once, and only where one may be."""

    def __init__(self, world: World, now: datetime) -> None:
        self._world = world
        self._now = now
        self._found_s: float | None = None

    def of(self, schedule: Schedule, due: Due) -> float:
        if schedule.catch_up != "skip" or not due.instants or not is_late(due.instants[-1], self._now):
            return LATE_S
        if self._found_s is None:
            self._found_s = late_after_s(self._world.state.pass_times(self._now))
        return self._found_s


def stands_still(world: World, now: datetime) -> bool:
    """A person has stopped everything: nothing is made and nothing is missed, until that is over."""
    is_paused = any(pause.scope == "all" for pause in in_force(world.pauses.read(), now))
    return is_paused or world.state.is_estopped() or not world.configuration.policy.is_enabled


def _verdict(schedule: Schedule, found: Remembered | None, now: datetime, late_s: _Lateness) -> Verdict:
    memory = set_right(schedule, found, now)
    try:
        due = due_of(schedule, memory, now)
    except ValueError as error:
        # A zone that this machine has lost since the settings were checked.
        return Verdict(schedule, memory, (), None, None, trouble=str(error))
    return verdict_of(schedule, memory, due, now, late_s=late_s.of(schedule, due))


def due_of(schedule: Schedule, memory: Remembered, now: datetime) -> Due:
    """What has come since. Raises ValueError: nobody can tell."""
    if memory.next_at is not None and now < memory.next_at:
        return Due(next_at=memory.next_at)
    horizon = max(memory.decided_until, now - timedelta(seconds=schedule.window_s))
    old: Sequence[datetime] = ()
    if horizon > memory.decided_until:
        before = _until(_instants(schedule, memory.decided_until), horizon)
        old = list(islice(before, OLD_COUNTED_MAX + 1))
    came, next_at = [], None
    for instant in _instants(schedule, horizon):
        if instant > now:
            next_at = instant
            break
        came.append(instant)
    return Due(tuple(came), tuple(old[:OLD_COUNTED_MAX]), len(old) > OLD_COUNTED_MAX, next_at)


def _until(instants: Iterator[datetime], end: datetime) -> Iterator[datetime]:
    for instant in instants:
        if instant > end:
            return
        yield instant


def _instants(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    if schedule.every_s:
        return _intervals(schedule.every_s, after)
    from tinyscheduler.kit.cron import instants_after
    from tinyscheduler.kit.zones import zone_of

    return instants_after(schedule.cron, zone_of(schedule.zone) or UTC, after)


def _intervals(every_s: int, after: datetime) -> Iterator[datetime]:
    """Counted from 1970, so that they do not depend on what is remembered."""
    number = (after - _EPOCH) // timedelta(seconds=every_s)
    while True:
        number += 1
        yield _EPOCH + timedelta(seconds=every_s) * number
