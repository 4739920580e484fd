"""What several files of this folder ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.nursery import Nursery
from tinyscheduler.adapters.processes import ProcessTable


@pytest.fixture
def table() -> ProcessTable:
    return ProcessTable()


@pytest.fixture
def nursery(tmp_path: Path, table: ProcessTable) -> Iterator[Nursery]:
    """Starts processes and leaves none behind, wherever they went."""
    found = Nursery(tmp_path, table)
    try:
        yield found
    finally:
        found.end()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Of an installation that a test makes."""
    return tmp_path / "base"
