"""People who pause and resume: everything, a queue, an agent, a task.

Apart from ``people``, whose deeds are on tasks: a pause is a file, effective at once, and what it promises is
judged with each agent that begins.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.fakes.memory_files import MemoryFiles
from tinyscheduler.adapters.records import FileLeaseStore, FileLedgerStore
from tinyscheduler.adapters.records.pauses import FilePauses
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.pause import Pause, PauseScope

if TYPE_CHECKING:
    from tests.simulation.agent import Agent
    from tests.simulation.house import House
    from tinyscheduler.model.ids import TaskId

UNTIL_S = (None, None, None, 30, 600)
"""Most have no end. Of one that has, nobody can say when it is over: clocks are set."""


def pause(house: House, task_id: TaskId) -> None:
    """By a command, which writes a file."""
    scope, name = _subject(house, task_id)
    until_s = house.chance.choice(UNTIL_S)
    now = house.clock.now()
    until = None if until_s is None else now + timedelta(seconds=until_s)
    _store(house).write(Pause(scope, name, "a-person", now, "she said so", until))
    house.tell("a person", f"pauses {scope} {name}{' for a while' if until_s else ''}")
    house.pauses.pop((scope, name), None)
    if until_s is None:
        house.pauses[scope, name] = _known_runs(house)


def resume(house: House, task_id: TaskId) -> None:
    """Ends one of them, or everything that is paused."""
    scope, name = _subject(house, task_id)
    if house.chance.random() < 0.5:
        resume_all(house)
    else:
        _store(house).remove(Pause(scope, name))
        house.pauses.pop((scope, name), None)


def resume_all(house: House) -> None:
    """Whatever is there."""
    for found in _store(house).read():
        _store(house).remove(found)
    house.pauses.clear()


def pause_broken_by(house: House, agent: Agent) -> str:
    """What was paused before this run had a lease, and still is; empty: nothing."""
    subjects = {
        ("all", ""),
        ("queue", "dev"),
        ("agent", str(agent.order.agent)),
        ("task", str(agent.task_id)),
    }
    for subject, known in house.pauses.items():
        if subject in subjects and agent.lease_id not in known:
            return " ".join(subject).strip()
    return ""


def _subject(house: House, task_id: TaskId) -> tuple[PauseScope, str]:
    agent = house.chance.choice(sorted(house.names))
    subjects: tuple[tuple[PauseScope, str], ...] = (
        ("all", ""), ("all", ""), ("queue", "dev"), ("agent", agent), ("task", str(task_id)),
    )  # fmt: skip
    return house.chance.choice(subjects)


def _known_runs(house: House) -> frozenset[str]:
    """Runs that have a lease now, or had one: a start whose claim was answered may have been looked at the
    last time. One that has none is looked at after its claim, and finds the pause."""
    places, files = house.configuration.places, MemoryFiles(house.disk)
    leases = FileLeaseStore(places.running, places.quarantine, disk=files).scan().leases
    ledgers = FileLedgerStore(places.ledger, disk=files).read(house.tasks).values()
    known = {str(lease.lease_id) for lease in leases}
    known |= {str(wrapper.order.lease_id) for wrapper in house.wrappers}
    known |= {str(agent.lease_id) for agent in house.agents}
    return frozenset(
        known
        | {str(one.open.lease_id) for one in ledgers if isinstance(one, Ledger) and one.open is not None}
    )


def _store(house: House) -> FilePauses:
    return FilePauses(f"{house.configuration.places.state}/pauses", disk=MemoryFiles(house.disk))
