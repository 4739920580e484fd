"""Tasks out of the server's JSON, with every liberty that servers have been seen to take."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.mcp.task_rows import a_row
from tinyscheduler.adapters.mcp import task_json
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Task

THEN = datetime(2026, 11, 20, 13, 4, 20, tzinfo=UTC)


def test_a_whole_task_is_read() -> None:
    assert task_json.task_of(a_row(tags=["a", "after:1"], parent_task_id=5)) == Task(
        id=TaskId("2"),
        title="Review parser",
        status="idle",
        assigned_to="bob",  # type: ignore[arg-type]
        queue="dev",  # type: ignore[arg-type]
        priority=9,
        created_at=THEN,
        updated_at=THEN + timedelta(seconds=1),
        created_by="alice",
        tags=("a", "after:1"),
        parent_id=TaskId("5"),
        blocked_by=TaskId("1"),
        is_blocked=True,
    )


def test_what_an_older_server_does_not_send_is_neutral() -> None:
    """The 12 fields of tinytask-mcp, with its times."""
    task = task_json.task_of({"id": 1, "title": "t", "status": "idle", "created_at": "2026-11-20 13:04:20"})

    assert task == Task(
        id=TaskId("1"), title="t", status="idle", assigned_to=None, queue=None, priority=0,
        created_at=THEN, updated_at=THEN,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, "7"),
        ("7", "7"),
        (7.0, "7"),
        ("20261120_01", "20261120_01"),
        ("a-b.c", "a-b.c"),
        (2**70, str(2**70)),
    ],
)
def test_an_id_may_be_a_number_or_text(value: object, expected: str) -> None:
    assert task_json.task_of(a_row(id=value)).id == expected


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1, 7.5, "", "..", "../x", "a/b", ".x", "a b", "ä", "x" * 101, "a\n", [], {}, "-"],
)
def test_an_id_that_could_not_be_a_file_name_makes_the_task_unreadable(value: object) -> None:
    with pytest.raises(ServerUnavailable, match="id"):
        task_json.task_of(a_row(id=value))


@pytest.mark.parametrize("value", [None, "", "null"])
def test_nobody_is_written_in_three_ways(value: object) -> None:
    task = task_json.task_of(a_row(assigned_to=value, previous_assigned_to=value))

    assert (task.assigned_to, task.previous_assigned_to) == (None, None)


@pytest.mark.parametrize("value", [" bob ", "Bob", "NULL", "none"])
def test_another_spelling_is_another_agent(value: str) -> None:
    """Names are not trimmed and are case-sensitive on the server."""
    assert task_json.task_of(a_row(assigned_to=value)).assigned_to == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (9, 9), (1.5, 1.5), (-3, -3), ("7", 7), (" 7.5 ", 7.5), (True, 1), (None, 0), ("high", 0), ("", 0),
        (float("nan"), 0), (float("inf"), 0), ("nan", 0), ("1e999", 0), (10**400, 0), ([], 0), ({}, 0),
    ],
)  # fmt: skip
def test_a_priority_is_a_number_or_nothing(value: object, expected: float) -> None:
    assert task_json.task_of(a_row(priority=value)).priority == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, ()), ("a,b", ()), ({}, ()), (5, ()), (["a", None, 5, "", ["x"], "b"], ("a", "5", "b"))],
)
def test_tags_are_a_list_of_text_or_nothing(value: object, expected: tuple[str, ...]) -> None:
    assert task_json.task_of(a_row(tags=value)).tags == expected


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-20T13:04:20Z",
        "2026-11-20 13:04:20",
        "2026-11-20T13:04:20.000+00:00",
        "2026-11-20T15:04:20+02:00",
    ],
)
def test_times_come_in_several_spellings_and_are_utc(value: str) -> None:
    task = task_json.task_of(a_row(created_at=value))

    assert (task.created_at, task.created_at.utcoffset()) == (THEN, timedelta(0))


@pytest.mark.parametrize(
    "value", [None, "", "yesterday", 1795179860, "0001-01-01T00:00:00+14:00", [], "2026-13-01"]
)
def test_without_a_time_of_creation_the_task_is_unreadable(value: object) -> None:
    """It is what tells a task from another one of the same id on a new server."""
    with pytest.raises(ServerUnavailable, match="created_at"):
        task_json.task_of(a_row(created_at=value))


@pytest.mark.parametrize("value", [None, "IDLE", "done", 5, [], {}])
def test_a_status_nobody_knows_makes_the_task_unreadable(value: object) -> None:
    with pytest.raises(ServerUnavailable, match="status"):
        task_json.task_of(a_row(status=value))


def test_updated_falls_back_to_created_and_archived_stays_archived() -> None:
    task = task_json.task_of(a_row(updated_at="?", archived_at="some time"))

    assert (task.updated_at, task.archived_at) == (THEN, THEN)


@pytest.mark.parametrize(
    ("said", "blocker", "expected"),
    [
        (True, 1, True), (False, 1, False), (1, 1, True), (0, 1, False), (None, 1, True), (None, None, False),
        ([], None, True),
    ],
)  # fmt: skip
def test_a_blocker_blocks_unless_the_server_says_it_does_not(
    said: object, blocker: object, expected: bool
) -> None:
    """Unknown starts nothing (law 4)."""
    task = task_json.task_of(a_row(is_currently_blocked=said, blocked_by_task_id=blocker))

    assert task.is_blocked is expected


@pytest.mark.parametrize("text", ["a\u2028b", "a\u0085b", "a\x00b", "😀"])
def test_unusual_letters_survive(text: str) -> None:
    assert task_json.task_of(a_row(title=text)).title == text


def test_half_a_surrogate_pair_is_replaced_so_that_the_title_can_be_written() -> None:
    row = json.loads('{"title": "a\\ud800b"}')

    task_json.task_of(a_row(**row)).title.encode()


@pytest.mark.parametrize(
    ("task_id", "expected"), [("7", 7), ("007", "007"), ("a", "a"), ("²", "²"), ("9" * 5000, "9" * 5000)]
)
def test_an_id_is_sent_as_a_number_where_it_is_one(task_id: str, expected: object) -> None:
    assert task_json.id_argument(TaskId(task_id)) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(row=st.fixed_dictionaries(dict.fromkeys(a_row(), json_values)) | json_values)
def test_no_row_raises_and_every_row_is_counted(row: object) -> None:
    rows = task_json.rows_of([row])

    assert rows.received == 1


@given(
    fields=st.dictionaries(st.sampled_from(sorted({*a_row()} - {"id", "status", "created_at"})), json_values)
)
def test_with_id_status_and_creation_any_task_is_readable_and_can_be_written(
    fields: dict[str, object],
) -> None:
    task = task_json.task_of(a_row(**fields))

    json.dumps([task.title, task.tags, task.priority], allow_nan=False, ensure_ascii=False).encode()
