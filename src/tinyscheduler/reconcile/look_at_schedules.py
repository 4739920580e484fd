"""What ``status`` shows of schedules: what was made last, what comes next, and what is wrong with them."""

from __future__ import annotations

from tinyscheduler.model.schedule import Schedule, Verdict
from tinyscheduler.ports import ScheduleStore, World
from tinyscheduler.reconcile.schedule_look import stands_still, verdicts
from tinyscheduler.views.schedules import missed_text, schedule_problems
from tinyscheduler.views.seen import ScheduleSeen, Seen


def with_schedules(seen: Seen, world: World, store: ScheduleStore) -> Seen:
    """All of them, also those that are switched off."""
    memories = store.read()
    known = {v.schedule.name: v for v in verdicts(world, memories, seen.now)}
    is_still = stands_still(world, seen.now)
    found = tuple(_seen(s, known.get(s.name), is_still=is_still) for s in world.configuration.schedules)
    faults = tuple(schedule_problems(found, memories.trouble))
    return seen._replace(schedules=found, state_faults=seen.state_faults + faults)


def _seen(schedule: Schedule, verdict: Verdict | None, *, is_still: bool) -> ScheduleSeen:
    if verdict is None:
        return ScheduleSeen(schedule, None, None)
    begun = verdict.memory.begun
    return ScheduleSeen(
        schedule,
        verdict.memory.last,
        verdict.next_at,
        due=0 if is_still else len(verdict.due),
        missed="" if is_still or verdict.missed is None else missed_text(schedule, verdict.missed),
        unclear_since=None if begun is None else begun.at,
        trouble=verdict.trouble,
    )
