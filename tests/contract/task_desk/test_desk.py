"""What every desk promises to ``task``."""

from __future__ import annotations

import pytest

from tests.contract.task_desk.conftest import Office
from tinyscheduler.errors import ServerRefused, TaskNotFound
from tinyscheduler.model.desk import TaskDraft, TaskEdit, TaskQuery
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.task import Status, TagChange, Task


def a_draft(title: str = "a task", *, queue: str | None = "dev", priority: float = 0) -> TaskDraft:
    return TaskDraft(title, "alice", queue=queue, priority=priority)


def titles(tasks: tuple[Task, ...]) -> list[str]:
    return [task.title for task in tasks]


def test_new_task_is_idle_and_bears_all_that_was_said(office: Office) -> None:
    blocker = office.desk.add(a_draft("first"))
    parent = office.desk.add(a_draft("whole"))

    made = office.desk.add(
        TaskDraft(
            "Überprüfe \u2028 [red]it[/red]",
            "alice",
            description="two\nlines",
            queue="qa",
            assigned_to="dev-1",
            priority=1.5,
            tags=("after:1", "b c"),
            parent=parent.id,
            blocked_by=blocker.id,
        )
    )

    seen = office.desk.get(made.id).task
    assert seen == made
    assert seen._replace(created_at=seen.updated_at, page=None) == Task(
        id=made.id,
        title="Überprüfe \u2028 [red]it[/red]",
        status="idle",
        assigned_to=made.assigned_to,
        queue=made.queue,
        priority=1.5,
        created_at=seen.updated_at,
        updated_at=seen.updated_at,
        description="two\nlines",
        created_by="alice",
        tags=("after:1", "b c"),
        parent_id=parent.id,
        blocked_by=blocker.id,
        is_blocked=True,
    )
    assert (seen.assigned_to, seen.queue) == ("dev-1", "qa")


def test_task_of_little_words_belongs_to_nobody(office: Office) -> None:
    made = office.desk.add(TaskDraft("just this", "alice"))

    assert (made.queue, made.assigned_to, made.priority, made.tags) == (None, None, 0, ())


def test_task_cannot_wait_for_a_task_that_is_not_there(office: Office) -> None:
    with pytest.raises(ServerRefused, match="999"):
        office.desk.add(a_draft()._replace(blocked_by=TaskId("999")))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (TaskEdit(title="new"), {"title": "new"}),
        (TaskEdit(description="why"), {"description": "why"}),
        (TaskEdit(description=""), {"description": ""}),
        (TaskEdit(status="complete"), {"status": "complete"}),
        (TaskEdit(priority=-3), {"priority": -3}),
        (TaskEdit(tags=("x", "y")), {"tags": ("x", "y")}),
        (TaskEdit(tags=()), {"tags": ()}),
        (TaskEdit(tags=TagChange(added=("x", "t"))), {"tags": ("t", "x")}),
        (TaskEdit(tags=TagChange(removed=("t", "never"))), {"tags": ()}),
        (TaskEdit(title="new", tags=TagChange(("x", "y"), ("t", "y"))), {"title": "new", "tags": ("x",)}),
        (TaskEdit(queue="qa"), {"queue": "qa"}),
        (TaskEdit(queue=""), {"queue": None}),
        (TaskEdit(assigned_to="bob"), {"assigned_to": "bob", "previous_assigned_to": "dev-1"}),
        (TaskEdit(assigned_to=""), {"assigned_to": None, "previous_assigned_to": "dev-1"}),
        (
            TaskEdit(status="idle", queue="qa", assigned_to=""),
            {"queue": "qa", "assigned_to": None, "previous_assigned_to": "dev-1"},
        ),
        (TaskEdit(queue="", title="out"), {"queue": None, "title": "out"}),
    ],
)
def test_change_sets_what_is_given_and_nothing_else(
    office: Office, edit: TaskEdit, expected: dict[str, object]
) -> None:
    draft = a_draft()._replace(assigned_to="dev-1", description="first", tags=("t",))
    made = office.desk.add(draft)

    answer = office.desk.change(made.id, edit)

    seen = office.desk.get(made.id).task
    assert seen == answer
    assert {**made._asdict(), **expected, "updated_at": seen.updated_at} == seen._asdict()


@pytest.mark.parametrize(
    ("said", "has_it"),
    [("bob", "bob"), (" bob ", "bob"), ("", None), (" ", None), ("null", None), (" null ", None)],
)
def test_an_agent_is_the_same_whatever_blanks_are_around_its_name(
    office: Office, said: str, has_it: str | None
) -> None:
    """One that is called " bob " would be served by nobody."""
    made = office.desk.add(a_draft()._replace(assigned_to=said))
    other = office.desk.add(a_draft()._replace(assigned_to="sue"))
    changed = office.desk.change(other.id, TaskEdit(assigned_to=said))

    assert [made.assigned_to, changed.assigned_to] == [has_it, has_it]
    assert office.desk.get(other.id).task.assigned_to == has_it


