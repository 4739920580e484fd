"""The journal as facts, and the facts as runs: what pictures and sentences about the past are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from tinyscheduler.kit.fields import Fields
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId


class Fact(NamedTuple):
    """One journal entry, as far as pictures and sentences need it."""

    at: datetime
    event: str
    task_id: TaskId | None = None
    lease_id: LeaseId | None = None
    agent: AgentName | None = None
    reason: str = ""
    outcome: str = ""
    attempt: int | None = None


class Run(NamedTuple):
    """One started run of a task."""

    task_id: TaskId
    agent: AgentName
    attempt: int
    began_at: datetime
    ended_at: datetime | None
    """When the scheduler knew that it was over; None: it runs."""
    outcome: str
    """A class of contracts.md, or ``undone``; empty while it runs."""


_ENDS: Final[Mapping[str, str]] = {
    "run_finished": "",
    "task_settled": "",
    "lease_undone": "undone",
    "run_revoked": "undone",
}
"""Events that end a run, and the outcome where the entry names none."""


def fact_from(entry: object) -> Fact:
    """Read one parsed line of the journal. Raises ValueError."""
    found = Fields(entry, "the journal entry")
    task_id, lease_id, agent = (
        found.identifier("task_id") if found.has("task_id") else None,
        found.text_or_none("lease_id"),
        found.text_or_none("agent"),
    )
    return Fact(
        found.instant("at"),
        found.text("event"),
        None if task_id is None else TaskId(task_id),
        None if lease_id is None else LeaseId(lease_id),
        None if agent is None else AgentName(agent),
        found.text_or_none("reason") or "",
        found.text_or_none("outcome") or "",
        found.whole_or_none("attempt"),
    )


def runs_of(facts: Iterable[Fact]) -> tuple[Run, ...]:
    """The runs that facts in their order tell of, in the order of their starts."""
    runs: dict[LeaseId, Run] = {}
    for fact in facts:
        if fact.lease_id is None or fact.task_id is None or fact.agent is None:
            continue
        if fact.event == "run_started":
            runs[fact.lease_id] = Run(fact.task_id, fact.agent, fact.attempt or 1, fact.at, None, "")
        elif fact.event in _ENDS and fact.lease_id in runs:
            runs[fact.lease_id] = _ended(runs[fact.lease_id], fact)
    return tuple(runs.values())


def _ended(run: Run, fact: Fact) -> Run:
    """The first end is the run's; what the server said later may still correct the outcome."""
    outcome = fact.outcome or _ENDS[fact.event] or run.outcome
    return run._replace(ended_at=run.ended_at or fact.at, outcome=outcome)
