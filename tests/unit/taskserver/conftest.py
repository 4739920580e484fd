"""A store of one's own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskstore.store import Store


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = Store(str(tmp_path / "tasks.db"))
    yield Desk(store)
    store.close()
