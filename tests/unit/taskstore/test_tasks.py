"""Making and changing tasks, as the public server does it (tinytask.md 3)."""

import pytest

from tests.unit.taskstore.builders import Hands, Watch
from tinyscheduler.errors import NotAssigned, ServerRefused, TaskNotFound
from tinyscheduler.taskstore.rows import NewTask, TaskChanges, TaskFilter
from tinyscheduler.taskstore.store import Store

ALL = TaskFilter(archived="included")


def test_a_new_task_is_idle_and_has_what_it_was_given(store: Store, watch: Watch) -> None:
    made = store.create_task(
        NewTask(
            " Build it ",
            "alice",
            description="with care",
            assigned_to="bob",
            priority=9,
            tags=("a", "b"),
            queue_name="dev",
        )
    )

    assert made._asdict() == {
        "id": 1,
        "title": "Build it",
        "description": "with care",
        "status": "idle",
        "assigned_to": "bob",
        "previous_assigned_to": None,
        "created_by": "alice",
        "priority": 9,
        "tags": ("a", "b"),
        "parent_task_id": None,
        "queue_name": "dev",
        "blocked_by_task_id": None,
        "created_at": watch(),
        "updated_at": watch(),
        "archived_at": None,
        "is_currently_blocked": False,
    }


def test_whole_priorities_stay_whole_and_fractions_stay_exact(store: Store) -> None:
    priorities = [store.create_task(NewTask("t", "me", priority=p)).priority for p in (5, 5.0, 1.5, -2)]

    assert [repr(priority) for priority in priorities] == ["5", "5", "1.5", "-2"]


@pytest.mark.parametrize("name", [None, "", "  ", "null", " null "])
def test_nobody_has_many_names(store: Store, name: str | None) -> None:
    made = store.create_task(NewTask("t", "me", assigned_to=name))

    assert made.assigned_to is None


def test_names_are_trimmed_so_that_they_can_be_found(store: Store) -> None:
    made = store.create_task(NewTask("t", "me", assigned_to=" bob ", queue_name=" dev "))

    assert (made.assigned_to, made.queue_name) == ("bob", "dev")
    assert store.tasks(TaskFilter(assigned_to="bob", queue_name="dev")) == (made,)


def test_half_a_surrogate_pair_is_replaced_because_it_cannot_be_stored(store: Store) -> None:
    """The report of an agent must not be lost because its output was cut inside a character."""
    made = store.create_task(NewTask("cut \ud83d here", "me"))

    assert made.title == "cut ? here"


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        (NewTask("  ", "me"), "Title must not be empty"),
        (NewTask("x" * 10_001, "me"), "Title is too long: 10001 characters (at most 10000)"),
        (NewTask("t", "me", description="x" * 1_000_001), "Description is too long"),
        (NewTask("t", "me", assigned_to="x" * 256), "Agent name is too long"),
        (NewTask("t", "me", queue_name="x" * 256), "Queue name is too long"),
        (NewTask("t", "me", tags=("t",) * 101), "Too many tags: 101"),
        (NewTask("t", "me", priority=float("nan")), "Priority must be a number"),
        (NewTask("t", "me", priority=float("inf")), "Priority must be a number"),
        (NewTask("t", "me", parent_task_id=7), "Parent task not found: 7"),
        (NewTask("t", "me", blocked_by_task_id=0), "Blocking task not found: 0"),
        (NewTask("t", "me", blocked_by_task_id=2**70), "Blocking task not found"),
    ],
)
def test_what_has_no_meaning_or_no_end_is_refused_and_nothing_is_made(
    store: Store, new: NewTask, sentence: str
) -> None:
    with pytest.raises(ServerRefused, match=sentence.replace("(", r"\(").replace(")", r"\)")):
        store.create_task(new)

    assert store.tasks(ALL) == ()


def test_many_tasks_are_made_all_or_none(store: Store) -> None:
    with pytest.raises(ServerRefused):
        store.create_tasks([NewTask("good", "me"), NewTask("", "me")])

    assert store.tasks(ALL) == ()


def test_ids_begin_at_one_and_are_not_given_twice(store: Store, hands: Hands) -> None:
    first = hands.task()
    with pytest.raises(ServerRefused):
        store.create_task(NewTask("", "me"))

    assert (first.id, hands.task().id) == (1, 2)


@pytest.mark.parametrize("task_id", [0, -1, 99, 2**63, 2**200])
def test_an_id_that_no_task_has_is_not_found(store: Store, task_id: int) -> None:
    with pytest.raises(TaskNotFound, match=f"Task not found: {task_id}"):
        store.task(task_id)
    with pytest.raises(TaskNotFound, match=f"Task not found: {task_id}"):
        store.add_comment(task_id, "hello", "bob")


