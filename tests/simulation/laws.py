"""What must be true at every instant, and what must have become true in the end (design 3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.fakes.memory_disk import Inode
from tests.simulation.house import PERSON, House, LawBroken
from tests.simulation.pausing import pause_broken_by
from tinyscheduler.adapters.records import FileLedgerStore
from tinyscheduler.adapters.records.waiting import FileWaits
from tinyscheduler.kit.disk import Files
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.planner.retry import spent_attempts
from tinyscheduler.planner.starvation import ONE_MORE_SLOT, steps

if TYPE_CHECKING:
    from datetime import datetime

    from tests.simulation.agent import Agent
    from tinyscheduler.model.lease import Lease


KEPT = frozenset({"write:src/a", "read:src"})
BURST_SLOTS = 1
"""Beyond an agent's slots, for a task that has starved for long enough; never beyond the global cap."""


class Laws:
    """The judge of one house. Reads, and writes nothing."""

    def __init__(self, house: House, files: Files) -> None:
        self._house = house
        self._places = house.configuration.places
        self._ledgers = FileLedgerStore(self._places.ledger, disk=files)
        self._files = files
        self._parsed: dict[TaskId, tuple[bytes, dict[str, object] | None]] = {}
        self._gone: set[str] = set()
        """Leases that were on the disk and are no more: none may come back."""
        self._there: dict[TaskId, str] = {}
        self._on_top: set[str] = set()
        """Leases that were made for a task that starved, beyond the slots of their agent."""

    def at_start(self, agent: Agent) -> None:
        """Law 1, at the only moment at which it can be broken: when a process of a run is born."""
        for other in self._house.agents:
            is_of_task = other.task_id == agent.task_id and agent.task_id not in self._house.released
            if is_of_task and other.is_alive:
                self._is_one(agent, other)
            if other.is_alive:
                self._keeps_apart(agent, other)
        self._has_attempts_left(agent)
        paused = pause_broken_by(self._house, agent)
        if paused:
            raise LawBroken(
                "paused", f"{agent.name} begins on task {agent.task_id} although {paused} is paused"
            )

    def at_lease(self, lease: Lease, now: datetime) -> None:
        """Right before a pass makes it: the slots of its agent, and who may have one more (features D15)."""
        slots = next(agent.slots for agent in self._house.configuration.agents if agent.name == lease.agent)
        held = self._held()[lease.agent]
        if len(held) < slots:
            return
        if len(held) >= slots + BURST_SLOTS or not self._starves(lease.task_id, now):
            raise LawBroken("caps", f"task {lease.task_id} is one too many for {lease.agent}: {held}")
        self._house.count("slot on top")
        self._on_top.add(lease.lease_id)

    def at_every_step(self) -> None:
        for task_id in self._house.tasks:
            self._is_not_lost(task_id)
            self._is_no_revenant(task_id)
        self._caps_are_kept()
        self.what_is_a_persons_is_hers()

    def after_power_cut(self) -> None:
        """A removal that was not synced may be undone: not by us."""
        self._gone.clear()
        self._parsed.clear()

    def in_the_end(self) -> str:
        """What is still not as it should be; empty: all is well."""
        for task_id in self._house.tasks:
            wrong = self._unfinished(task_id)
            if wrong:
                return wrong
        for name in self._files.names(self._places.running):
            if name.startswith("task_") and not self._is_litter(name):
                return f"{name} is left behind"
        for body in self._house.bodies():
            if body.is_alive:
                return f"{body.name} is left behind"
        return ""

    def what_is_a_persons_is_hers(self) -> None:
        """With no step of ours in the middle. But for a complete task, which is nobody's any more, and an
        exchange that a pass has yet to put back."""
        house = self._house
        for task_id in house.persons:
            if not house.server.exists(task_id):
                continue
            task = house.server.task(task_id)
            name = (task.assigned_to or "").partition(" [lease ")[0]
            is_in_exchange = name in house.names and self._lease(task_id) is not None
            if task.assigned_to != PERSON and task.status != "complete" and not is_in_exchange:
                raise LawBroken("taken", f"task {task_id} was {PERSON}'s and is {task.assigned_to}'s")

    def no_orphans(self) -> None:
        """After a whole pass without faults: whoever carries our tag has a lease or an open run."""
        for machine in self._house.machines:
            for process in machine.table.living():
                if process.tag is not None and not self._is_known(process.tag):
                    raise LawBroken("left behind", f"process {process.ref.pid} has no lease: {process.tag}")

    # --- inside ----------------------------------------------------------------------------------

    def _has_attempts_left(self, agent: Agent) -> None:
        """By the ledger, and by our own count: of that, interrupted runs are free."""
        house, ledger = self._house, self._ledger(agent.task_id)
        limit = house.configuration.policy.max_attempts
        free = sum(house.counts[what] for what in ("reboot", "power cut", "person: touch_estop"))
        is_spent = ledger is not None and spent_attempts(ledger) >= limit
        if is_spent or house.failures[agent.task_id] >= limit + free:
            raise LawBroken("attempts", f"task {agent.task_id} has used its {limit} attempts and runs again")

    def _is_litter(self, name: str) -> bool:
        """Of a lease that was removed by hand, or by halves when the power failed, an owner file may stay
        until its task is leased again. It does no harm."""
        is_meddled = TaskId(name[5:].partition(".")[0]) in self._house.meddled
        return not name.endswith(".json") and (is_meddled or self._house.counts["power cut"] > 0)

    def _is_one(self, agent: Agent, other: Agent) -> None:
        if other.lease_id != agent.lease_id:
            raise LawBroken(
                "doubled",
                f"{agent.name} begins on task {agent.task_id} while {other.name} of "
                f"lease {other.lease_id} lives",
            )

    def _keeps_apart(self, agent: Agent, other: Agent) -> None:
        """Features D11, D12. But where a person had a hand in a lease, and with it in what it keeps."""
        house = self._house
        if {agent.task_id, other.task_id} & (
            house.released | house.meddled
        ) or agent.task_id == other.task_id:
            return
        mine, its = (set(self._tags(body.task_id)) for body in (agent, other))
        if {"goal:one"} & mine & its or ("write:src/a" in mine | its and mine & KEPT and its & KEPT):
            raise LawBroken(
                "clash",
                f"{agent.name} begins on task {agent.task_id} while {other.name} works: {mine}, {its}",
            )

    def _tags(self, task_id: TaskId) -> tuple[str, ...]:
        house = self._house
        return house.server.task(task_id).tags if house.server.exists(task_id) else ()

    def _is_not_lost(self, task_id: TaskId) -> None:
        """Law 2. A task that works under the name of an agent of ours is leased, or at least remembered."""
        house = self._house
        if not house.server.exists(task_id) or task_id in house.persons:
            return
        task = house.server.task(task_id)
        if task.status != "working" or task.assigned_to not in house.names or task.archived_at is not None:
            return
        if self._files.exists(f"{self._places.running}/task_{task_id}.json"):
            return
        ledger = self._ledger(task_id)
        if ledger is not None and ledger.open is None:
            raise LawBroken("lost", f"task {task_id} works for {task.assigned_to}, and nobody knows")

    def _is_no_revenant(self, task_id: TaskId) -> None:
        """Law 6. A lease that was removed does not come back from a writer that was overtaken."""
        lease = self._lease(task_id)
        lease_id = "" if lease is None else str(lease["lease_id"])
        before = self._there.get(task_id, "")
        if lease_id == before:
            return
        if before and not self._is_broken(task_id):
            self._gone.add(before)
        if lease_id in self._gone and task_id not in self._house.meddled:
            raise LawBroken("overtaken", f"lease {lease_id} of task {task_id} has come back")
        if not self._is_broken(task_id):
            self._there[task_id] = lease_id

    def _caps_are_kept(self) -> None:
        house, held = self._house, self._held()
        if sum(len(leases) for leases in held.values()) > house.configuration.policy.max_parallel:
            raise LawBroken("caps", f"the global cap is broken: {held}")
        for agent in house.configuration.agents:
            leases = held[agent.name]
            slots = agent.slots + (BURST_SLOTS if self._on_top.intersection(leases) else 0)
            if len(leases) > slots:
                raise LawBroken("caps", f"the slots of {agent.name} are broken: {held}")

    def _held(self) -> dict[str, list[str]]:
        """The leases that take a slot, by agent."""
        held: dict[str, list[str]] = {name: [] for name in self._house.names}
        for task_id in self._house.tasks:
            lease = self._lease(task_id)
            if lease is not None and lease["state"] != "finished":
                held[str(lease["agent_name"])].append(str(lease["lease_id"]))
        return held

    def _starves(self, task_id: TaskId, now: datetime) -> bool:
        """By what the last pass has written down."""
        waits = FileWaits(f"{self._places.state}/waiting.json", self._places.quarantine, disk=self._files)
        waiting = waits.read().tasks.get(task_id)
        policy = self._house.configuration.policy
        return waiting is not None and steps(waiting, now, policy) >= ONE_MORE_SLOT

    def _unfinished(self, task_id: TaskId) -> str:
        house = self._house
        if not house.server.exists(task_id):
            return ""
        task, ledger = house.server.task(task_id), self._ledger(task_id)
        if task.status == "complete" or task.archived_at is not None or task.assigned_to == PERSON:
            return ""
        if task.status == "idle" and task.is_blocked:
            # By one that is parked or a person's.
            return ""
        if task.status == "working" and task_id in house.persons:
            # Hers: she took it between a look and a write of ours, which nothing on the server can close.
            return ""
        if ledger is not None and ledger.parked is not None and ledger.open is None:
            return ""
        return f"task {task_id} is {task.status}, of {task.assigned_to}, and its ledger is {ledger}"

    def _is_known(self, tag: str) -> bool:
        _, task_id, lease_id = tag.split(":")
        lease = self._lease(TaskId(task_id))
        if self._is_broken(TaskId(task_id)) or (lease is not None and lease["lease_id"] == lease_id):
            return True
        ledger = self._ledger(TaskId(task_id))
        return ledger is not None and ledger.open is not None and ledger.open.lease_id == lease_id

    def _is_broken(self, task_id: TaskId) -> bool:
        path = f"{self._places.running}/task_{task_id}.json"
        return self._lease(task_id) is None and self._files.exists(path)

    def _lease(self, task_id: TaskId) -> dict[str, object] | None:
        entry = self._house.disk.entry(f"{self._places.running}/task_{task_id}.json")
        if not isinstance(entry, Inode):
            return None
        known = self._parsed.get(task_id)
        if known is None or known[0] is not entry.data:
            known = self._parsed[task_id] = (entry.data, _parsed(entry.data))
        return known[1]

    def _ledger(self, task_id: TaskId) -> Ledger | None:
        found = self._ledgers.read([task_id]).get(task_id)
        return None if isinstance(found, BrokenLedger) else found


def _parsed(data: bytes) -> dict[str, object] | None:
    """Only what looks whole."""
    try:
        found = json.loads(data)
    except ValueError:
        return None
    is_lease = isinstance(found, dict) and {"lease_id", "state", "agent_name"} <= found.keys()
    return found if is_lease else None
