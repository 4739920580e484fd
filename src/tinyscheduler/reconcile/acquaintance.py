"""Whether this is still the server that our runs were claimed on (law 4).

A server that was restarted over another database answers well and knows none of our tasks. To believe
it would end every run and forget every outcome; so where it does not know one task in flight, it is
asked for the others. One that is missing was deleted; if all of them are, the server has other data.

Where a person has stopped every run in flight, nothing more is asked. That is the way out for somebody who
has deleted all these tasks, and means it; a stop speaks for its own run only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import Lease

ASKED_MAX = 20
"""Nobody deletes twenty tasks in flight; asking for more proves nothing and costs time under the lock."""


class Acquaintance:
    """The tasks in flight at the beginning of a pass. Sure of the server with the first one it knows."""

    def __init__(self, leases: Iterable[Lease], source: str) -> None:
        ours = [lease for lease in leases if lease.source == source]
        self._created_at = {lease.task_id: lease.claim.task_created_at for lease in ours}
        # Of a single one nobody can tell whether it was deleted.
        self._is_sure = len(ours) < 2 or all(_is_stopped(lease) for lease in ours)

    def check(
        self, task_id: TaskId, created_at: datetime | None, ask: Callable[[TaskId], datetime | None]
    ) -> None:
        """The server shows this task as made then, or does not find it. Raises ServerUnavailable where
        it knows none of the others either."""
        if self._is_sure or task_id not in self._created_at:
            return
        others = [other for other in self._created_at if other != task_id]
        self._is_sure = self._created_at[task_id] == created_at or any(
            self._created_at[other] == ask(other) for other in others[:ASKED_MAX]
        )
        if not self._is_sure:
            raise ServerUnavailable(
                f"the task server knows none of the {len(self._created_at)} tasks in flight: "
                "it has other data now",
                hint="give it its data back, or name the right one in TINYSCHEDULER_MCP_ENDPOINT; "
                "if these tasks were deleted on purpose, tinyscheduler stop each of them",
            )


def _is_stopped(lease: Lease) -> bool:
    return lease.outcome is not None and lease.outcome.kind == "cancelled"
