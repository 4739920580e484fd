"""Run every test of this folder against every desk: the store in process, and a server over HTTP."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.contract.task_server.serving import Serving, serving
from tinyscheduler.adapters.embedded import EmbeddedTaskServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.model.ids import TaskId
from tinyscheduler.ports.reading import TaskDesk
from tinyscheduler.taskstore.store import Store


class Office(NamedTuple):
    """A desk whose server knows no task yet, and the store below it."""

    desk: TaskDesk
    store: Store

    def archive(self, task_id: TaskId) -> None:
        self.store.archive_task(int(task_id))


@pytest.fixture(scope="session")
def start_serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Serving]]:
    """Start ``serve`` the first time it is asked for; it ends with the session."""
    with ExitStack() as stack:
        started: list[Serving] = []

        def start() -> Serving:
            if not started:
                started.append(stack.enter_context(serving(tmp_path_factory.mktemp("desk"))))
            return started[0]

        yield start


@pytest.fixture(params=["embedded", "http"])
def office(
    request: pytest.FixtureRequest, tmp_path: Path, start_serving: Callable[[], Serving]
) -> Iterator[Office]:
    """One test's desk."""
    with ExitStack() as stack:
        if request.param == "embedded":
            path = os.path.join(tmp_path, "tasks.db")
            desk: TaskDesk = stack.enter_context(closing(EmbeddedTaskServer(path)))
        else:
            server = start_serving()
            path = server.database
            _empty(path)
            desk = stack.enter_context(closing(McpTaskDesk(server.endpoint, headers={}, timeout_s=30.0)))
        yield Office(desk, stack.enter_context(closing(Store(path))))


def _empty(database: str) -> None:
    """A new server process for each test would cost a second each."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as connection:
        for table in ("comments", "links", "tasks"):
            connection.execute(f"DELETE FROM {table}")
