"""The adapter over the store: what is not in the contract suite."""

import os
from pathlib import Path

import pytest

from tests.unit.taskstore.builders import run_python
from tinyscheduler.adapters.embedded import EmbeddedTaskServer
from tinyscheduler.errors import ServerUnavailable, TaskNotFound
from tinyscheduler.model.ids import EMBEDDED_UNKNOWN, AgentName, QueueName, TaskId
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store

DEV = QueueName("dev")


def test_nothing_is_touched_before_the_first_call(path: str) -> None:
    """Whoever finds the pass lock busy leaves no trace."""
    server = EmbeddedTaskServer(path)
    server.close()

    assert not os.path.exists(os.path.dirname(path))


def test_source_is_the_database_whatever_its_path(path: str, store: Store, tmp_path: Path) -> None:
    store.close()
    first = EmbeddedTaskServer(path)
    source = first.source
    first.close()
    os.rename(path, tmp_path / "moved.db")

    moved, other = EmbeddedTaskServer(str(tmp_path / "moved.db")), EmbeddedTaskServer(path)

    assert source == f"embedded:{store.identity}" == moved.source
    assert other.source != source
    moved.close()
    other.close()


def test_a_read_only_server_over_nothing_is_empty_and_makes_nothing(path: str) -> None:
    server = EmbeddedTaskServer(path, read_only=True)

    assert server.source == "embedded:new"
    assert server.backlog([DEV], [AgentName("bob")], 10) == Backlog(())
    with pytest.raises(ServerUnavailable):
        server.comment(TaskId("1"), "hello", "bob")
    server.close()
    assert not os.path.exists(os.path.dirname(path))


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_store_makes_every_call_unavailable(tmp_path: Path, read_only: bool) -> None:
    """A pass still tends what needs no server, so nothing else may be raised, also not by making it."""
    path = tmp_path / "tasks.db"
    path.write_bytes(b"something else" * 1000)
    server = EmbeddedTaskServer(str(path), read_only=read_only)

    assert server.source == EMBEDDED_UNKNOWN
    for _ in range(2):
        with pytest.raises(ServerUnavailable, match="not a task database") as refused:
            server.backlog([DEV], [], 10)
        assert refused.value.hint
    with pytest.raises(ServerUnavailable):
        server.get(TaskId("1"))
    server.close()


@pytest.mark.parametrize(
    "task_id", ["", "abc", "-1", "1.0", "1_0", " 1", "\u0661", "9" * 30, "1" + "0" * 5000]
)
def test_an_id_that_is_not_a_number_is_an_id_of_no_task(path: str, task_id: str) -> None:
    server = EmbeddedTaskServer(path)

    with pytest.raises(TaskNotFound):
        server.get(TaskId(task_id))
    server.close()


def test_a_damaged_page_met_later_is_unavailable_too(path: str) -> None:
    store = Store(path)
    store.create_tasks([NewTask("x" * 500, "me", queue_name="dev") for _ in range(200)])
    store.close()
    with open(path, "r+b") as file:
        file.seek(12 * 4096)
        file.write(os.urandom(30 * 4096))
    server = EmbeddedTaskServer(path)

    with pytest.raises(ServerUnavailable, match="task store"):
        server.backlog([DEV], [], 1000)
    server.close()


def test_an_idle_look_imports_nothing_that_a_pass_cannot_afford(path: str) -> None:
    """Each of these costs 10 to 40 ms, every minute."""
    Store(path).close()
    code = """
import sys
from tinyscheduler.adapters.embedded import EmbeddedTaskServer
server = EmbeddedTaskServer(sys.argv[1])
server.backlog(["dev"], ["bob"], 100)
server.close()
dear = "asyncio filelock logging dataclasses pathlib tempfile json subprocess threading pydantic inspect"
print(*[name for name in dear.split() if name in sys.modules])
"""

    assert run_python(code, path).split() == []
