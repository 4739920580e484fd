"""The counts of one session."""

from collections.abc import Iterator

import pytest

from tests.integration.faults.figures import Figures


@pytest.fixture(scope="session")
def figures() -> Iterator[Figures]:
    """Written into the documentation when the long tests have ended."""
    counted = Figures()
    yield counted
    if counted.write():
        print("\ndocs/reliability.md: the table of injected faults is new")
