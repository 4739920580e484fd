"""When a task counts as changed (features C4)."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import NOW, a_task
from tests.strategies import texts
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.planner.retry import fingerprint


@given(texts, texts, texts, texts, st.sampled_from(["title", "description", "assigned_to", "queue"]), texts)
def test_the_fingerprint_changes_with_each_of_the_four_fields(
    title: str, description: str, assignee: str, queue: str, field: str, value: str
) -> None:
    task = a_task()._replace(
        title=title, description=description, assigned_to=AgentName(assignee), queue=QueueName(queue)
    )
    assume(getattr(task, field) != value)

    assert fingerprint(task) != fingerprint(task._replace(**{field: value}))  # type: ignore[arg-type]


@given(texts, texts)
def test_text_that_moves_from_one_field_to_another_changes_the_fingerprint(one: str, two: str) -> None:
    assume(one != two)
    task = a_task(title=one, description=two)

    assert fingerprint(task) != fingerprint(task._replace(title=two, description=one))


def test_nothing_else_changes_the_fingerprint() -> None:
    """Attempts, comments and the server's own clock are nobody's wish to try again."""
    task = a_task()
    other = task._replace(priority=5.0, tags=("x",), updated_at=NOW, status="working", created_by="sue")

    assert fingerprint(other) == fingerprint(task)


def test_no_assignee_and_an_empty_one_are_the_same() -> None:
    task = a_task()

    assert fingerprint(task._replace(assigned_to=AgentName(""))) == fingerprint(task)
