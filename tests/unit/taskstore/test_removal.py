"""Deleting, emptying a queue, and second thoughts about comments and links."""

from collections.abc import Callable

import pytest

from tests.unit.taskstore.builders import Hands, Watch
from tinyscheduler.errors import ServerRefused, TaskNotFound
from tinyscheduler.taskstore import editing
from tinyscheduler.taskstore.rows import NewLink, TaskFilter
from tinyscheduler.taskstore.store import Store


def test_a_task_is_deleted_with_all_that_is_below_and_was_said(store: Store, hands: Hands) -> None:
    root = hands.task()
    child = hands.task(parent=root)
    grandchild = hands.task(parent=child)
    other = hands.task(blocked_by=grandchild)
    for task in (root, grandchild, other):
        store.add_comment(task.id, "said", "me")
        store.add_link(task.id, NewLink("x"))

    editing.delete_task(store, root.id)

    assert [task.id for task in store.tasks(TaskFilter(archived="included"))] == [other.id]
    assert not hands.again(other).is_currently_blocked
    assert hands.again(other).blocked_by_task_id is None
    assert editing.remark_counts(store) == ((other.id, 1, 1),)
    assert hands.task().id == other.id + 1, "an id is never given twice"


def test_an_id_that_was_given_once_is_told_from_one_that_never_was(store: Store, hands: Hands) -> None:
    assert not store.has_made(1)
    task = hands.task()
    editing.delete_task(store, task.id)

    assert (store.has_made(task.id), store.has_made(task.id + 1)) == (True, False)


def test_a_deleted_child_lets_its_parent_follow_the_others(store: Store, hands: Hands) -> None:
    parent = hands.task()
    done, open_one = hands.task(parent=parent), hands.task(parent=parent)
    store.update_task(done.id, {"status": "complete"})

    editing.delete_task(store, open_one.id)

    assert hands.again(parent).status == "complete"


def test_a_cleared_queue_loses_its_tasks_and_nothing_else(store: Store, hands: Hands, watch: Watch) -> None:
    inside, elsewhere = hands.task(queue="dev"), hands.task(queue="qa")
    old = store.archive_task(hands.task(queue="dev").id)
    watch.turn()

    assert editing.clear_queue(store, " dev ") == 1

    assert hands.again(inside).queue_name is None
    assert hands.again(inside).updated_at > inside.updated_at
    assert (hands.again(elsewhere), hands.again(old)) == (elsewhere, old)
    assert editing.clear_queue(store, "nobody-knows") == 0


def test_a_comment_is_changed_moved_and_deleted(store: Store, hands: Hands, watch: Watch) -> None:
    task, other = hands.task(), hands.task()
    said = store.add_comment(task.id, "first", "bob")
    watch.turn()

    changed = editing.change_comment(store, said.id, " second ")
    moved = editing.move_comment(store, said.id, other.id)

    assert changed == said._replace(content="second", updated_at=changed.updated_at)
    assert changed.updated_at > said.updated_at
    assert (moved.task_id, moved.content, moved.created_by) == (other.id, "second", "bob")
    left = editing.comment(store, said.id)
    assert left.content == f"Comment moved to task {other.id} comment {moved.id}"
    editing.delete_comment(store, said.id)
    assert store.comments(task.id) == ()
    assert store.comments(other.id) == (moved,)


def test_a_link_is_changed_and_deleted(store: Store, hands: Hands) -> None:
    task = hands.task()
    linked = store.add_link(task.id, NewLink("a", "why", "bob"))

    assert editing.change_link(store, linked.id, {"url": " b "}) == linked._replace(url="b")
    assert editing.change_link(store, linked.id, {"description": ""}).description is None
    assert editing.change_link(store, linked.id, {}).url == "b"
    editing.delete_link(store, linked.id)

    assert store.links(task.id) == ()


@pytest.mark.parametrize("number", [0, -1, 7, 2**63, 2**70])
def test_what_was_never_said_is_not_found(store: Store, hands: Hands, number: int) -> None:
    task = hands.task()

    about_comments: tuple[Callable[[], object], ...] = (
        lambda: editing.comment(store, number),
        lambda: editing.change_comment(store, number, "x"),
        lambda: editing.delete_comment(store, number),
        lambda: editing.move_comment(store, number, task.id),
    )
    about_links: tuple[Callable[[], object], ...] = (
        lambda: editing.change_link(store, number, {"url": "x"}),
        lambda: editing.delete_link(store, number),
    )
    for call in about_comments:
        with pytest.raises(TaskNotFound, match=f"Comment not found: {number}"):
            call()
    for call in about_links:
        with pytest.raises(TaskNotFound, match=f"Link not found: {number}"):
            call()


def test_second_thoughts_are_not_blank(store: Store, hands: Hands) -> None:
    task = hands.task()
    said, linked = store.add_comment(task.id, "x", None), store.add_link(task.id, NewLink("x"))

    with pytest.raises(ServerRefused):
        editing.change_comment(store, said.id, " ")
    with pytest.raises(ServerRefused):
        editing.change_link(store, linked.id, {"url": " "})
    with pytest.raises(TaskNotFound):
        editing.move_comment(store, said.id, 99)

    assert (store.comments(task.id), store.links(task.id)) == ((said,), (linked,))
