"""Whether this is still the server that our runs were claimed on (law 4).

A server that was restarted over another database answers well and knows none of our tasks. To believe
it would end every run and forget every outcome; so where it does not know one task in flight, it is
asked for the others, and where there is no other, for those that have run here before. One that is missing
was deleted; if all of them are, the server has other data.

Where a person has stopped every run in flight, or asks for it now, nothing more is asked. That is the way
out for somebody who has deleted all these tasks, and means it; a stop speaks for its own run only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from tinyscheduler.errors import ServerUnavailable, StateError
from tinyscheduler.model.ids import EMBEDDED, EMBEDDED_UNKNOWN, TaskId
from tinyscheduler.model.intent import Intent
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.ports import World

ASKED_MAX = 20
"""Nobody deletes twenty tasks at once; asking for more proves nothing and costs time under the lock."""
EVER = timedelta(days=36_500)

Tasks = Mapping[TaskId, datetime]
"""When each was made: the same id with another time is another task."""


class Acquaintance:
    """The tasks in flight at the beginning of a pass. Sure of the server with the first one it knows."""

    def __init__(
        self,
        leases: Iterable[Lease],
        source: str,
        before: Callable[[str], Tasks],
        *,
        asked: Sequence[Intent] = (),
    ) -> None:
        """``before``: tasks of this server that have run here, the last ones first. Raises StateError.
        ``asked``: what people ask for now."""
        ours = [lease for lease in leases if lease.source == source]
        self._created_at = {lease.task_id: lease.claim.task_created_at for lease in ours}
        self._source = source
        self._before = before
        self._stopped = {lease.task_id for lease in ours if _is_stopped(lease, asked)}
        self._is_sure = all(lease.task_id in self._stopped for lease in ours)

    def check(
        self,
        task_id: TaskId,
        created_at: datetime | None,
        ask: Callable[[TaskId], datetime | None],
        *,
        is_new: bool = False,
    ) -> None:
        """The server shows this task as made then, or does not find it. Raises ServerUnavailable where
        it knows none of the others either. ``is_new``: it says that it has not come to this id yet."""
        if task_id not in self._created_at:
            return
        if task_id not in self._stopped and (is_new or self._is_given_twice(task_id, created_at)):
            raise ServerUnavailable(
                f"the task server has not made task {task_id} yet, which is in flight: its data is of an "
                "older copy",
                hint=f"put the newer data back; if it is gone for good, tinyscheduler stop {task_id}",
            )
        if self._is_sure:
            return
        if self._created_at[task_id] == created_at:
            self._is_sure = True
            return
        others = self._others(task_id)
        asked = list(others)[:ASKED_MAX]
        # Of a single one, with nothing before it, nobody can tell whether it was deleted.
        self._is_sure = not asked or any(others[other] == ask(other) for other in asked)
        if not self._is_sure:
            raise ServerUnavailable(
                f"the task server knows none of the {1 + len(asked)} tasks {self._what(task_id)}: "
                "it has other data now",
                hint="give it its data back, or name the right one in TINYSCHEDULER_MCP_ENDPOINT; "
                "if these tasks were deleted on purpose, tinyscheduler stop each of them",
            )

    def _is_given_twice(self, task_id: TaskId, created_at: datetime | None) -> bool:
        """A store of our own does that only when it was put back from a copy, however much else it knows."""
        is_other = created_at not in (None, self._created_at[task_id])
        return is_other and self._source.startswith(EMBEDDED)

    def _others(self, task_id: TaskId) -> Tasks:
        others = {other: at for other, at in self._created_at.items() if other != task_id}
        if others:
            return others
        try:
            found = self._before(self._source)
        except StateError as error:
            raise ServerUnavailable(
                f"the task server does not know task {task_id}, and what else it should know cannot be "
                f"read: {error.message}",
                hint=error.hint,
            ) from error
        return {other: at for other, at in found.items() if other != task_id}

    def _what(self, task_id: TaskId) -> str:
        if len(self._created_at) > 1:
            return "in flight"
        return f"that it was last asked for, of which task {task_id} is in flight"


def lost_store(leases: Sequence[Lease], source: str) -> ServerUnavailable | None:
    """A store of our own has its identity from its file: with runs of another one it was lost or replaced,
    and the next pass would have made a new one and called it well. None: it is theirs, or it is no such
    store, and then the operator has named another server."""
    known = (source, EMBEDDED_UNKNOWN)
    lost = [lease for lease in leases if lease.source.startswith(EMBEDDED) and lease.source not in known]
    if not lost or not source.startswith(EMBEDDED) or source == EMBEDDED_UNKNOWN:
        return None
    runs = "run" if len(lost) == 1 else "runs"
    return ServerUnavailable(
        f"the task store is not that of {len(lost)} {runs} in flight: it was lost or replaced",
        hint="put state/tasks.db back; if it is gone for good, tinyscheduler stop each of them, and then "
        "remove their leases from state/running",
    )


def tasks_before(world: World, source: str) -> Tasks:
    """See ``Acquaintance``. By the age of the ledgers. Raises StateError."""
    remains = world.attic.remains(before=world.clock.now() + EVER)
    ids = [found.task_id for found in reversed(remains) if found.kind == "ledger" and found.task_id]
    ledgers = world.ledgers.read(ids[: 2 * ASKED_MAX])
    known = [ledger for task_id in ids if isinstance(ledger := ledgers.get(task_id), Ledger)]
    return {ledger.task_id: ledger.task_created_at for ledger in known if ledger.source == source}


def _is_stopped(lease: Lease, asked: Sequence[Intent]) -> bool:
    if lease.outcome is not None and lease.outcome.kind == "cancelled":
        return True
    about = [intent for intent in asked if intent.task_id == lease.task_id]
    return any(i.kind in ("stop", "park") and i.lease_id in (None, lease.lease_id) for i in about)
