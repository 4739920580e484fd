"""What the next pass does before it plans its starts, as far as it may change that plan.

Who only looks plans over the runs as they are, because only a pass can end one and prove it gone; and a task
that a schedule is about to make has no id yet. So it is said that something comes first (law 9).
"""

from __future__ import annotations

from tinyscheduler.errors import StateError
from tinyscheduler.model.action import Keep, task_of
from tinyscheduler.model.snapshot import TendSnapshot
from tinyscheduler.planner.tend import plan_tend
from tinyscheduler.ports import World

NAMED_MAX = 5
"""Of each kind; who has more of them to look at asks ``status``."""


def done_first(world: World, tend: TendSnapshot) -> tuple[str, ...]:
    """One entry for each kind, that goes on where "before it starts anything, the next pass looks after"
    ends."""
    ids = dict.fromkeys(task_of(act) for act in plan_tend(tend).actions if not isinstance(act, Keep))
    runs = (_several("the run of task", "the runs of tasks", list(ids)),) if ids else ()
    names = _due(world)
    return (*runs, _several("schedule", "schedules", names)) if names else runs


def _due(world: World) -> list[str]:
    """Schedules that make a task now."""
    store, now = world.schedules, world.clock.now()
    if store is None:
        return []
    from tinyscheduler.reconcile.schedule_look import stands_still, verdicts

    if stands_still(world, now):
        return []
    try:
        memories = store.read()
    except StateError:
        # ``status`` says what is wrong with it.
        return []
    return [verdict.schedule.name for verdict in verdicts(world, memories, now) if verdict.due]


def _several(one: str, more: str, names: list[str]) -> str:
    shown = ", ".join(names[:NAMED_MAX])
    left = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return f"{one if len(names) == 1 else more} {shown}{left}"
