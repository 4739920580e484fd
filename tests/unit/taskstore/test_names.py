"""Names in the store: those by which work goes are what people see, those of authors lose nobody a word."""

from __future__ import annotations

import pytest

from tinyscheduler.errors import ServerRefused
from tinyscheduler.taskstore import editing
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store

ODD = ["\x1b[31mdev", "de\nv", "de\x00v", "de\u202ev", "de\u2028v", "de\x9bv"]


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_a_name_with_characters_that_nobody_sees_is_refused_and_changes_nothing(
    store: Store, name: str
) -> None:
    """It would be another queue than the one people see, and what it prints forges a line."""
    task = store.create_task(NewTask("one", "me", queue_name="dev", assigned_to="bob"))

    for what, act in (
        ("Queue", lambda: store.create_task(NewTask("two", "me", queue_name=name))),
        ("Agent", lambda: store.create_task(NewTask("two", "me", assigned_to=name))),
        ("Queue", lambda: store.update_task(task.id, {"queue_name": name})),
        ("Agent", lambda: store.update_task(task.id, {"assigned_to": name})),
        ("Agent", lambda: store.move_task(task.id, current="bob", new=name, comment="")),
        ("Agent", lambda: editing.claim_task(store, task.id, name)),
    ):
        with pytest.raises(ServerRefused, match=f"^{what} name must not contain control characters: '"):
            act()

    assert store.task(task.id) == task
    assert store.task(task.id).id == 1


@pytest.mark.parametrize("name", ["dév", "de v", "日本", "\U0001f469\u200d\U0001f680", "a.b/c:d"])
def test_a_name_that_can_be_seen_is_taken(store: Store, name: str) -> None:
    task = store.create_task(NewTask("one", "me", queue_name=name, assigned_to=name))

    assert (task.queue_name, task.assigned_to) == (name, name)


def test_what_an_author_of_an_odd_name_says_is_not_lost(store: Store) -> None:
    task = store.create_task(NewTask("one", "m\x1b[0me\n"))
    store.add_comment(task.id, "done", "bo\u202eb")

    assert (task.created_by, store.comments(task.id)[0].created_by) == ("m?[0me", "bo?b")
