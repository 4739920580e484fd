"""What the suite runs against: every LeaseStore there is.

A new implementation adds a function to ``IMPLEMENTATIONS``. It is entered for each test with a
folder of its own and gives a ``Shelf`` on which there is no lease yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.ports import LeaseStore


class Shelf(NamedTuple):
    """One place for leases."""

    open: Callable[[], LeaseStore]
    """A store as a new process would have it; all of them see the same leases."""

    @property
    def store(self) -> LeaseStore:
        """One more process that looks at it."""
        return self.open()


@contextmanager
def _files(folder: str) -> Iterator[Shelf]:
    yield Shelf(lambda: FileLeaseStore(f"{folder}/running", f"{folder}/quarantine"))


IMPLEMENTATIONS: Mapping[str, Callable[[str], AbstractContextManager[Shelf]]] = {"files": _files}
