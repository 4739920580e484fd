"""Since when nothing is heard of the agent (features B5). Not the heartbeat: that is the wrapper's.

Output is told from outside. Signs that leave no output are looked for here: its result, its inbox,
its progress file, and, once it has been quiet for a while, its workspace.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tinyscheduler.wrapper import limits
from tinyscheduler.wrapper.workspace import Trace, trace_of

if TYPE_CHECKING:
    from datetime import datetime

    from tinyscheduler.model.order import Order

PROGRESS_FILE = "progress"
"""Beside the result file; an agent that works without a word may touch it."""
WORKSPACE_LOOK_S = 60
"""A look at 2,000 files takes 10 ms; most agents are never quiet for so long."""
LOOK_PAUSE_S_MIN = 1.0


class Silence:
    """Times are CLOCK_MONOTONIC; ``heard_at`` is the same moment by the wall clock, as file times are."""

    __slots__ = ("_files", "_look_every_s", "_looked_s", "_order", "_trace", "_wall_ns", "heard_s", "notices")

    def __init__(self, order: Order, now_s: float, at: datetime) -> None:
        self._order = order
        folder = os.path.dirname(order.result)
        self._files = {
            path: _mtime_ns(path) for path in (order.result, order.inbox, f"{folder}/{PROGRESS_FILE}")
        }
        stall_s = order.limits.stall_s
        self._look_every_s = min(WORKSPACE_LOOK_S, stall_s) if stall_s else None
        self._trace: Trace | None = None
        self.hear(now_s, at)

    def hear(self, now_s: float, at: datetime) -> None:
        """The agent lives and works."""
        self.heard_s = self._looked_s = now_s
        self.notices = 0
        self._wall_ns = int(at.timestamp() * 1e9)

    def quiet_s(self, now_s: float) -> float:
        """How long it has been."""
        return now_s - self.heard_s

    def has_signs(self, now_s: float, *, is_urgent: bool = False) -> bool:
        """Something has changed since the last look. The workspace is looked at rarely, unless a
        verdict depends on it."""
        return self._have_files_changed() or (self._is_look_due(now_s, is_urgent) and self._has_trace(now_s))

    def notices_due(self, now_s: float) -> int:
        """How many there should have been by now."""
        return limits.notices_due(self._order.limits, self.quiet_s(now_s))

    def _have_files_changed(self) -> bool:
        found = {path: _mtime_ns(path) for path in self._files}
        has_changed, self._files = found != self._files, found
        return has_changed

    def _is_look_due(self, now_s: float, is_urgent: bool) -> bool:
        if self._look_every_s is None:
            return False
        return now_s - self._looked_s >= (LOOK_PAUSE_S_MIN if is_urgent else self._look_every_s)

    def _has_trace(self, now_s: float) -> bool:
        self._looked_s = now_s
        before, self._trace = self._trace, trace_of(self._order.cwd, skipped=_skipped(self._order))
        if before is None:
            return self._trace.newest_ns > self._wall_ns
        return self._trace != before


def _skipped(order: Order) -> frozenset[str]:
    """Ours, if somebody works in a folder that holds the state folder: we write there ourselves."""
    return frozenset({os.path.dirname(order.estop_file), order.running_folder})


def _mtime_ns(path: str) -> int:
    """0: there is none."""
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0
