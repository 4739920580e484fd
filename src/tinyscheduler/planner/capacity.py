"""Room for more: slots of agents, and the caps above them (features D1 to D3).

A lease takes its slot until it is ``finished``; a finished one still holds its task. A broken lease
holds one place of the global cap, because somebody may be running there, and the slot of its agent
where the ledger knows whose run it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.hints import Hints
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.lease import BrokenLease, Lease
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held
from tinyscheduler.model.task import Task
from tinyscheduler.planner.gates import Gate, Gates

Scope = tuple[Literal["all", "queue", "tag", "agent", "account"], str]
"""Something that live runs fill."""
EVERYWHERE: Scope = ("all", "")


Alike = tuple[AgentName | None, QueueName | None, tuple[str, ...]]
"""Assignee, queue and tags: all that is asked of a task of which nothing else is known; see ``able``."""


class Full(NamedTuple):
    """Something that is at its cap, or above it: caps are lowered, and runs go on."""

    name: str
    used: int
    cap: int


class Capacity:
    """What is taken and what is left while one plan is being made. Never leaves the planner."""

    def __init__(
        self,
        agents: Sequence[Agent],
        policy: Policy,
        leases: Iterable[Lease],
        broken: Sequence[BrokenLease],
        *,
        gates: Gates,
    ) -> None:
        self._policy = policy
        self._gates = gates
        self._tried: set[str] = set()
        self._agents = {agent.name: agent for agent in agents}
        self.free: dict[AgentName, int] = {a.name: max(0, a.slots) for a in agents if a.is_enabled}
        self.total = 0
        self.kept: TaskId | None = None
        """The overdue task for which places are kept that were free; see ``keep``."""
        self._kept_in: set[Scope] = set()
        self.said: dict[Alike, Held] = {}
        """What holds all tasks that are alike at their turn, until the next start."""
        self.started: list[tuple[Agent, Task, Hints]] = []
        """Of this plan, in their order; see ``holdings``."""
        self._queues = _Counter(policy.queue_caps)
        self._accounts = _Counter(policy.account_caps)
        self._tags = _Counter(policy.tag_caps)
        self._busy = [lease for lease in leases if lease.state != "finished"]
        self._ends: dict[Scope, datetime] = {}
        for lease in self._busy:
            self._count(lease.agent, lease.queue, lease.account, lease.tags)
        for unreadable in broken:
            agent = self._agents.get(unreadable.agent) if unreadable.agent is not None else None
            self._count(unreadable.agent, None, None if agent is None else agent.account, ())

    def take(self, agent: Agent, task: Task, hints: Hints) -> None:
        """One more start of this plan."""
        self.started.append((agent, task, hints))
        self._count(agent.name, task.queue, agent.account, task.tags)
        self._tried.update(gate.key for gate in self._gates.get(agent.name, ()))
        self.said.clear()

    def keep(self, task: Task) -> None:
        """For a task that cannot start yet, the places that are free under the caps of its tags and its
        queue, so that no younger one takes them (ADR 0054). None behind a cap that is full: it would stand
        idle until that one has room. No slot, for the same reason: the first in the line has the next."""
        self.kept = task.id
        self.said.clear()
        for tag in task.tags:
            if self._tags.reached(tag) is not None:
                return
            self._tags.add(tag)
            self._kept_in.add(("tag", tag))
        if task.queue is not None and self.full_queue(task.queue) is None:
            self._queues.add(task.queue)
            self._kept_in.add(("queue", task.queue))

    def kept_in(self, *scopes: Scope) -> TaskId | None:
        """The task for which a place in one of these is kept."""
        return self.kept if self._kept_in.intersection(scopes) else None

    def is_full(self) -> bool:
        """The global cap is reached."""
        return self.total >= self._policy.max_parallel

    def has_slots(self) -> bool:
        """Any agent has a free one."""
        return any(free > 0 for free in self.free.values())

    def full_queue(self, queue: QueueName | None) -> Full | None:
        """The queue's cap when it is reached."""
        return self._queues.reached(queue)

    def full_account(self, agent: Agent) -> Full | None:
        """The cap of the agent's account when it is reached."""
        return self._accounts.reached(agent.account)

    def full_tag(self, tags: tuple[str, ...]) -> Full | None:
        """Of the first tag, in name order, whose cap is reached."""
        return next((full for tag in sorted(tags) if (full := self._tags.reached(tag)) is not None), None)

    def ends_by_at(self, *scopes: Scope) -> datetime | None:
        """When the first of the live runs in any of these ends at the latest."""
        if not self._ends and self._busy:
            self._ends = _ends_of(self._busy)
        return min((self._ends[scope] for scope in scopes if scope in self._ends), default=None)

    def used(self, agent: Agent) -> int:
        """Slots taken."""
        return max(0, agent.slots) - self.free.get(agent.name, 0)

    def tried(self, agent: Agent) -> Gate | None:
        """The gate of this agent behind which this plan has started its one task already."""
        return next((gate for gate in self._gates.get(agent.name, ()) if gate.key in self._tried), None)

    def choose(self, seats: Sequence[Agent], *, last: Collection[AgentName] = ()) -> Agent:
        """Of those who have room: most free slots; ties by weight, then name (features D3); those of
        ``last`` only where there is nobody else."""
        return min(seats, key=lambda a: (a.name in last, -self.free[a.name], -a.weight, a.name))

    def has_room(self, agent: Agent, *, extra: int = 0) -> bool:
        """A slot is free, its account is below its cap, and no other start tries it already. ``extra`` slots
        are there for a task that starves."""
        is_free = self.free.get(agent.name, 0) + extra > 0 and self.full_account(agent) is None
        return is_free and self.tried(agent) is None

    def _count(
        self,
        agent: AgentName | None,
        queue: QueueName | None,
        account: str | None,
        tags: tuple[str, ...],
    ) -> None:
        self.total += 1
        if agent is not None and agent in self.free:
            self.free[agent] -= 1
        self._queues.add(queue)
        self._accounts.add(account)
        for tag in tags:
            self._tags.add(tag)


