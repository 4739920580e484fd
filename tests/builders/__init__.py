"""Valid defaults of everything in the model: a test names only what it is about.

All times hang on ``NOW``, all processes on ``HOST``; nothing in here reads a clock or a file.
"""

from tests.builders.records import (
    a_broken_lease,
    a_broken_ledger,
    a_lease,
    a_ledger,
    a_past_run,
    a_revocation,
    a_stop,
    an_open_run,
    an_outcome,
    an_owner,
    parked_as,
)
from tests.builders.settings import (
    a_configuration,
    an_order,
)
from tests.builders.snapshots import (
    a_backlog,
    a_start_snapshot,
    a_tend_snapshot,
    facts,
)
from tests.builders.things import (
    HOST,
    MONOTONIC,
    NOW,
    SOURCE,
    a_claim,
    a_pause,
    a_process,
    a_task,
    ago,
    an_agent,
)

__all__ = [
    "HOST",
    "MONOTONIC",
    "NOW",
    "SOURCE",
    "a_backlog",
    "a_broken_lease",
    "a_broken_ledger",
    "a_claim",
    "a_configuration",
    "a_lease",
    "a_ledger",
    "a_past_run",
    "a_pause",
    "a_process",
    "a_revocation",
    "a_start_snapshot",
    "a_stop",
    "a_task",
    "a_tend_snapshot",
    "ago",
    "an_agent",
    "an_open_run",
    "an_order",
    "an_outcome",
    "an_owner",
    "facts",
    "parked_as",
]
