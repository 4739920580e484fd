"""The leases as somebody sees them who holds no lock: what looks wrong is looked at twice.

Apart from ``observe``, whose one look is enough for a pass: nobody else ends a lease meanwhile.
"""

from __future__ import annotations

from tinyscheduler.model.action import Keep, task_of
from tinyscheduler.model.lease import BrokenLease, Lease, TaggedRun
from tinyscheduler.model.snapshot import TendSnapshot
from tinyscheduler.planner.tend import plan_tend
from tinyscheduler.ports import World
from tinyscheduler.reconcile.observe import facts_or_trouble, moment, observe_tend, tagged_runs, with_agents
from tinyscheduler.reconcile.put_back import as_broken


def observed_leases(world: World) -> TendSnapshot:
    """``observe_tend``, with a second look at every lease that a pass would act on, and at every run
    without one. Raises StateError."""
    first = observe_tend(world)
    odd = {task_of(a) for a in plan_tend(first).actions if not isinstance(a, Keep) or a.is_trouble}
    if not odd:
        return first
    facts = [known for known in first.leases if known.lease.task_id not in odd]
    broken: list[BrokenLease] = []
    tagged = _still_tagged(world, first)
    for task_id in sorted(odd):
        lease = world.leases.read(task_id)
        if isinstance(lease, Lease) and tagged:
            lease = as_broken(world, lease, tagged) or lease
        found = facts_or_trouble(world, lease, moment(world)) if isinstance(lease, Lease) else lease
        if isinstance(found, BrokenLease):
            broken.append(found)
        elif found is not None:
            facts.append(found)
    remains = tuple(known for known in first.remains if known.lease in broken)
    held = with_agents(broken, remains)
    again = first._replace(leases=tuple(facts), broken=held, remains=remains, tagged=tagged)
    if not again.intents:
        return again
    from tinyscheduler.reconcile.intent_look import with_ends

    return with_ends(world, again)


def _still_tagged(world: World, first: TendSnapshot) -> tuple[TaggedRun, ...]:
    """A wrapper drops its tag some milliseconds after a pass has settled its lease."""
    tags = {run.tag for run in first.tagged}
    return tuple(run for run in tagged_runs(world) if run.tag in tags) if tags else ()