def test_a_task_is_handed_over_whatever_blanks_are_around_the_name(office: Office) -> None:
    task = office.desk.add(a_draft()._replace(assigned_to="bob"))

    office.desk.move(task.id, current=AgentName("bob"), new=AgentName(" sue "), comment="yours")

    seen = office.desk.get(task.id).task
    assert (seen.assigned_to, seen.previous_assigned_to) == ("sue", "bob")


def test_blocker_is_set_and_taken_away(office: Office) -> None:
    blocker, made = office.desk.add(a_draft("first")), office.desk.add(a_draft("second"))

    blocked = office.desk.change(made.id, TaskEdit(blocked_by=blocker.id))
    free = office.desk.change(made.id, TaskEdit(blocked_by=TaskId("")))

    assert (blocked.blocked_by, blocked.is_blocked) == (blocker.id, True)
    assert (free.blocked_by, free.is_blocked) == (None, False)


def test_task_becomes_a_subtask(office: Office) -> None:
    parent, made = office.desk.add(a_draft("whole")), office.desk.add(a_draft("part"))

    assert office.desk.change(made.id, TaskEdit(parent=parent.id)).parent_id == parent.id


def test_comments_come_with_the_task_oldest_first(office: Office) -> None:
    made = office.desk.add(a_draft())
    office.desk.comment(made.id, "first\nline", "alice")
    office.desk.comment(made.id, "second", "bob")

    said = office.desk.get(made.id).comments

    assert [(comment.text, comment.author) for comment in said] == [
        ("first\nline", "alice"),
        ("second", "bob"),
    ]


def test_unknown_task_is_told_from_every_other_fault(office: Office) -> None:
    with pytest.raises(TaskNotFound):
        office.desk.get(TaskId("999"))
    with pytest.raises(TaskNotFound):
        office.desk.change(TaskId("999"), TaskEdit(title="x"))
    with pytest.raises(TaskNotFound):
        office.desk.comment(TaskId("999"), "x", "alice")


def arrange_mixed(office: Office) -> None:
    made = [
        office.desk.add(a_draft("low", priority=-1)),
        office.desk.add(a_draft("high", priority=9)),
        office.desk.add(a_draft("other queue", queue="qa", priority=5)),
        office.desk.add(a_draft("taken")._replace(assigned_to="dev-1")),
        office.desk.add(a_draft("done")),
        office.desk.add(a_draft("archived", priority=99)),
    ]
    office.desk.change(made[4].id, TaskEdit(status="complete"))
    office.desk.change(made[3].id, TaskEdit(status="working"))
    office.archive(made[5].id)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (TaskQuery(), ["high", "other queue", "taken", "done", "low"]),
        (TaskQuery(statuses=("idle",)), ["high", "other queue", "low"]),
        (TaskQuery(statuses=("idle", "working")), ["high", "other queue", "taken", "low"]),
        (TaskQuery(queue="qa"), ["other queue"]),
        (TaskQuery(queue="nobody-knows"), []),
        (TaskQuery(assigned_to="dev-1"), ["taken"]),
        (TaskQuery(assigned_to="", statuses=("idle",), queue="dev"), ["high", "low"]),
    ],
)
def test_list_is_filtered_and_most_urgent_first(
    office: Office, query: TaskQuery, expected: list[str]
) -> None:
    arrange_mixed(office)

    found = office.desk.find(query)

    assert expected == titles(found.tasks)
    assert not found.is_cut


def test_cut_list_says_so(office: Office) -> None:
    for number in range(3):
        office.desk.add(a_draft(f"task {number}"))

    assert office.desk.find(TaskQuery(limit=2)).is_cut
    assert not office.desk.find(TaskQuery(limit=3)).is_cut
    assert titles(office.desk.find(TaskQuery(limit=2, assigned_to="")).tasks) == ["task 0", "task 1"]


def test_long_list_comes_in_pages_and_complete(office: Office) -> None:
    office.create_many(1201)

    found = office.desk.find(TaskQuery(limit=5000))

    assert len({task.id for task in found.tasks}) == 1201
    assert not found.is_cut


@pytest.mark.parametrize("status", ["idle", "working", "complete"])
def test_status_is_what_was_set(office: Office, status: Status) -> None:
    made = office.desk.add(a_draft())

    assert office.desk.change(made.id, TaskEdit(status=status)).status == status
