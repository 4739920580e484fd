"""Every process of one run: end them and prove that none is left (law 1, features B4 and B8)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tinyscheduler.errors import StateError

if TYPE_CHECKING:
    from tinyscheduler.model.lease import ProcessRef
    from tinyscheduler.ports import Processes, RunRef

LOOKS_TO_PROVE = 2
"""/proc is not read in one instant: a process born behind the reader of a parent that ends before
it is read is in none of the lines. Its own child would have to do the same to escape the second."""


class RunTree:
    """Remembers who was seen, so that most looks ask only whether those still live."""

    __slots__ = ("_empty_looks", "_known", "_me", "_processes", "_run")

    def __init__(self, processes: Processes, run: RunRef) -> None:
        self._processes = processes
        self._run = run
        self._me = processes.me()
        """Known from the start: later there may be no descriptor left to look."""
        self._known: tuple[ProcessRef, ...] = ()
        self._empty_looks = 0
        """In a row."""

    def signal(self, number: int) -> None:
        """Look, then signal all that is there; where nobody can look, those who were there before."""
        with suppress(StateError):
            self._look()
        for process in self._known:
            self._processes.signal(process, number)

    def survivors(self) -> tuple[ProcessRef, ...]:
        """Who is left; empty only when whole looks in a row found nobody. Where nobody can look, for want of
        descriptors or memory, nobody is proven gone: then this process stands for them."""
        self._known = tuple(p for p in self._known if self._processes.liveness(p) != "dead")
        try:
            while not self._known and self._empty_looks < LOOKS_TO_PROVE:
                self._look()
        except StateError:
            return (*self._run.roots[:1], self._me)
        return self._known

    def _look(self) -> tuple[ProcessRef, ...]:
        (self._known,) = self._processes.trees([self._run])
        self._empty_looks = 0 if self._known else self._empty_looks + 1
        return self._known
