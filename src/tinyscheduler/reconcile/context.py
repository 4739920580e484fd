"""What the steps of one pass share: the ports, the guarded server, and the report they add to."""

from __future__ import annotations

from typing import NamedTuple

from tinyscheduler.model.action import ActionKind
from tinyscheduler.model.event import Event, EventName
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.pass_result import Result, ResultWord
from tinyscheduler.ports import World
from tinyscheduler.reconcile.guard import GuardedServer
from tinyscheduler.reconcile.report import Report


class Context(NamedTuple):
    """One pass at work."""

    world: World
    server: GuardedServer
    report: Report

    def note(self, name: EventName, lease: Lease, reason: str = "", **detail: object) -> None:
        """One fact about a lease, into the journal."""
        self.world.journal.append(
            Event(
                name,
                lease.task_id,
                lease.lease_id,
                lease.generation,
                lease.agent,
                reason,
                tuple(detail.items()),
            )
        )

    def result(self, kind: ActionKind, lease: Lease, result: ResultWord, reason: str) -> None:
        """What became of one planned action."""
        self.report.add(
            Result(kind, lease.task_id, lease.agent, lease.queue, lease.lease_id, result, reason)
        )
