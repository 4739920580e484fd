"""A store that is full takes no new tasks (features D14)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tinyscheduler.adapters.embedded import EmbeddedTaskServer
from tinyscheduler.errors import ServerRefused
from tinyscheduler.model.desk import TaskDraft
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store


def a_task(title: str = "work") -> NewTask:
    return NewTask(title=title, created_by="alice", queue_name="dev")


def test_one_task_more_than_may_wait_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with closing(Store(str(tmp_path / "tasks.db"), depth_max=2)) as store:
        store.create_task(a_task())
        store.create_task(a_task())

        with pytest.raises(ServerRefused, match="The queues are full: 2 tasks wait") as refused:
            store.create_task(a_task())

        assert "TINYSCHEDULER_MAX_QUEUE_DEPTH" in refused.value.hint
        assert store.task_with_relations(2).task.id == 2


def test_what_runs_is_complete_or_archived_takes_no_room(tmp_path: Path) -> None:
    with closing(Store(str(tmp_path / "tasks.db"), depth_max=1)) as store:
        for changes in ({"status": "working"}, {"status": "complete"}):
            task = store.create_task(a_task())
            store.update_task(task.id, changes)  # type: ignore[arg-type]

        assert store.create_task(a_task()).status == "idle"


def test_many_at_once_are_all_taken_or_none(tmp_path: Path) -> None:
    with closing(Store(str(tmp_path / "tasks.db"), depth_max=2)) as store:
        with pytest.raises(ServerRefused):
            store.create_tasks([a_task()] * 3)

        assert len(store.create_tasks([a_task()] * 2)) == 2


def test_the_embedded_server_says_so_too(tmp_path: Path) -> None:
    with closing(EmbeddedTaskServer(str(tmp_path / "tasks.db"), depth_max=1)) as server:
        server.add(TaskDraft(title="one", created_by="alice"))

        with pytest.raises(ServerRefused, match="queues are full"):
            server.add(TaskDraft(title="two", created_by="alice"))
