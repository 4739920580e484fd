"""What every part of one wrapper shares. Types only; nothing here acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from tinyscheduler.model.result import BadResult, Redact, RunResult
    from tinyscheduler.ports import Clock, LeaseStore, Processes
    from tinyscheduler.wrapper.log import Log
    from tinyscheduler.wrapper.wakeup import Wakeup


class Results(Protocol):
    """The side of the run folders that a wrapper needs."""

    def result(self, path: str, *, redact: Redact) -> RunResult | BadResult | None:
        """What the agent says about its run, why that does not count, or None: it says nothing.
        Raises StateError when the disk fails."""


class World(NamedTuple):
    """The ports of one wrapper, its ear and its mouth."""

    leases: LeaseStore
    processes: Processes
    clock: Clock
    runs: Results
    wakeup: Wakeup
    log: Log
