"""Whatever a tool is given: an answer or a refusal, never a bug, and on a refusal nothing has changed."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinyscheduler.taskserver.tools import TOOLS, answer
from tinyscheduler.taskstore.rows import NewLink, NewTask
from tinyscheduler.taskstore.store import Store

ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-1, 5)
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["1", "2", "", " ", "null", "idle", "working", "dev", "bob", "1e400", "9" * 30])
    | st.sampled_from([10**30, 10**400, -(10**400)]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FITTING = {
    "string": st.sampled_from(["bob", "sue", "dev", "", "null", "idle", "x" * 300, "\ud800", "a\nb\x00"]),
    "number": st.integers(-1, 6) | st.sampled_from(["3", 2**63, -(2**80), 10**400, 1.5]),
    "boolean": st.booleans(),
    "array": st.lists(st.text(max_size=5), max_size=3),
}


@st.composite
def calls(draw: st.DrawFn, tool: str) -> dict[str, object]:
    """Mostly nearly right: what is plainly wrong is refused before it meets the store."""
    found: dict[str, object] = {}
    for argument in TOOLS[tool].arguments:
        kind = argument.kind.schema.get("type", "string")
        fitting = FITTING[kind[0] if isinstance(kind, list) else str(kind)]
        if argument.is_required or draw(st.booleans()):
            found[argument.name] = draw(st.one_of(fitting, fitting, fitting, ANY))
    if draw(st.integers(0, 9)) == 0:
        found[draw(st.text(max_size=8))] = draw(ANY)
    return found


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
