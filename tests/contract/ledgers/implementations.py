"""What the suite runs against: every LedgerStore there is.

A new implementation adds a function to ``IMPLEMENTATIONS``. It is entered for each test with a
folder of its own and gives a ``Shelf`` on which there is no ledger yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from tinyscheduler.adapters.records import FileLedgerStore
from tinyscheduler.ports import LedgerStore


class Shelf(NamedTuple):
    """One place for ledgers."""

    open: Callable[[], LedgerStore]
    """A store as a new process would have it; all of them see the same ledgers."""

    @property
    def store(self) -> LedgerStore:
        """One more process that looks at it."""
        return self.open()


@contextmanager
def _files(folder: str) -> Iterator[Shelf]:
    yield Shelf(lambda: FileLedgerStore(f"{folder}/ledger"))


IMPLEMENTATIONS: Mapping[str, Callable[[str], AbstractContextManager[Shelf]]] = {"files": _files}
