"""What people do: on the task server, and in the state folder with their own hands."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.fakes.memory_disk import Inode
from tests.fakes.memory_files import MemoryFiles
from tests.simulation.house import GIVING_SEEDS, PAUSING_SEEDS, PERSON, House
from tests.simulation.pausing import pause, resume
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.adapters.records.intents import FileIntents
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.intent import INTENTS_MAX, Intent, IntentKind
from tinyscheduler.model.lease import Lease


def somebody_does_something(house: House) -> None:
    """One deed on one task."""
    task_id = house.chance.choice(house.tasks)
    deed = house.chance.choice(_deeds(house.seed))
    if house.server.exists(task_id):
        house.count(f"person: {deed.__name__}")
        house.tell("a person", f"{deed.__name__} task {task_id}")
        house.failures.pop(task_id, None)
        deed(house, task_id)


def _deeds(seed: int) -> Sequence[Deed]:
    """Houses of older seeds keep the lives that they have had."""
    if seed < PAUSING_SEEDS:
        return DEEDS
    return (*DEEDS, *PAUSES, *GIVING) if seed >= GIVING_SEEDS else (*DEEDS, *PAUSES)


def take(house: House, task_id: TaskId) -> None:
    """For herself; perhaps she begins at once."""
    if house.server.task(task_id).status == "complete":
        return
    house.server.assign(task_id, PERSON)
    house.server.set_status(task_id, house.chance.choice(("idle", "working")))
    house.persons.add(task_id)


def give_on(house: House, task_id: TaskId) -> None:
    """To an agent, whatever its status says; one that runs, if there is any: that is the worst moment."""
    running = [lease.task_id for lease in _claimed(house) if house.server.exists(lease.task_id)]
    task_id = house.chance.choice(running or [task_id])
    if task_id not in house.persons and house.server.task(task_id).status != "complete":
        house.failures.pop(task_id, None)
        house.server.assign(task_id, house.chance.choice(house.configuration.agents).name)


def give_back(house: House, task_id: TaskId) -> None:
    """To the pool."""
    if task_id in house.persons and house.server.task(task_id).assigned_to == PERSON:
        house.persons.discard(task_id)
        house.server.assign(task_id, "")
        house.server.set_status(task_id, "idle")


def complete(house: House, task_id: TaskId) -> None:
    house.server.set_status(task_id, "complete")


def reopen(house: House, task_id: TaskId) -> None:
    """It is complete, and still not good enough."""
    task = house.server.task(task_id)
    if task.status == "complete" or task.archived_at is not None:
        house.persons.discard(task_id)
        house.server.edit(task._replace(status="idle", assigned_to=None, archived_at=None))


def add_task(house: House, task_id: TaskId) -> None:
    """Perhaps one that waits for another."""
    if len(house.tasks) < TASKS_MAX:
        blocked_by = task_id if house.chance.random() < 0.3 else None
        house.add_task(blocked_by=blocked_by)


def retitle(house: House, task_id: TaskId) -> None:
    task = house.server.task(task_id)
    house.server.edit(task._replace(title=f"{task.title}, please"))


def archive(house: House, task_id: TaskId) -> None:
    house.server.archive(task_id)


def delete(house: House, task_id: TaskId) -> None:
    house.server.delete(task_id)


def remove_lease(house: House, task_id: TaskId) -> None:
    """By hand: the file alone."""
    house.meddled.add(task_id)
    files, path = MemoryFiles(house.disk), f"{house.configuration.places.running}/task_{task_id}.json"
    files.remove(path)
    files.sync_parent(path)


def garble_lease(house: House, task_id: TaskId) -> None:
    """Half of it is gone, or all, or it is something else."""
    entry = house.disk.entry(f"{house.configuration.places.running}/task_{task_id}.json")
    if isinstance(entry, Inode):
        house.meddled.add(task_id)
        garbage = (b"", entry.data[: len(entry.data) // 2], b"\0" * 100, b'{"schema": 1}')
        entry.data = house.chance.choice(garbage)


def touch_estop(house: House, _task_id: TaskId) -> None:
    """Or take it away again."""
    files, path = MemoryFiles(house.disk), house.configuration.places.estop_file
    if not files.remove(path):
        files.append(path, b"")


def ask_something(house: House, task_id: TaskId) -> None:
    """By a command, which writes a request for the next pass."""
    kind = house.chance.choice(KINDS)
    lease_id = _lease_id(house, task_id)
    if kind == "release":
        if lease_id is None:
            return
        # The command says what it risks: nobody proves any more that the run is over.
        house.released.add(task_id)
    is_of_lease = kind in ("stop", "park", "release")
    _ask(house, kind, task_id, lease_id if is_of_lease else None)


def _ask(house: House, kind: IntentKind, task_id: TaskId, lease_id: LeaseId | None) -> None:
    now = house.clock.now()
    house.requests += 1
    intent = Intent(
        id=f"{now:%Y%m%dT%H%M%S.%fZ}-{house.requests:08x}",
        kind=kind,
        task_id=task_id,
        lease_id=lease_id,
        by="a-person",
        at=now,
        reason="she said so",
        requeue=kind == "stop" and house.chance.random() < 0.5,
        source=house.server.source,
    )
    house.tell("a person", f"asks for {kind} of task {task_id}")
    house.count(f"request: {kind}")
    _intents(house).write(intent)


def can_tell_data(house: House) -> bool:
    """Two runs or more whose claim was answered, one of them not stopped: so many a server with other data is
    known by."""
    leases = _claimed(house)
    return len(leases) > 1 and bool(_going_on(house, leases))


def stop_one_of_several_runs(house: House) -> None:
    """It speaks for its own run only: of the others nobody has said that their tasks were deleted."""
    going_on = _going_on(house, _claimed(house))
    if len(going_on) > 1:
        lease = house.chance.choice(going_on)
        _ask(house, "stop", lease.task_id, lease.lease_id)


def _claimed(house: House) -> list[Lease]:
    return [lease for lease in _leases(house).scan().leases if lease.state != "claiming"]


def _going_on(house: House, leases: Sequence[Lease]) -> list[Lease]:
    asked = {intent.task_id for intent in _intents(house).scan(INTENTS_MAX).intents}
    return [lease for lease in leases if lease.task_id not in asked and not _is_stopped(lease)]


def stop_runs_of_deleted_tasks(house: House) -> None:
    """As the fault asks of whoever has deleted them."""
    for lease in _leases(house).scan().leases:
        asked = {intent.task_id for intent in _intents(house).scan(INTENTS_MAX).intents}
        is_left = not house.server.exists(lease.task_id) and lease.task_id not in asked
        if is_left and lease.state in ("running", "finished") and not _is_stopped(lease):
            _ask(house, "stop", lease.task_id, lease.lease_id)


def _is_stopped(lease: Lease) -> bool:
    return lease.outcome is not None and lease.outcome.kind == "cancelled"


def _leases(house: House) -> FileLeaseStore:
    places = house.configuration.places
    return FileLeaseStore(places.running, places.quarantine, disk=MemoryFiles(house.disk))


def _intents(house: House) -> FileIntents:
    places = house.configuration.places
    return FileIntents(places.intents, places.quarantine, disk=MemoryFiles(house.disk))


def _lease_id(house: House, task_id: TaskId) -> LeaseId | None:
    found = _leases(house).read(task_id)
    return found.lease_id if isinstance(found, Lease) else None


KINDS: tuple[IntentKind, ...] = ("stop", "stop", "park", "retry", "retry", "release", "requeue")

TASKS_MAX = 10

Deed = Callable[[House, TaskId], None]

DEEDS: tuple[Deed, ...] = (
    *(take,) * 3,
    *(give_back,) * 4,
    *(retitle,) * 2,
    *(complete, archive, delete),
    *(reopen,) * 4,
    *(add_task,) * 4,
    *(ask_something,) * 8,
    *(remove_lease,) * 2,
    *(garble_lease,) * 2,
    touch_estop,
)

PAUSES: tuple[Deed, ...] = (*(pause,) * 8, *(resume,) * 6)
GIVING: tuple[Deed, ...] = (give_on,) * 16
