"""What the steps of one pass share: the ports, the guarded server, and the report they add to."""

from __future__ import annotations

from typing import NamedTuple

from tinyscheduler.errors import ServerUnavailable, TinySchedulerError
from tinyscheduler.model.action import ActionKind
from tinyscheduler.model.event import Event, EventName
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.pass_result import Result, ResultWord
from tinyscheduler.ports import World
from tinyscheduler.reconcile.guard import GuardedServer
from tinyscheduler.reconcile.memory import Memory
from tinyscheduler.reconcile.report import Report


class Context(NamedTuple):
    """One pass at work."""

    world: World
    server: GuardedServer
    report: Report
    memory: Memory

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

    def fault(self, lease: Lease, error: TinySchedulerError) -> None:
        """Something about this lease failed and the pass goes on."""
        self.report.fault(error, task_id=lease.task_id)

    def result(self, kind: ActionKind, lease: Lease, result: ResultWord, *, reason: str) -> None:
        """What became of one planned action."""
        self.report.add(Result(kind, lease.task_id, lease.agent, lease.queue, lease.lease_id, result, reason))


def check_server(context: Context, lease: Lease) -> None:
    """Raises ServerUnavailable when the lease was claimed on another server: task ids mean nothing
    there, and what is not found there is not settled (law 4)."""
    if context.server.trouble is not None:
        raise ServerUnavailable(context.server.trouble.message, hint=context.server.trouble.hint)
    other = trouble_elsewhere(lease, context.server.source)
    if other is not None:
        raise other


def trouble_elsewhere(lease: Lease, source: str) -> ServerUnavailable | None:
    """The same for a preview, which asks no server of it."""
    if lease.source == source:
        return None
    from tinyscheduler.model.other_server import other_server

    found = other_server(lease, source)
    return None if found is None else ServerUnavailable(found[0], hint=found[1])