@pytest.mark.parametrize(
    ("changes", "is_touched"),
    [
        ({"title": "other"}, True),
        ({"status": "idle"}, True),
        ({"assigned_to": "bob"}, True),
        ({"queue_name": "dev"}, True),
        ({"blocked_by_task_id": None}, True),
        ({}, False),
    ],
)
def test_updated_at_moves_as_on_the_public_server(
    store: Store, hands: Hands, watch: Watch, changes: TaskChanges, is_touched: bool
) -> None:
    """Also on the same value; not on an update of nothing."""
    made = hands.task()
    watch.turn()

    after = store.update_task(made.id, changes)

    assert (after.updated_at == watch()) is is_touched
    assert after.created_at == made.created_at


def test_comments_links_and_archiving_leave_updated_at_alone(
    store: Store, hands: Hands, watch: Watch
) -> None:
    made = hands.task()
    watch.turn()

    store.add_comment(made.id, "hello", "bob")

    assert store.archive_task(made.id).updated_at == made.updated_at


@pytest.mark.parametrize("change", [{"title": " "}, {"status": "done"}, {"parent_task_id": 99}])
def test_a_refused_update_changes_nothing(store: Store, hands: Hands, change: TaskChanges) -> None:
    made = hands.task()

    with pytest.raises(ServerRefused):
        store.update_task(made.id, {"priority": 7, **change})

    assert hands.again(made) == made


def test_fields_can_be_emptied(store: Store) -> None:
    made = store.create_task(NewTask("t", "me", description="text", tags=("a",), queue_name="dev"))

    after = store.update_task(made.id, {"description": "", "tags": (), "queue_name": None})

    assert (after.description, after.tags, after.queue_name) == (None, (), None)


def test_archiving_twice_keeps_the_first_time(store: Store, hands: Hands, watch: Watch) -> None:
    made = hands.task()
    first = store.archive_task(made.id)
    watch.turn()

    assert store.archive_task(made.id) == first
    assert first.archived_at == made.created_at


def test_an_archived_task_can_still_be_changed_and_moved(store: Store, hands: Hands) -> None:
    made = hands.task(assigned_to="bob")
    store.archive_task(made.id)

    store.update_task(made.id, {"status": "working"})
    moved = store.move_task(made.id, current="bob", new="sue", comment="")

    assert (moved.task.status, moved.task.assigned_to) == ("idle", "sue")


def test_signing_up_takes_the_most_urgent_idle_task_of_the_agent(store: Store, hands: Hands) -> None:
    hands.task(assigned_to="bob")
    urgent = hands.task(assigned_to="bob", priority=5)
    hands.task(assigned_to="sue", priority=9)
    hands.task(queue="dev", priority=9)

    claimed = store.sign_up("bob")

    assert claimed is not None
    assert (claimed.task.id, claimed.task.status) == (urgent.id, "working")
    assert hands.again(urgent) == claimed.task


def test_signing_up_gives_no_blocked_archived_or_started_task(store: Store, hands: Hands) -> None:
    """The public server does give out blocked ones."""
    blocker = hands.task()
    blocked = hands.task(assigned_to="bob", blocked_by=blocker)
    store.archive_task(hands.task(assigned_to="bob").id)
    store.update_task(hands.task(assigned_to="bob").id, {"status": "working"})

    nothing = store.sign_up("bob")
    store.update_task(blocker.id, {"status": "complete"})
    freed = store.sign_up("bob")

    assert nothing is None
    assert freed is not None
    assert freed.task.id == blocked.id


@pytest.mark.parametrize("agent", ["", "null", "nobody-knows"])
def test_signing_up_as_nobody_gives_nothing(store: Store, hands: Hands, agent: str) -> None:
    hands.task()

    assert store.sign_up(agent) is None


def test_a_move_to_nobody_gives_back_to_the_pool(store: Store, hands: Hands) -> None:
    """The public server stores an empty name, which nobody can find again."""
    made = hands.task(assigned_to="bob")

    moved = store.move_task(made.id, current="bob", new="", comment="cannot do it")

    assert (moved.task.assigned_to, moved.task.previous_assigned_to) == (None, "bob")
    assert (moved.comment.content, moved.comment.created_by) == ("cannot do it", "bob")


def test_a_move_says_who_has_the_task_when_it_fails(store: Store, hands: Hands) -> None:
    theirs, open_one, done = hands.task(assigned_to="bob"), hands.task(), hands.task(assigned_to="zed")
    store.update_task(done.id, {"status": "complete"})

    with pytest.raises(NotAssigned) as lost:
        store.move_task(theirs.id, current="zed", new="sue", comment="")
    with pytest.raises(NotAssigned) as nobodys:
        store.move_task(open_one.id, current="zed", new="sue", comment="")
    with pytest.raises(NotAssigned) as too_late:
        store.move_task(done.id, current="zed", new="sue", comment="")

    assert str(lost.value) == "Task 1 is not assigned to zed (currently assigned to: bob)"
    assert str(nobodys.value) == "Task 2 is not assigned to zed (currently assigned to: nobody)"
    assert str(too_late.value) == (
        "Task 3 with status 'complete' cannot be transferred (only 'idle' or 'working' are allowed)"
    )
