"""What is left of the run behind a lease that nobody can read: owner file, ledger, processes.

Apart from ``observe``, of which it is a part, because it happens once in a year. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinyscheduler.errors import StateError, Unreadable
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import BrokenLease, Owner, TaggedRun
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.snapshot import BrokenFacts, Liveness
from tinyscheduler.ports import World
from tinyscheduler.reconcile.observe import touched_age_s


def remains_of(
    world: World, broken: Sequence[BrokenLease], tagged: Sequence[TaggedRun]
) -> tuple[BrokenFacts, ...]:
    """One for each, but none where the disk fails: then nobody knows, and nothing is done."""
    return tuple(facts for lease in broken for facts in _remains(world, lease, tagged))


def _remains(world: World, broken: BrokenLease, tagged: Sequence[TaggedRun]) -> Iterator[BrokenFacts]:
    task_id = broken.task_id
    processes = tuple(process for run in tagged if run.task_id == task_id for process in run.processes)
    try:
        ledger = world.ledgers.read([task_id]).get(task_id)
        owner, is_unreadable = _owner(world, task_id)
    except StateError:
        # Told with the lease that cannot be read either, and left alone until both can be.
        return
    owner = _of_open_run(owner, ledger)
    is_elsewhere = owner is not None and is_of_another_machine(world, owner)
    yield BrokenFacts(
        broken,
        owner,
        is_unreadable,
        "unknown" if is_elsewhere else _wrapper_liveness(world, owner),
        touched_age_s(world, task_id, world.clock.now()),
        world.leases.is_blocked(task_id),
        ledger,
        processes,
        is_elsewhere,
    )


def is_of_another_machine(world: World, owner: Owner) -> bool:
    """Law 4: its wrapper can be seen there only. One that names no machine was written by an older program or
    revoked, and is taken for ours; but where this one has no id either, the names of the hosts decide."""
    here = world.processes.host()
    if not owner.machine_id:
        return not here.machine_id and owner.host not in ("", here.name)
    return owner.machine_id != here.machine_id


def _wrapper_liveness(world: World, owner: Owner | None) -> Liveness:
    wrapper = owner.process if owner is not None else None
    return "dead" if wrapper is None else world.processes.liveness(wrapper)


def _owner(world: World, task_id: TaskId) -> tuple[Owner | None, bool]:
    try:
        return world.leases.owner(task_id), False
    except Unreadable:
        return None, True


def _of_open_run(owner: Owner | None, ledger: Ledger | BrokenLedger | None) -> Owner | None:
    """Not one that an older run has left behind."""
    if owner is None or not isinstance(ledger, Ledger) or ledger.open is None:
        return owner
    return owner if owner.lease_id == ledger.open.lease_id else None
