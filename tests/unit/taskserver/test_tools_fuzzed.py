"""Whatever a tool is given: an answer or a refusal, never a bug, and on a refusal nothing has changed."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.strategies.tool_calls import calls
from tinyscheduler.taskserver.tools import TOOLS, answer
from tinyscheduler.taskstore.rows import NewLink, NewTask
from tinyscheduler.taskstore.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = Store(str(tmp_path_factory.mktemp("fuzz") / "tasks.db"))
    # Thousands of tasks are made; nothing here is about power cuts.
    opened.hold()
    yield opened
    opened.close()


def arrange(store: Store) -> None:
    """A family, a circle's beginning, remarks."""
    store.write(lambda c, _: [c.execute(f"DELETE FROM {table}") for table in TABLES])
    first = store.create_task(NewTask("one", "me", queue_name="dev", assigned_to="bob"))
    child = store.create_task(NewTask("two", "me", parent_task_id=first.id))
    store.create_task(NewTask("three", "me", blocked_by_task_id=child.id, queue_name="dev"))
    store.add_comment(first.id, "said", "bob")
    store.add_link(first.id, NewLink("x"))


TABLES = ("comments", "links", "history", "tasks", "sqlite_sequence")


def contents(store: Store) -> str:
    """Straight from the file."""
    with closing(sqlite3.connect(f"file:{Path(store.path)}?mode=ro", uri=True)) as connection:
        return "\n".join(connection.iterdump())


@pytest.mark.parametrize("tool", list(TOOLS))
def test_any_arguments_are_answered_or_refused(store: Store, tool: str) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(calls(tool))
    def play(arguments: dict[str, object]) -> None:
        arrange(store)
        before = contents(store)

        said = answer(store, tool, arguments)

        said.text.encode()
        json.dumps(said.structured)
        assert said.refusal is None or said.refusal.code != "internal", said.text
        assert "Traceback" not in said.text
        if said.refusal is not None:
            assert contents(store) == before

    play()
