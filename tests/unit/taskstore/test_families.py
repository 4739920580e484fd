"""Parents and blockers."""

import pytest

from tests.unit.taskstore.builders import Hands, Watch
from tinyscheduler.errors import ServerRefused
from tinyscheduler.model.task import Status
from tinyscheduler.taskstore import editing
from tinyscheduler.taskstore.rows import NewTask, TaskRow
from tinyscheduler.taskstore.store import Store


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_a_circle_of_blockers_of_any_length_is_refused(store: Store, hands: Hands, length: int) -> None:
    """The public server notices two and lets three wait for each other for ever."""
    first = hands.task()
    last = first
    for _ in range(length - 1):
        last = hands.task(blocked_by=last)

    with pytest.raises(ServerRefused, match=r"already waits for it|wait for itself"):
        store.update_task(first.id, {"blocked_by_task_id": last.id})

    assert not hands.again(first).is_currently_blocked


def test_a_blocker_can_be_changed_and_cleared(store: Store, hands: Hands) -> None:
    one, other = hands.task(), hands.task()
    waiting = hands.task(blocked_by=one)

    changed = store.update_task(waiting.id, {"blocked_by_task_id": other.id})
    cleared = store.update_task(waiting.id, {"blocked_by_task_id": None})

    assert (changed.blocked_by_task_id, changed.is_currently_blocked) == (other.id, True)
    assert (cleared.blocked_by_task_id, cleared.is_currently_blocked) == (None, False)


def test_reopening_a_blocker_blocks_again(store: Store, hands: Hands) -> None:
    blocker = hands.task()
    waiting = hands.task(blocked_by=blocker)
    store.update_task(blocker.id, {"status": "complete"})
    assert not hands.again(waiting).is_currently_blocked

    store.update_task(blocker.id, {"status": "idle"})

    assert hands.again(waiting).is_currently_blocked


def test_a_subtask_inherits_the_queue_and_nothing_else(store: Store, hands: Hands) -> None:
    parent = hands.task(queue="dev", assigned_to="bob", priority=5)

    child = store.create_task(NewTask("child", "me", parent_task_id=parent.id))
    elsewhere = store.create_task(NewTask("child", "me", parent_task_id=parent.id, queue_name="qa"))

    assert (child.queue_name, child.assigned_to, child.priority) == ("dev", None, 0)
    assert elsewhere.queue_name == "qa"


@pytest.mark.parametrize(
    ("children", "derived"),
    [
        (("complete", "complete"), "complete"),
        (("complete", "working"), "working"),
        (("idle", "working"), "working"),
        (("idle", "complete"), "idle"),
    ],
)
def test_a_parent_has_the_status_of_its_children(
    store: Store, hands: Hands, children: tuple[Status, ...], derived: Status
) -> None:
    grandparent = hands.task()
    parent = hands.task(parent=grandparent)
    for status in children:
        store.update_task(hands.task(parent=parent).id, {"status": status})

    assert hands.again(parent).status == derived
    assert hands.again(grandparent).status == derived


def test_a_new_child_makes_a_working_parent_idle(store: Store, hands: Hands, watch: Watch) -> None:
    parent = hands.task()
    store.update_task(parent.id, {"status": "working"})
    watch.turn()

    hands.task(parent=parent)

    assert (hands.again(parent).status, hands.again(parent).updated_at) == ("idle", watch())


def test_archived_children_do_not_count(store: Store, hands: Hands) -> None:
    parent = hands.task()
    done, dropped = hands.task(parent=parent), hands.task(parent=parent)
    store.update_task(done.id, {"status": "complete"})

    store.archive_task(dropped.id)

    assert hands.again(parent).status == "complete"


def test_a_parent_whose_last_child_is_archived_stays_as_it_is(store: Store, hands: Hands) -> None:
    parent = hands.task()
    child = hands.task(parent=parent)
    store.update_task(child.id, {"status": "working"})

    store.archive_task(child.id)

    assert hands.again(parent).status == "working"


def test_claims_and_moves_reach_the_parent_too(store: Store, hands: Hands) -> None:
    parent = hands.task()
    child = hands.task(parent=parent, assigned_to="bob")

    store.sign_up("bob")
    claimed = hands.again(parent).status
    store.move_task(child.id, current="bob", new="sue", comment="")

    assert (claimed, hands.again(parent).status) == ("working", "idle")


def test_a_child_that_changes_families_counts_where_it_is(store: Store, hands: Hands) -> None:
    old, new = hands.task(), hands.task()
    done, busy = hands.task(parent=old), hands.task(parent=old)
    store.update_task(done.id, {"status": "complete"})
    store.update_task(busy.id, {"status": "working"})

    store.update_task(busy.id, {"parent_task_id": new.id})

    assert (hands.again(old).status, hands.again(new).status) == ("complete", "working")


def chain(hands: Hands, length: int) -> list[TaskRow]:
    tasks = [hands.task()]
    while len(tasks) < length:
        tasks.append(hands.task(parent=tasks[-1]))
    return tasks


def test_a_tree_has_a_root_and_three_levels(store: Store, hands: Hands) -> None:
    deepest = chain(hands, 4)[-1]

    with pytest.raises(ServerRefused, match=r"Maximum nesting depth \(3 levels\) exceeded"):
        hands.task(parent=deepest)


def test_a_whole_tree_is_not_hung_too_deep(store: Store, hands: Hands) -> None:
    tree, other = chain(hands, 3), chain(hands, 3)

    with pytest.raises(ServerRefused, match="Maximum nesting depth"):
        store.update_task(tree[0].id, {"parent_task_id": other[1].id})
    store.update_task(tree[0].id, {"parent_task_id": other[0].id})

    assert [t.id for t in editing.subtasks(store, other[0].id, recursive=True).tasks] == [1, 2, 3, 5, 6]


def test_a_task_is_not_hung_below_itself(store: Store, hands: Hands) -> None:
    tree = chain(hands, 3)

    with pytest.raises(ServerRefused, match="below it"):
        store.update_task(tree[0].id, {"parent_task_id": tree[2].id})
    with pytest.raises(ServerRefused):
        store.update_task(tree[0].id, {"parent_task_id": tree[0].id})


def test_subtasks_are_listed_flat(store: Store, hands: Hands) -> None:
    root, child, grandchild = chain(hands, 3)
    dropped = hands.task(parent=root)
    store.archive_task(dropped.id)

    def listed(*, recursive: bool, archived: bool) -> list[int]:
        found = editing.subtasks(store, root.id, recursive=recursive, include_archived=archived)
        return [task.id for task in found.tasks]

    assert listed(recursive=False, archived=False) == [child.id]
    assert listed(recursive=False, archived=True) == [child.id, dropped.id]
    assert listed(recursive=True, archived=False) == [child.id, grandchild.id]
    assert editing.subtasks(store, 99) == ((), False)
