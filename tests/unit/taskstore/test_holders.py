"""Claims, and changes that are made only to a task that is as the caller has last seen it."""

from collections.abc import Callable

import pytest

from tests.unit.taskstore.builders import Hands
from tinyscheduler.errors import NotAsExpected, ServerRefused, TaskNotFound
from tinyscheduler.taskstore import editing
from tinyscheduler.taskstore.rows import Expected, TaskFilter
from tinyscheduler.taskstore.store import Store


@pytest.mark.parametrize("assigned_to", [None, "bob"])
def test_a_claim_takes_what_is_nobodys_or_ones_own(
    store: Store, hands: Hands, assigned_to: str | None
) -> None:
    task = hands.task(assigned_to=assigned_to)

    claimed = editing.claim_task(store, task.id, " bob ").task

    assert (claimed.status, claimed.assigned_to, claimed.previous_assigned_to) == ("working", "bob", None)
    assert hands.again(task) == claimed


def working(store: Store, hands: Hands) -> int:
    task = hands.task(assigned_to="sue")
    store.update_task(task.id, {"status": "working"})
    return task.id


def archived(store: Store, hands: Hands) -> int:
    return store.archive_task(hands.task().id).id


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (working, "it is working (assigned to: sue)"),
        (archived, "it is archived"),
        (lambda _, hands: hands.task(assigned_to="sue").id, "it is assigned to sue"),
        (lambda _, hands: hands.task(blocked_by=hands.task()).id, "task 1 has to be complete first"),
    ],
)
def test_a_claim_says_why_not_and_changes_nothing(
    store: Store, hands: Hands, arrange: Callable[[Store, Hands], int], reason: str
) -> None:
    task_id = arrange(store, hands)
    before = store.tasks(TaskFilter(archived="included"))

    with pytest.raises(NotAsExpected) as refused:
        editing.claim_task(store, task_id, "bob")

    assert refused.value.message == f"Task {task_id} cannot be claimed by bob: {reason}"
    assert store.tasks(TaskFilter(archived="included")) == before


def test_a_claim_can_be_of_what_somebody_named_has(store: Store, hands: Hands) -> None:
    """From a pool, and only from it."""
    task = hands.task(assigned_to="pool")

    with pytest.raises(NotAsExpected, match="is not assigned to other"):
        editing.claim_task(store, task.id, "bob", expected="other")
    with pytest.raises(NotAsExpected, match="is not assigned to nobody"):
        editing.claim_task(store, task.id, "bob", expected="")
    claimed = editing.claim_task(store, task.id, "bob", expected="pool").task

    assert (claimed.assigned_to, claimed.previous_assigned_to) == ("bob", "pool")


@pytest.mark.parametrize("agent", ["", "  ", "null"])
def test_nobody_cannot_claim(store: Store, hands: Hands, agent: str) -> None:
    with pytest.raises(ServerRefused, match="Agent name"):
        editing.claim_task(store, hands.task().id, agent)


def test_there_is_nothing_to_claim_of_a_task_that_is_not_there(store: Store) -> None:
    with pytest.raises(TaskNotFound):
        editing.claim_task(store, 7, "bob")


Deed = Callable[[Store, int, Expected], object]
DEEDS: dict[str, Deed] = {
    "update": lambda store, task, expected: store.update_task(task, {"title": "new"}, expected=expected),
    "queue": lambda store, task, expected: store.set_queue(task, "qa", expected=expected),
    "move": lambda store, task, expected: store.move_task(
        task, current="bob", new="sue", comment="", expected=expected
    ),
    "archive": lambda store, task, expected: store.archive_task(task, expected=expected),
    "delete": editing.delete_task,
}


@pytest.mark.parametrize("deed", list(DEEDS))
@pytest.mark.parametrize(
    ("expected", "sentence"),
    [
        (Expected(status="working"), "Task 1 has status 'idle', not 'working'"),
        (Expected(assigned_to="sue"), "Task 1 is not assigned to sue (currently assigned to: bob)"),
        (Expected(assigned_to=""), "Task 1 is not assigned to nobody (currently assigned to: bob)"),
        (Expected(status="complete", assigned_to="bob"), "Task 1 has status 'idle', not 'complete'"),
    ],
)
def test_a_task_that_is_not_as_expected_stays_as_it_is(
    store: Store, hands: Hands, deed: str, expected: Expected, sentence: str
) -> None:
    task = hands.task(assigned_to="bob", queue="dev")

    with pytest.raises(NotAsExpected) as refused:
        DEEDS[deed](store, task.id, expected)

    assert refused.value.message == sentence
    assert hands.again(task) == task
    assert store.comments(task.id) == ()


@pytest.mark.parametrize("deed", list(DEEDS))
def test_a_task_that_is_as_expected_is_changed(store: Store, hands: Hands, deed: str) -> None:
    task = hands.task(assigned_to="bob", queue="dev")

    DEEDS[deed](store, task.id, Expected("idle", "bob"))

    assert task not in store.tasks(TaskFilter())
