"""What the suite runs against: every TaskServer there is, each with a way to arrange its tasks.

A new implementation adds a function to ``IMPLEMENTATIONS``. It is entered for each test and gives a
``House`` whose server knows no task yet.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import NamedTuple, Protocol

from tests.contract.task_server.serving import Start, Way
from tests.fakes.task_server import FakeTaskServer
from tests.integration.stub_server import Kind, StubServer
from tinyscheduler.adapters.embedded import EmbeddedTaskServer
from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.model.desk import TaskDraft
from tinyscheduler.model.ids import TaskId
from tinyscheduler.ports import TaskServer
from tinyscheduler.taskstore.as_model import new_task_of
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store


class Hands(Protocol):
    """How people reach into one server."""

    def add(self, draft: TaskDraft) -> TaskId: ...

    def add_many(self, count: int, queue: str) -> None: ...

    def archive(self, task_id: TaskId) -> None: ...


class Arrange:
    """What people do on the server before and while the scheduler looks."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self.archive = hands.archive

    def create(
        self,
        title: str = "a task",
        *,
        queue: str | None = None,
        assigned_to: str | None = None,
        priority: float = 0,
        description: str = "",
        tags: tuple[str, ...] = (),
        parent: TaskId | None = None,
        blocked_by: TaskId | None = None,
    ) -> TaskId:
        """A person's task."""
        draft = TaskDraft(
            title, "a-person", description, queue, assigned_to, priority, tags, parent, blocked_by
        )
        return self._hands.add(draft)

    def create_many(self, count: int, *, queue: str) -> None:
        """Tasks that are in a queue, and nothing else."""
        self._hands.add_many(count, queue)


class House(NamedTuple):
    """One server under test."""

    server: TaskServer
    another: Callable[[], TaskServer]
    """One more client of the same server, for races."""
    arrange: Arrange
    has_times: bool = True
    """False: of a change it knows the time of the file, which a comment moves as well."""
    makes_once: bool = True
    """False: it knows nothing of that, and makes another one."""


class _FakeHands:
    def __init__(self, fake: FakeTaskServer) -> None:
        self._fake = fake
        self.archive = fake.archive

    def add(self, draft: TaskDraft) -> TaskId:
        fields = draft._asdict()
        del fields["once_by"]
        return self._fake.create(**fields)

    def add_many(self, count: int, queue: str) -> None:
        for number in range(count):
            self._fake.create(f"task {number}", queue=queue)


class StoreHands:
    """Through the store below the server."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, draft: TaskDraft) -> TaskId:
        return TaskId(str(self._store.create_task(new_task_of(draft)).id))

    def add_many(self, count: int, queue: str) -> None:
        self._store.create_tasks(
            [NewTask(f"task {number}", "a-person", queue_name=queue) for number in range(count)]
        )

    def archive(self, task_id: TaskId) -> None:
        self._store.archive_task(int(task_id))


class MarkdownHands:
    """Through the commands, and by files where there are many."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._desk = MarkdownTaskServer(folder)

    def add(self, draft: TaskDraft) -> TaskId:
        return self._desk.add(draft).id

    def add_many(self, count: int, queue: str) -> None:
        for number in range(1, count + 1):
            with open(f"{self._folder}/{number}-task.md", "w", encoding="utf-8") as file:
                file.write(f"---\nqueue: {queue}\n---\n")

    def archive(self, task_id: TaskId) -> None:
        self._desk.archive(task_id)


@contextmanager
def fake(folder: str, start: Start) -> Iterator[House]:
    """In memory."""
    server = FakeTaskServer()
    yield House(server, lambda: server, Arrange(_FakeHands(server)))


@contextmanager
def embedded(folder: str, start: Start) -> Iterator[House]:
    """In this process, over a file; another client is another connection."""
    path = os.path.join(folder, "tasks.db")
    opened: list[EmbeddedTaskServer] = []

    def another() -> TaskServer:
        opened.append(EmbeddedTaskServer(path))
        return opened[-1]

    store = Store(path)
    try:
        yield House(another(), another, Arrange(StoreHands(store)))
    finally:
        store.close()
        for server in opened:
            server.close()


@contextmanager
def served(folder: str, start: Start, *, way: Way) -> Iterator[House]:
    """The MCP client against ``serve`` in a process of its own."""
    process = start(way)
    _empty(process.database)
    opened: list[TaskServer] = []

    def another() -> TaskServer:
        opened.append(McpTaskServer(process.endpoint, budget_s=50.0))
        return opened[-1]

    store = Store(process.database)
    try:
        yield House(another(), another, Arrange(StoreHands(store)))
    finally:
        store.close()
        for server in opened:
            server.close()


class StubHands:
    """Straight into the store of a stub of the public server."""

    def __init__(self, stub: StubServer) -> None:
        self._stub = stub

    def add(self, draft: TaskDraft) -> TaskId:
        new = new_task_of(draft)._asdict()
        with self._stub.lock:
            return TaskId(str(self._stub.store.create({**new, "tags": list(draft.tags)})["id"]))

    def add_many(self, count: int, queue: str) -> None:
        for number in range(count):
            self.add(TaskDraft(f"task {number}", "a-person", queue=queue))

    def archive(self, task_id: TaskId) -> None:
        self._stub.store.archive(int(task_id))


@contextmanager
def public(folder: str, start: Start, *, kind: Kind = "public") -> Iterator[House]:
    """The MCP client against a server that does as the public one was seen to do."""
    opened: list[TaskServer] = []
    with StubServer(kind) as stub:

        def another() -> TaskServer:
            opened.append(McpTaskServer(stub.url, budget_s=50.0))
            return opened[-1]

        try:
            yield House(another(), another, Arrange(StubHands(stub)), makes_once=False)
        finally:
            for server in opened:
                server.close()


@contextmanager
def markdown(folder: str, start: Start) -> Iterator[House]:
    """Real files; another client is another reader and writer of the same folder."""
    place = os.path.join(folder, "tasks")
    os.mkdir(place)

    def another() -> TaskServer:
        return MarkdownTaskServer(place)

    yield House(another(), another, Arrange(MarkdownHands(place)), has_times=False)


def _empty(database: str) -> None:
    """A new server process for each test would cost a second each."""
    connection = sqlite3.connect(database, isolation_level=None, timeout=10)
    for table in ("comments", "links", "tasks"):
        connection.execute(f"DELETE FROM {table}")
    connection.close()


Implementation = Callable[[str, Start], AbstractContextManager[House]]
"""Gets a folder of its own and a function that starts ``serve`` (once for the whole session)."""

IMPLEMENTATIONS: Mapping[str, Implementation] = {
    "fake": fake,
    "embedded": embedded,
    "http": partial(served, way="http"),
    "stdio": partial(served, way="stdio"),
    "markdown": markdown,
    "public": public,
    "public-sse": partial(public, kind="sse"),
    "public-newer": partial(public, kind="newer"),
}
