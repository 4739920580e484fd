"""How a task server wants to be spoken to, remembered so that no pass has to find it out again.

Apart from ``client`` because it outlives a pass: one small file in the cache of the state folder, with
an entry for each server. All of it can be found out again, so a file that is bad, of another
version, old or missing is a miss, and nothing that would be dangerous is believed because of it.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Collection
from typing import Final, Literal, NamedTuple

from tinyscheduler.kit import files

Transport = Literal["http", "sse"]

FILE_NAME: Final = "task_servers.json"
SCHEMA: Final = 1

AGE_MAX_S: Final = 24 * 3600.0
"""A server is exchanged for a newer one more rarely than that, and looking again costs one call."""

SERVERS_MAX: Final = 8
"""A state folder has one server, and people try others by a flag."""

FILE_MAX_BYTES: Final = 64 * 1024
TOOLS_MAX: Final = 200
"""The public server has 30. A list that is longer is somebody's joke."""


class Manner(NamedTuple):
    """What is known of one server; None: nobody has looked, or not lately."""

    transport: Transport | None = None
    tools: frozenset[str] | None = None
    takes_status_lists: bool | None = None
    """Whether one list may be asked for tasks of several statuses."""
    leaves_out_descriptions: bool = False
    """Lists have none unless they are asked for them."""


UNKNOWN: Final = Manner()


class Memory(NamedTuple):
    """Where manners are kept between processes."""

    path: str
    is_read_only: bool = False
    """For those who only look: read, and never written."""


class Manners:
    """What is known of one server, read when it is first asked for and written when it changes."""

    def __init__(self, source: str, memory: Memory | None) -> None:
        """``source`` is the identity of the server. Without a memory it lasts as long as this object."""
        self._source = source
        self._memory = memory
        self._manner: Manner | None = None

    @property
    def manner(self) -> Manner:
        """Never raises."""
        if self._manner is None:
            entry = self._entries().get(self._source)
            self._manner = UNKNOWN if entry is None else _manner_of(entry)
        return self._manner

    def learn(self, manner: Manner) -> None:
        """From now on, also for the processes that follow."""
        if manner == self.manner:
            return
        self._manner = manner
        if self._memory is not None and not self._memory.is_read_only:
            self._write(self._memory.path, manner)

    def _entries(self) -> dict[str, object]:
        """Those that are not too old. A clock that was set back makes an entry of the future a miss."""
        if self._memory is None:
            return {}
        try:
            found = json.loads(files.read_limited(self._memory.path, FILE_MAX_BYTES))
            entries = found["servers"] if found["schema"] == SCHEMA else {}
            now = time.time()
            return {
                source: entry
                for source, entry in entries.items()
                if 0 <= now - float(entry["seen_at"]) < AGE_MAX_S
            }
        except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return {}

    def _write(self, path: str, manner: Manner) -> None:
        """Not synced, and a disk that refuses is not told of: nothing is lost but a call."""
        others = {source: entry for source, entry in self._entries().items() if source != self._source}
        kept = dict(list(others.items())[-(SERVERS_MAX - 1) :])
        text = json.dumps({"schema": SCHEMA, "servers": {**kept, self._source: _entry_of(manner)}}, indent=1)
        try:
            files.make_folder(os.path.dirname(path))
            files.replace(path, text.encode() + b"\n", sync_file=False, sync_folder=False)
        except OSError:
            return


def _entry_of(manner: Manner) -> dict[str, object]:
    """The time is cut off, never rounded up: an entry of the next half millisecond would be a miss."""
    return {
        "seen_at": math.floor(time.time() * 1000) / 1000,
        "transport": manner.transport,
        "tools": None if manner.tools is None else sorted(manner.tools),
        "takes_status_lists": manner.takes_status_lists,
        "leaves_out_descriptions": manner.leaves_out_descriptions,
    }


def _manner_of(entry: object) -> Manner:
    """Field by field: one that is bad is not known."""
    if not isinstance(entry, dict):
        return UNKNOWN
    transport, lists = entry.get("transport"), entry.get("takes_status_lists")
    return Manner(
        transport=transport if transport in ("http", "sse") else None,
        tools=tool_names(entry.get("tools")),
        takes_status_lists=lists if isinstance(lists, bool) else None,
        leaves_out_descriptions=entry.get("leaves_out_descriptions") is True,
    )


def tool_names(found: object) -> frozenset[str] | None:
    """None for anything that is no list of names."""
    if not isinstance(found, Collection) or isinstance(found, str | bytes) or len(found) > TOOLS_MAX:
        return None
    names = frozenset(name for name in found if isinstance(name, str))
    return names if names and len(names) == len(found) else None
