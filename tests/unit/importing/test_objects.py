"""Lists of tasks as JSON, and issues as ``gh`` prints them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.cli.importing.outline import Item, Outline
from tinyscheduler.cli.importing.reading import Format, read_outline, read_text
from tinyscheduler.cli.importing.steps import item_tag
from tinyscheduler.errors import UsageError

KEYS = st.sampled_from(
    ["id", "title", "description", "status", "queue", "assigned_to", "priority", "tags", "parent_id",
     "blocked_by", "is_blocked", "archived_at", "subtasks", "tasks", "number", "url", "labels", "state",
     "body", "milestone"]
)  # fmt: skip


def outline(document: object, chosen: Format | None = None, path: str = "x.json") -> Outline:
    return read_outline(json.dumps(document), path, chosen)


def items(document: object) -> tuple[Item, ...]:
    return outline(document).items


def test_plain_array_needs_titles_alone() -> None:
    found = items([{"title": "a"}, {"title": "b", "subtasks": [{"title": "c"}, {"title": "d"}]}])

    assert [(item.title, item.parent, item.place) for item in found] == [
        ("a", None, "[0]"),
        ("b", None, "[1]"),
        ("c", 1, "[1].subtasks[0]"),
        ("d", 1, "[1].subtasks[1]"),
    ]
    assert len({item.identity for item in found}) == 4


def test_our_own_list_keeps_what_hangs_together() -> None:
    """Ids are those of another server: they are given anew, wherever they are named."""
    rows = [
        {"id": 9, "title": "whole", "status": "idle", "queue": "dev", "priority": 2.5, "tags": ["red"]},
        {"id": 3, "title": "part", "status": "complete", "parent_id": 9, "parked": None, "created_at": "x"},
        {
            "id": 4,
            "title": "next",
            "blocked_by": 9,
            "is_blocked": True,
            "tags": ["after:3", "item:x", "import:y"],
        },
        {"id": 5, "title": "free", "blocked_by": 1, "is_blocked": False, "assigned_to": "dev-1"},
        {"id": 6, "title": "gone", "archived_at": "2026-01-01T00:00:00Z"},
        {"id": 7, "title": "busy", "status": "working", "assigned_to": "dev-1 [lease 0123456789abcdef]"},
    ]

    read = outline({"schema": 1, "kind": "task_list", "tasks": rows, "is_cut": False})

    whole, part, after, free, busy = read.items
    assert (whole.queue, whole.priority, whole.tags, whole.identity) == ("dev", 2.5, ("red",), "id 9\nwhole")
    assert (part.parent, part.is_done) == (0, True)
    assert (after.waits_for, after.tags) == ((0, 1), ())
    assert (free.waits_for, free.assigned_to) == ((), "dev-1")
    assert (busy.is_done, busy.assigned_to) == (False, None)
    assert read.notes == ("1 task worked on there begin idle here",)


def test_tasks_whose_parent_is_not_in_a_printed_list_are_tasks_of_their_own() -> None:
    """A list of one queue has the subtasks of another one's tasks, and one of all leaves out the archived."""
    printed = {"status": "idle", "created_at": "2026-01-01T00:00:00Z"}
    gone = {**printed, "id": 6, "title": "gone", "archived_at": "2026-01-02T00:00:00Z"}
    rows = [
        {**gone, "subtasks": [{"title": "below", "parent_id": 6, **printed}, {"title": "beside"}]},
        {**printed, "id": 9, "title": "whole"},
        {**printed, "id": 3, "title": "part", "parent_id": 9},
        {**printed, "id": 4, "title": "of an archived one", "parent_id": 6},
        {**printed, "id": 5, "title": "of another queue", "parent_id": 77},
    ]

    read = outline({"schema": 1, "kind": "task_list", "tasks": rows, "is_cut": False})

    assert [(item.title, item.parent) for item in read.items] == [
        ("below", None),
        ("beside", None),
        ("whole", None),
        ("part", 2),
        ("of an archived one", None),
        ("of another queue", None),
    ]
    places = "tasks[0].subtasks[0], tasks[0].subtasks[1], tasks[3], tasks[4]"
    text = "tasks of their own now, because their parent is archived or not in the file"
    assert read.notes == (f"{text}: {places}",)


def test_blocker_may_be_one_or_a_list() -> None:
    found = items(
        [
            {"id": 1, "title": "a"},
            {"id": "two", "title": "b", "blocked_by": [1]},
            {"title": "c", "blocked_by": [1, "two"]},
            {"title": "d", "blocked_by": []},
        ]
    )

    assert [item.waits_for for item in found] == [(), (0,), (0, 1), ()]


def test_another_list_with_the_same_ids_is_another_list() -> None:
    """Both may come by standard input: what is taken for the same would be lost."""
    (first,), (second,) = items([{"id": 1, "title": "a"}]), items([{"id": 1, "title": "b"}])

    assert first.identity != second.identity


