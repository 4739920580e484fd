"""Who changed what: with the change or not at all."""

import pytest

from tests.unit.taskstore.builders import Hands, Watch
from tinyscheduler.errors import ServerRefused, TaskNotFound
from tinyscheduler.taskstore import editing, history
from tinyscheduler.taskstore.rows import NewLink
from tinyscheduler.taskstore.store import Store


def told(store: Store, task_id: int) -> list[tuple[str, str | None, dict[str, tuple[object, object]]]]:
    return [(entry.action, entry.by, dict(entry.changes)) for entry in editing.task_history(store, task_id)]


def test_a_task_tells_its_life(store: Store, hands: Hands, watch: Watch) -> None:
    task = hands.task(assigned_to="bob", queue="dev")
    watch.turn()
    store.sign_up("bob")
    store.move_task(task.id, current="bob", new="qa1", comment="test it")
    store.update_task(task.id, {"status": "complete", "priority": 3}, by="qa1")
    store.archive_task(task.id)

    assert told(store, task.id) == [
        ("created", "a-person", {}),
        ("claimed", "bob", {"status": ("idle", "working")}),
        ("moved", "bob", {"status": ("working", "idle"), "assigned_to": ("bob", "qa1")}),
        ("updated", "qa1", {"status": ("idle", "complete"), "priority": (0, 3)}),
        ("archived", None, {}),
    ]
    times = [entry.at for entry in editing.task_history(store, task.id)]
    assert times == sorted(times)
    assert times[0] < times[1]


def test_what_changes_nothing_is_nobodys_deed(store: Store, hands: Hands) -> None:
    task = hands.task("same")

    store.update_task(task.id, {"title": "same"})

    assert [action for action, _, _ in told(store, task.id)] == ["created"]


def test_a_refused_change_leaves_no_entry(store: Store, hands: Hands) -> None:
    task = hands.task()

    with pytest.raises(ServerRefused):
        store.update_task(task.id, {"title": "new", "blocked_by_task_id": 99})

    assert [action for action, _, _ in told(store, task.id)] == ["created"]


def test_a_parent_that_follows_its_child_says_so(store: Store, hands: Hands) -> None:
    parent = hands.task()
    child = hands.task(parent=parent)

    store.update_task(child.id, {"status": "complete"}, by="bob")

    assert told(store, parent.id)[-1] == ("derived", "bob", {"status": ("idle", "complete")})


def test_a_deleted_task_is_remembered(store: Store, hands: Hands) -> None:
    task = hands.task("gone")
    waiting = hands.task(blocked_by=task)

    editing.delete_task(store, task.id)

    assert told(store, task.id)[-1] == ("deleted", None, {"title": ("gone", None)})
    assert told(store, waiting.id)[-1] == ("unblocked", None, {"blocked_by_task_id": (task.id, None)})


def test_second_thoughts_are_told_with_what_was_said_first(store: Store, hands: Hands) -> None:
    task, other = hands.task(), hands.task()
    said = store.add_comment(task.id, "first", "bob")
    linked = store.add_link(task.id, NewLink("a"))
    editing.change_comment(store, said.id, "second")
    editing.move_comment(store, said.id, other.id)
    editing.delete_comment(store, said.id)
    editing.change_link(store, linked.id, {"url": "b", "description": "why"})
    editing.delete_link(store, linked.id)

    note = f"Comment moved to task {other.id} comment {said.id + 1}"
    assert told(store, task.id)[1:] == [
        ("comment_changed", None, {f"comment {said.id}": ("first", "second")}),
        ("comment_moved", None, {f"comment {said.id}": ("second", note)}),
        ("comment_deleted", None, {f"comment {said.id}": (note, None)}),
        ("link_changed", None, {f"link {linked.id}": ("a", "b (why)")}),
        ("link_deleted", None, {f"link {linked.id}": ("b (why)", None)}),
    ]


def test_long_texts_and_long_lives_are_cut(store: Store, hands: Hands) -> None:
    task = hands.task("x" * 5000)
    for number in range(history.ENTRIES_MAX + 5):
        store.update_task(task.id, {"priority": number + 1})
    store.update_task(task.id, {"title": "y"})

    found = told(store, task.id)

    assert len(found) == history.ENTRIES_MAX
    assert found[-1][2] == {"title": ("x" * history.TEXT_MAX_CHARS + "\u2026", "y")}
    assert [entry.changes for entry in editing.task_history(store, task.id, 1)] == [found[-1][2]]


def test_a_task_that_never_was_has_no_history(store: Store) -> None:
    with pytest.raises(TaskNotFound):
        editing.task_history(store, 7)
