"""Run every test of this folder against every desk: the store in process, the embedded server over HTTP
and over stdio, and a server that does as the public one was seen to do, in both of its transports
and in its newer version."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.contract.task_server.implementations import MarkdownHands, StubHands
from tests.contract.task_server.serving import Start, Way
from tests.contract.task_server.stdio import a_start
from tests.integration.stub_server import Kind, StubServer
from tinyscheduler.adapters.embedded import EmbeddedTaskServer
from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.model.ids import TaskId
from tinyscheduler.ports.reading import TaskDesk
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store


class Office(NamedTuple):
    """A desk whose server knows no task yet, and hands that reach around it."""

    desk: TaskDesk
    archive: Callable[[TaskId], None]
    create_many: Callable[[int], None]
    """So many tasks in the queue ``dev``."""
    has_links: bool = True
    """False: a link is refused; see the tests of that desk."""
    names_every_hand: bool = True
    """False: the history knows who has made and updated a task, and no more."""


@contextmanager
def embedded(folder: Path, start: Start) -> Iterator[Office]:
    """In this process, over a file."""
    path = os.path.join(folder, "tasks.db")
    with closing(EmbeddedTaskServer(path)) as desk, closing(Store(path)) as store:
        yield over_store(desk, store)


@contextmanager
def served(folder: Path, start: Start, *, way: Way) -> Iterator[Office]:
    """Against ``serve`` in a process of its own."""
    server = start(way)
    _empty(server.database)
    desk = McpTaskDesk(server.endpoint, headers={}, timeout_s=30.0)
    with closing(desk), closing(Store(server.database)) as store:
        yield over_store(desk, store)


@contextmanager
def public(folder: Path, start: Start, *, kind: Kind = "public") -> Iterator[Office]:
    """Against a stub of the public server."""
    with StubServer(kind) as stub, closing(McpTaskDesk(stub.url, headers={}, timeout_s=30.0)) as desk:
        hands = StubHands(stub)
        create_many = partial(hands.add_many, queue="dev")
        yield Office(desk, hands.archive, create_many, names_every_hand=kind != "newer")


def over_store(desk: TaskDesk, store: Store) -> Office:
    """With hands in the store below it."""

    def archive(task_id: TaskId) -> None:
        store.archive_task(int(task_id))

    def create_many(count: int) -> None:
        store.create_tasks([NewTask(f"task {number}", "alice", queue_name="dev") for number in range(count)])

    return Office(desk, archive, create_many)


@contextmanager
def markdown(folder: Path, start: Start) -> Iterator[Office]:
    """Over real files; all but links and a history."""
    place = folder / "tasks"
    place.mkdir()
    hands = MarkdownHands(str(place))
    create_many = partial(hands.add_many, queue="dev")
    yield Office(MarkdownTaskServer(str(place)), hands.archive, create_many, has_links=False)


Implementation = Callable[[Path, Start], AbstractContextManager[Office]]

IMPLEMENTATIONS: Mapping[str, Implementation] = {
    "embedded": embedded,
    "markdown": markdown,
    "http": partial(served, way="http"),
    "stdio": partial(served, way="stdio"),
    "public": public,
    "public-sse": partial(public, kind="sse"),
    "public-newer": partial(public, kind="newer"),
}


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """One server process of each kind for all tests that want it."""
    with a_start(tmp_path_factory.mktemp("desk")) as found:
        yield found


@pytest.fixture(params=list(IMPLEMENTATIONS))
def office(request: pytest.FixtureRequest, tmp_path: Path, start: Start) -> Iterator[Office]:
    """One test's desk."""
    with IMPLEMENTATIONS[request.param](tmp_path, start) as found:
        yield found


def _empty(database: str) -> None:
    """A new server process for each test would cost a second each."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=10)) as connection:
        for table in ("comments", "links", "tasks"):
            connection.execute(f"DELETE FROM {table}")
