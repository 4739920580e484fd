"""Run every test of this folder against every implementation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.leases.implementations import IMPLEMENTATIONS, Shelf


@pytest.fixture(params=list(IMPLEMENTATIONS))
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """A place for leases that has none yet."""
    with IMPLEMENTATIONS[request.param](str(tmp_path)) as found:
        yield found
