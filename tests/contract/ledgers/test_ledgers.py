"""What every LedgerStore promises (ports.py)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.builders import a_ledger, a_past_run
from tests.contract.ledgers.implementations import Shelf
from tests.strategies import stored_ledgers
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import OUTCOMES_KEPT, Ledger

TASK = TaskId("1")
one_shelf = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_shelf_without_ledgers_knows_no_task(shelf: Shelf) -> None:
    assert dict(shelf.store.read([TASK])) == {}
    assert dict(shelf.store.read([])) == {}


@one_shelf
@given(stored_ledgers)
def test_a_ledger_is_read_as_it_was_written(shelf: Shelf, ledger: Ledger) -> None:
    shelf.store.write(ledger)

    assert dict(shelf.store.read([ledger.task_id])) == {ledger.task_id: ledger}


def test_a_full_ledger_is_read_as_it_was_written(shelf: Shelf) -> None:
    full = a_ledger(outcomes=[a_past_run(lease_id=f"lease-{n}") for n in range(OUTCOMES_KEPT)])

    shelf.store.write(full)

    assert shelf.store.read([TASK])[TASK] == full


def test_writing_replaces(shelf: Shelf) -> None:
    shelf.store.write(a_ledger(generation=1))

    shelf.store.write(a_ledger(generation=2))

    assert shelf.store.read([TASK])[TASK] == a_ledger(generation=2)


def test_only_what_is_asked_for_is_given(shelf: Shelf) -> None:
    for task_id in ("1", "2", "11"):
        shelf.store.write(a_ledger(task_id))

    found = shelf.store.read([TaskId("2"), TaskId("3")])

    assert dict(found) == {TaskId("2"): a_ledger("2")}


@pytest.mark.parametrize("count", [3, 300])
def test_of_few_and_of_many_those_that_exist_are_given(shelf: Shelf, count: int) -> None:
    for task_id in ("2", "250", "999"):
        shelf.store.write(a_ledger(task_id))

    found = shelf.store.read([TaskId(str(n)) for n in range(count)])

    expected = [task_id for task_id in ("2", "250") if int(task_id) < count]
    assert dict(found) == {TaskId(task_id): a_ledger(task_id) for task_id in expected}


def test_asking_for_an_id_that_is_no_name_finds_nothing(shelf: Shelf) -> None:
    """The backlog is full of whatever people have typed."""
    shelf.store.write(a_ledger())

    assert dict(shelf.store.read([TaskId("a/../b"), TaskId(""), TaskId("../ledger/task_1")])) == {}


@pytest.mark.parametrize("task_id", ["a/../b", "/../../escaped", "", "x" * 65, "a b", "1\n"])
def test_an_id_that_is_no_name_is_refused(shelf: Shelf, tmp_path: Path, task_id: str) -> None:
    """Law 11: never a path before it is checked."""
    os.makedirs(tmp_path / "ledger" / "task_a", exist_ok=True)
    os.makedirs(tmp_path / "ledger" / "task_", exist_ok=True)

    with pytest.raises(StateError):
        shelf.store.write(a_ledger(task_id))