def slots_lever(agent: Agent, slots: int) -> str:
    """Where a person gives it so many: in the strongest place that says something about it now."""
    match agent.slots_source:
        case "--agent-limit":
            return f"--agent-limit {agent.name}={slots}"
        case "AGENT_LIMITS":
            return f"write {agent.name}:{slots} into TINYSCHEDULER_AGENT_LIMITS"
        case _:
            return f"set maxConcurrency of {agent.name} to {slots} in agent-control"


def latest_end(lease: Lease) -> datetime:
    """By when its wrapper has ended it, whatever it does. A lease may name any time."""
    run_s = min(lease.hard_limit_s + lease.grace_s, _RUN_S_MAX)
    return min(lease.created_at, _FAR_AWAY) + timedelta(seconds=run_s)


_RUN_S_MAX = 366 * 86_400
_FAR_AWAY = datetime(9000, 1, 1, tzinfo=UTC)
"""Nobody waits for that; a later one could not be counted on from."""


def _ends_of(leases: Iterable[Lease]) -> dict[Scope, datetime]:
    ends: dict[Scope, datetime] = {}
    for lease in leases:
        at = latest_end(lease)
        for scope in _scopes_of(lease):
            ends[scope] = min(at, ends.get(scope, at))
    return ends


def _scopes_of(lease: Lease) -> Iterator[Scope]:
    yield EVERYWHERE
    yield "agent", lease.agent
    if lease.queue is not None:
        yield "queue", lease.queue
    if lease.account is not None:
        yield "account", lease.account
    for tag in lease.tags:
        yield "tag", tag


class _Counter:
    """Uses of named things, some of which have a cap."""

    def __init__(self, caps: Iterable[tuple[str, int]]) -> None:
        self._caps: Mapping[str, int] = dict(caps)
        self._used: dict[str, int] = {}

    def add(self, name: str | None) -> None:
        if name is not None and name in self._caps:
            self._used[name] = self._used.get(name, 0) + 1

    def reached(self, name: str | None) -> Full | None:
        """If there is a cap, and it is used up."""
        if name is None or name not in self._caps:
            return None
        cap, used = self._caps[name], self._used.get(name, 0)
        return Full(name, used, cap) if used >= cap else None
