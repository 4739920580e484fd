"""What every desk promises to the rest of ``task`` and to ``report``: moves, links, archive, finer lists."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.task_desk.conftest import Office
from tinyscheduler.errors import NotAssigned, TaskNotFound
from tinyscheduler.model.desk import NewLink, RemarkCounts, TaskDraft, TaskEdit, TaskQuery
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.task import Task

DEV, QA = AgentName("dev-1"), AgentName("qa-1")


def add(office: Office, title: str, draft: TaskDraft | None = None) -> Task:
    """``draft``: what it says besides its title."""
    return office.desk.add((draft or a_draft())._replace(title=title))


def a_draft(**more: Any) -> TaskDraft:
    return TaskDraft("a task", "alice", queue="dev")._replace(**more)


def titles(office: Office, query: TaskQuery) -> list[str]:
    return [task.title for task in office.desk.find(query).tasks]


def arrange_tree(office: Office) -> tuple[Task, Task]:
    whole = add(office, "whole", a_draft(tags=("plan", "red")))
    part = add(office, "part", a_draft(parent=whole.id, description="Mind the STRASSE", tags=("plan",)))
    add(office, "blocked part", a_draft(parent=whole.id, blocked_by=part.id))
    add(office, "other", a_draft(created_by="bob"))
    return whole, part


def test_list_is_of_a_parent_or_of_the_top(office: Office) -> None:
    whole, _ = arrange_tree(office)

    assert titles(office, TaskQuery(parent=whole.id)) == ["part", "blocked part"]
    assert titles(office, TaskQuery(parent=TaskId(""))) == ["whole", "other"]
    assert titles(office, TaskQuery(parent=TaskId("99"))) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (TaskQuery(tags=("plan",)), ["whole", "part"]),
        (TaskQuery(tags=("red", "plan")), ["whole"]),
        (TaskQuery(tags=("pla",)), []),
        (TaskQuery(text="PART"), ["part", "blocked part"]),
        (TaskQuery(text="straße"), ["part"]),
        (TaskQuery(text="%"), []),
        (TaskQuery(is_blocked=True), ["blocked part"]),
        (TaskQuery(is_blocked=False), ["whole", "part", "other"]),
        (TaskQuery(created_by="bob"), ["other"]),
        (TaskQuery(tags=("plan",), text="part", is_blocked=False), ["part"]),
    ],
)
def test_list_is_of_what_is_said(office: Office, query: TaskQuery, expected: list[str]) -> None:
    arrange_tree(office)

    assert titles(office, query) == expected


def test_what_is_complete_is_blocked_by_nothing(office: Office) -> None:
    _, part = arrange_tree(office)
    blocked = office.desk.find(TaskQuery(is_blocked=True)).tasks[0]

    office.desk.change(blocked.id, TaskEdit(status="complete"))

    assert titles(office, TaskQuery(is_blocked=True)) == []
    assert part.status == "idle"


def test_pages_follow_one_another(office: Office) -> None:
    for number in range(5):
        add(office, f"task {number}")
    query = TaskQuery(limit=2)

    pages = [office.desk.find(query._replace(offset=offset)) for offset in (0, 2, 4, 6)]

    found = [[task.title for task in page.tasks] for page in pages]
    assert found == [["task 0", "task 1"], ["task 2", "task 3"], ["task 4"], []]
    assert [page.is_cut for page in pages] == [True, True, False, False]


def test_subtask_becomes_a_task_of_its_own(office: Office) -> None:
    _, part = arrange_tree(office)

    answer = office.desk.change(part.id, TaskEdit(parent=TaskId("")))

    assert answer.parent_id is None
    assert office.desk.get(part.id).task.parent_id is None


def test_subtask_becomes_one_of_its_own_and_is_changed_at_once(office: Office) -> None:
    _, part = arrange_tree(office)

    answer = office.desk.change(part.id, TaskEdit(parent=TaskId(""), title="alone"))

    assert (answer.parent_id, answer.title) == (None, "alone")


def test_move_hands_on_what_the_owner_has(office: Office) -> None:
    made = add(office, "a task", a_draft(assigned_to=DEV))
    office.desk.change(made.id, TaskEdit(status="working"))

    moved = office.desk.move(made.id, current=DEV, new=QA, comment="please test")

    seen = office.desk.get(made.id)
    assert seen.task == moved
    assert (moved.status, moved.assigned_to, moved.previous_assigned_to) == ("idle", QA, DEV)
    assert [(comment.text, comment.author) for comment in seen.comments] == [("please test", DEV)]


def test_move_of_what_somebody_else_has_changes_nothing(office: Office) -> None:
    made = add(office, "a task", a_draft(assigned_to=DEV))

    with pytest.raises(NotAssigned):
        office.desk.move(made.id, current=QA, new=DEV, comment="mine")

    seen = office.desk.get(made.id)
    assert (seen.task.assigned_to, seen.comments) == (DEV, ())


def test_archived_task_is_in_no_list_but_one_that_asks_for_it(office: Office) -> None:
    made = add(office, "old")
    add(office, "new")

    archived = office.desk.archive(made.id)
    again = office.desk.archive(made.id)

    assert archived.archived_at is not None
    assert again.archived_at is not None
    assert office.desk.get(made.id).task.archived_at is not None
    assert titles(office, TaskQuery()) == ["new"]
    assert titles(office, TaskQuery(includes_archived=True)) == ["old", "new"]


def test_links_come_with_the_task_oldest_first(office: Office) -> None:
    if not office.has_links:
        pytest.skip("this desk leaves links to people")
    made = add(office, "a task")

    first = office.desk.link(made.id, NewLink("https://example.org/pull/1", "alice", "the change"))
    second = office.desk.link(made.id, NewLink("/srv/log.txt", "bob"))

    assert office.desk.get(made.id).links == (first, second)
    assert (first.url, first.description, first.author) == (
        "https://example.org/pull/1",
        "the change",
        "alice",
    )
    assert (second.description, second.author) == ("", "bob")


def test_what_is_done_to_a_task_that_is_not_there_is_told_from_other_faults(office: Office) -> None:
    with pytest.raises(TaskNotFound):
        office.desk.archive(TaskId("999"))
    with pytest.raises(TaskNotFound):
        office.desk.link(TaskId("999"), NewLink("/x", "alice"))
    with pytest.raises(TaskNotFound):
        office.desk.move(TaskId("999"), current=DEV, new=QA, comment="x")
    with pytest.raises(TaskNotFound):
        office.desk.change(TaskId("999"), TaskEdit(parent=TaskId("")))


def test_remarks_are_counted_or_said_to_be_unknown(office: Office) -> None:
    """Never task by task: a desk that could only do so says None."""
    if not office.has_links:
        pytest.skip("this desk leaves links to people")
    spoken, silent = add(office, "spoken of"), add(office, "silent")
    for text in ("one", "two"):
        office.desk.comment(spoken.id, text, "alice")
    office.desk.link(spoken.id, NewLink("/x", "alice"))

    counts = office.desk.remark_counts()

    if counts is not None:
        assert counts[spoken.id] == RemarkCounts(comments=2, links=1)
        assert counts.get(silent.id, RemarkCounts(0, 0)) == RemarkCounts(0, 0)


def test_history_says_who_changed_what_or_that_nobody_keeps_one(office: Office) -> None:
    made = add(office, "a task")
    parent = add(office, "its parent")
    office.desk.change(made.id, TaskEdit(title="another", by="bob"))
    office.desk.change(made.id, TaskEdit(parent=parent.id, by="bob"))
    office.desk.change(made.id, TaskEdit(parent=TaskId(""), by="sue"))
    office.desk.archive(made.id, by="carol")

    history = office.desk.history(made.id)

    if history is not None:
        deeds = [(event.action, event.by) for event in history]
        assert deeds == [
            ("created", "alice"),
            ("updated", "bob"),
            ("updated", "bob"),
            ("updated", "sue" if office.names_every_hand else None),
            ("archived", "carol" if office.names_every_hand else None),
        ]
        assert history[1].changes["title"] == ("a task", "another")
        with pytest.raises(TaskNotFound):
            # A deleted task still has one, and other tests of this server have had many tasks.
            office.desk.history(TaskId("999999"))
