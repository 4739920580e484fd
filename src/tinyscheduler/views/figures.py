"""Figures that both forms of ``status`` show, worked out from what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.past_pass import PastPass
from tinyscheduler.model.snapshot import Liveness
from tinyscheduler.views.seen import RunSeen, Seen

IDS_SHOWN_MAX = 5
"""Examples of tasks that are held for one reason; ``run --dry-run`` lists all."""


class QueueRoom(NamedTuple):
    """One queue, as far as our agents serve it."""

    name: QueueName
    running: int | None
    """None: the leases are unknown."""
    cap: int | None
    slots: int
    """Of all enabled agents that serve it; an agent of two queues counts in both."""
    waiting: int | None
    """Idle tasks; None: the server is unknown."""


def runs_seen(seen: Seen) -> tuple[RunSeen, ...]:
    """Leases that are known; none also where they are unknown, which a problem says."""
    return seen.runs.value if isinstance(seen.runs, Known) else ()


def wrapper_word(run: RunSeen) -> Liveness | Literal["awaited", "stopped"]:
    """``awaited``: the start has been made, and no wrapper has taken it over yet. Nobody is dead there.
    ``stopped``: it lives, but by a signal it does not beat."""
    facts = run.facts
    if run.is_wrapper_stopped:
        return "stopped"
    lease = facts.lease
    is_unnamed = lease.wrapper is None and facts.owner is None and not facts.is_owner_unreadable
    is_early = lease.state in ("claiming", "starting") and facts.is_same_boot
    return "awaited" if is_early and is_unnamed and facts.wrapper == "dead" else facts.wrapper


def progress_age_s(run: RunSeen, seen: Seen) -> float | None:
    """None: it has not produced anything yet."""
    progress_at = run.facts.lease.progress_at
    return None if progress_at is None else max(0.0, round((seen.now - progress_at).total_seconds(), 1))


def next_pass_at(seen: Seen) -> datetime | None:
    """None: nothing to count from."""
    last = seen.last_pass
    return last.next_at(seen.configuration.loop_interval_s) if isinstance(last, PastPass) else None


def slots_used(seen: Seen) -> Counter[str]:
    """Slots taken per agent; a finished lease holds its task and not its slot (design 6)."""
    return Counter(run.facts.lease.agent for run in runs_seen(seen) if run.facts.lease.state != "finished")


def queue_rooms(seen: Seen) -> tuple[QueueRoom, ...]:
    """Of every queue that an agent serves, and be it a disabled one, by name."""
    running = Counter(run.facts.lease.queue for run in runs_seen(seen) if run.facts.lease.state != "finished")
    waiting = (
        Counter(task.queue for task in seen.backlog.value.tasks) if isinstance(seen.backlog, Known) else None
    )
    caps = dict(seen.configuration.policy.queue_caps)
    slots = _slots_by_queue(seen.configuration.agents)
    return tuple(
        QueueRoom(
            queue,
            running[queue] if isinstance(seen.runs, Known) else None,
            caps.get(queue),
            slots[queue],
            None if waiting is None else waiting[queue],
        )
        for queue in seen.configuration.queues
    )


def held_by_reason(seen: Seen) -> Mapping[str, list[TaskId]]:
    """The reason that holds most tasks first."""
    found: dict[str, list[TaskId]] = {}
    for held in seen.plan.held if seen.plan is not None else ():
        found.setdefault(held.reason, []).append(held.task_id)
    return dict(sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0])))


def _slots_by_queue(agents: Iterable[Agent]) -> Counter[str]:
    slots: Counter[str] = Counter()
    for agent in agents:
        for queue in agent.queues if agent.is_enabled else ():
            slots[queue] += agent.slots
    return slots
