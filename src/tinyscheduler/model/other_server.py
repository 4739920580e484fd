"""A run that was claimed on another task server than the settings name: what is wrong, and the way out.

Task ids mean nothing there, and what is not found there is not settled (law 4); so it stands until the
settings are what they were. Loaded where one is seen.
"""

from __future__ import annotations

from tinyscheduler.model.ids import EMBEDDED
from tinyscheduler.model.lease import Lease

_OVER_HTTP = "mcp:"
_FOLDER = "folder:"


def other_server(lease: Lease, source: str) -> tuple[str, str] | None:
    """Message and hint; None: it is of this one."""
    if lease.source == source:
        return None
    message = f"its lease belongs to the task server {lease.source}, the settings name {source}"
    gone = f"or, if that one is gone for good, remove state/running/task_{lease.task_id}.json"
    return message, f"{_way_back(lease.source, source)} until it is settled; {gone}"


def is_told_by_the_server(lease: Lease, source: str) -> bool:
    """A store of our own that was lost or replaced, and one that cannot be read, is unknown as a whole."""
    is_unknown = source.endswith(":unknown")
    return is_unknown or (source.startswith(EMBEDDED) and lease.source.startswith(EMBEDDED))


def _way_back(source: str, instead: str) -> str:
    """Which setting was another one when it was claimed; a folder goes before an endpoint."""
    if source.startswith(_FOLDER):
        return "name its folder in TINYSCHEDULER_TASK_FOLDER again"
    first = "take TINYSCHEDULER_TASK_FOLDER away" if instead.startswith(_FOLDER) else ""
    if source.startswith(EMBEDDED):
        if instead.startswith(EMBEDDED):
            return "put that store back as state/tasks.db"
        return first or "take TINYSCHEDULER_MCP_ENDPOINT away"
    endpoint = f"set TINYSCHEDULER_MCP_ENDPOINT={source.removeprefix(_OVER_HTTP)}"
    return f"{first} and {endpoint}" if first else endpoint
