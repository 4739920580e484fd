"""The counts of the long tests."""

import pytest

from tests.integration.faults.figures import Figures


@pytest.fixture
def figures() -> Figures:
    """What ``make soak`` prints into the documentation."""
    return Figures()