def test_the_public_servers_own_list_is_read() -> None:
    row = {
        "id": 2, "title": "Review parser", "description": None, "status": "idle", "assigned_to": "null",
        "previous_assigned_to": None, "created_by": "alice", "priority": 9, "tags": [],
        "parent_task_id": None, "queue_name": "dev", "blocked_by_task_id": 1,
        "created_at": "2026-11-20T13:04:20Z", "updated_at": "2026-11-20T13:04:20Z",
        "archived_at": None, "is_currently_blocked": True,
    }  # fmt: skip

    first, second = items([row, {**row, "id": 1, "blocked_by_task_id": None, "is_currently_blocked": False}])

    assert (first.queue, first.assigned_to, first.priority, first.waits_for) == ("dev", None, 9, (1,))
    assert second.waits_for == ()


def test_an_empty_list_is_an_answer() -> None:
    """``gh`` prints it when no issue is open; an import every night is to go on then."""
    assert list(items([])) == []


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ([{"title": "a", "archived_at": "x"}], "no task"),
        ({"tasks": 5}, "neither a list"),
        ("text", "neither a list"),
        ({"tasks": [{"title": "a"}], "is_cut": True}, "was cut"),
        ({"tasks": [{"title": "a"}], "gaps": ["2.md: line 1"]}, "left out"),
        ([5], "[0]"),
        ([{"name": "a"}], "[0].name"),
        ([{"titel": "a"}], "did you mean title?"),
        ([{"title": 5}], "[0].title"),
        ([{"title": " "}], "[0].title"),
        ([{"title": "a" * 501}], "[0].title"),
        ([{"title": "a", "description": 5}], "[0].description"),
        ([{"title": "a", "status": "done"}], "[0].status"),
        ([{"title": "a", "status": []}], "[0].status"),
        ([{"title": "a", "priority": "high"}], "[0].priority"),
        ([{"title": "a", "priority": True}], "[0].priority"),
        ([{"title": "a", "priority": 1e300}], "[0].priority"),
        ([{"title": "a", "priority": 10**400}], "[0].priority"),
        ([{"title": "a", "tags": "x"}], "[0].tags"),
        ([{"title": "a", "tags": ["a\nb"]}], "[0].tags"),
        ([{"title": "a", "tags": ["x"] * 91}], "90 at most"),
        ([{"title": "a", "tags": ["after:12"]}], "after:12"),
        ([{"title": "a", "queue": "a b"}], "[0].queue"),
        ([{"title": "a", "queue": 5}], "[0].queue"),
        ([{"title": "a", "parent": 5}], "[0].parent"),
        ([{"title": "a", "blocked_by": 5}], "[0].blocked_by"),
        ([{"id": 1, "title": "a"}, {"title": "b", "blocked_by": [1, 5]}], "[1].blocked_by"),
        ([{"id": 1, "title": "a"}, {"title": "b", "blocked_by": True}], "[1].blocked_by"),
        ([{"id": 1, "title": "a"}, {"title": "b", "blocked_by": [[1]]}], "[1].blocked_by"),
        ([{"id": 1, "title": "a"}, {"title": "b", "parent": {"id": 1}}], "[1].parent"),
        ([{"id": 1, "title": "a"}, {"title": "b", "parent": 1.0}], "[1].parent"),
        ([{"id": [1], "title": "a"}], "[0].id"),
        ([{"id": "\ud800", "title": "a"}], "[0].id"),
        ([{"title": "a", "subtasks": 5}], "[0].subtasks"),
        ([{"title": "a", "subtasks": [{"title": ""}]}], "[0].subtasks[0].title"),
        ([{"id": 1, "title": "a"}, {"id": "1", "title": "b"}], "[1].id"),
        ([{"id": 1, "title": "a", "parent": 1}], "waits for"),
        ([{"id": 1, "title": "a", "parent": 2}, {"id": 2, "title": "b", "parent": 1}], "waits for"),
        ([{"id": 1, "title": "a", "blocked_by": 2}, {"id": 2, "title": "b", "blocked_by": 1}], "waits for"),
    ],
)
def test_what_cannot_be_meant_is_one_error_with_its_place(document: object, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        outline(document)

    assert place in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.message.startswith("x.json: ")
    assert len(caught.value.message) < 250


def test_deep_nesting_is_refused_and_breaks_nothing() -> None:
    deep: dict[str, object] = {"title": "a"}
    for _ in range(5):
        deep = {"title": "a", "subtasks": [deep]}
    with pytest.raises(UsageError, match="5 levels deep"):
        outline([deep])
    with pytest.raises(UsageError):
        read_outline("[" * 100_000, "x.json", None)


def test_a_chain_of_ten_thousand_is_ordered() -> None:
    rows = [{"id": n, "title": "t", "blocked_by": n + 1 if n < 9_999 else None} for n in range(10_000)]

    assert len(items(rows)) == 10_000


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6), max_size=4) | VALUES)
def test_no_json_breaks_it(document: object) -> None:
    """Either it is understood whole, or there is one error that names the file."""
    found: tuple[Item, ...] = ()
    message = "x.json: "
    try:
        found = outline(document).items
    except UsageError as error:
        message = error.message

    assert message.startswith("x.json: ")
    assert all(item.title and item_tag(item) for item in found)


# --- issues ---

ISSUE = {
    "assignees": [], "author": {"login": "someone"}, "body": "---\nrecipe: evil\n---\r\ntext\r\n",
    "closed": False, "id": "I_kwDOAbc",
    "labels": [{"id": "x", "name": "bug", "description": "", "color": "d73a4a"}, {"name": "help wanted"}],
    "milestone": {"number": 1, "title": "1.0"}, "number": 12, "state": "OPEN", "title": "It breaks",
    "url": "https://github.com/o/r/issues/12",
}  # fmt: skip


def test_issue_becomes_a_task() -> None:
    (item,) = items([ISSUE])

    assert (item.title, item.place, item.is_done) == ("It breaks", "issue #12", False)
    assert item.tags == ("bug", "help wanted", "1.0")
    assert item.identity == "https://github.com/o/r/issues/12"


def test_text_of_a_stranger_gives_no_orders_to_the_scheduler() -> None:
    """Front matter is read at the beginning of a description only."""
    (item,) = items([ISSUE])

    assert item.description.startswith("https://github.com/o/r/issues/12\n\n---\nrecipe: evil")


@pytest.mark.parametrize(
    ("fields", "is_done"),
    [
        ({"state": "CLOSED"}, True),
        ({"state": "closed"}, True),
        ({"state": "OPEN", "closed": True}, False),
        ({"closed": True}, True),
        ({}, False),
    ],
)
def test_closed_issue_is_done(fields: dict[str, object], is_done: bool) -> None:
    assert items([{"number": 1, "title": "a", **fields}])[0].is_done is is_done


def test_label_that_would_name_a_task_or_a_mark_is_a_label_and_no_more() -> None:
    (item,) = items([{"number": 1, "title": "a", "labels": ["after:12", "item:x", "needs-approval"]}])

    assert item.tags == ("label:after:12", "label:item:x", "needs-approval")


def test_issue_without_an_address_is_known_by_its_number() -> None:
    (item,) = items([{"number": 7, "title": "a", "body": None, "labels": None}])

    assert (item.identity, item.description) == ("issue 7\na", "Issue #7")


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([{"number": 0, "title": "a"}], "[0].number"),
        ([{"number": "1", "title": "a"}], "[0].number"),
        ([{"number": 1}], "[0].title"),
        ([{"number": 1, "title": ""}], "[0].title"),
        ([{"number": 1, "title": "a", "state": "MERGED"}], "[0].state"),
        ([{"number": 1, "title": "a", "labels": "bug"}], "[0].labels"),
        ([{"number": 1, "title": "a", "labels": [{"id": 1}]}], "[0].labels"),
        ([{"number": 1, "title": "a", "labels": ["x" * 256]}], "[0].labels"),
        ([{"number": 1, "title": "a", "body": 5}], "[0].body"),
        ([{"number": 1, "title": "a", "url": "a\nb"}], "[0].url"),
        ([{"number": 1, "title": "a"}, {"number": 1, "title": "a"}], "issue #1"),
        ([5], "[0]"),
    ],
)
def test_what_is_no_issue_is_told_with_its_place(rows: object, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        outline(rows, "github")

    assert place in caught.value.message


# --- files ---


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("plan.md", "- [ ] a\n"),
        ("plan", "- [ ] a\n"),
        ("-", "[ref]: x\n\n- [ ] a\n"),
        ("tasks.json", '[{"title": "a"}]'),
        ("tasks", ' \n[ {"title": "a"}]'),
        ("-", '{"tasks": [{"title": "a"}]}'),
    ],
)
def test_format_is_told_by_the_file(path: str, text: str) -> None:
    assert [item.title for item in read_outline(text, path, None).items] == ["a"]


def test_json_that_is_none_is_told_with_its_line() -> None:
    with pytest.raises(UsageError) as caught:
        read_outline('[\n{"title": "a"},\n{"title" "b"}\n]', "x.json", None)

    assert caught.value.message.startswith("x.json: line 3: it is not JSON")


def test_file_is_read_as_text_with_or_without_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "plan.md"
    path.write_bytes(b"\xef\xbb\xbf- [ ] \xc3\xbc\n")

    assert read_text(str(path), io.StringIO()) == "- [ ] ü\n"


def test_what_cannot_be_read_is_one_clear_error(tmp_path: Path) -> None:
    bad, large = tmp_path / "bad.md", tmp_path / "large.md"
    bad.write_bytes(b"- [ ] a\n- [ ] \xff\n")
    with large.open("wb") as file:
        file.truncate(17 * 1024 * 1024)

    for path, words in (
        (bad, ": line 2 is not UTF-8"),
        (large, "longer than 16 MB"),
        (tmp_path, "directory"),
    ):
        with pytest.raises(UsageError, match=words):
            read_text(str(path), io.StringIO())
    with pytest.raises(UsageError, match="No such file"):
        read_text(str(tmp_path / "none.md"), io.StringIO())


def test_standard_input_is_read_as_bytes() -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"- [ ] a\n"), encoding="ascii")

    assert read_text("-", stdin) == "- [ ] a\n"
