"""What every LeaseStore promises (ports.py): exclusive, durable, and never an exception for a reader."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings

from tests.builders import a_lease, a_process, a_revocation, a_stop, an_outcome, an_owner
from tests.contract.leases.implementations import Shelf
from tests.strategies import owners, stop_orders, stored_leases
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import Lease, Owner, StopOrder
from tinyscheduler.ports import LeaseScan

TASK = TaskId("1")
NOT_NAMES = ["a/../b", "../1", "", ".", "..", "a b", "a\nb", "1\n", "ü", "x" * 65, "a\0b", "/etc/passwd"]
# Each example gets a fresh lease; the shelf may be shared by all of them.
one_shelf = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_shelf_without_leases_is_empty(shelf: Shelf) -> None:
    assert shelf.store.scan() == LeaseScan((), ())
    assert shelf.store.read(TASK) is None
    assert shelf.store.owner(TASK) is None
    assert shelf.store.stop_order(TASK) is None
    assert shelf.store.touched_at(TASK) is None


# --- one lease ------------------------------------------------------------------------------------


@one_shelf
@given(stored_leases)
def test_a_lease_is_read_as_it_was_written(shelf: Shelf, lease: Lease) -> None:
    for old in shelf.store.scan().leases:
        shelf.store.remove(old)

    assert shelf.store.create(lease)
    assert shelf.store.read(lease.task_id) == lease
    assert shelf.store.scan() == LeaseScan((lease,), ())


def test_a_task_has_one_lease(shelf: Shelf) -> None:
    first, second = a_lease(lease_id="first"), a_lease(lease_id="second")
    shelf.store.create(first)

    assert not shelf.store.create(second)
    assert shelf.store.read(TASK) == first


def test_creating_a_lease_that_is_there_leaves_its_owner_and_stop_alone(shelf: Shelf) -> None:
    shelf.store.create(a_lease())
    shelf.store.take(TASK, an_owner())
    shelf.store.ask_stop(TASK, a_stop())

    shelf.store.create(a_lease(lease_id="second"))

    assert shelf.store.owner(TASK) == an_owner()
    assert shelf.store.stop_order(TASK) == a_stop()


@pytest.mark.parametrize("way", ["write", "beat"])
def test_the_writer_of_a_lease_replaces_it(shelf: Shelf, way: str) -> None:
    shelf.store.create(a_lease(state="claiming"))
    later = a_lease(state="finished", outcome=an_outcome("failed"))

    getattr(shelf.store, way)(later)

    assert shelf.store.read(TASK) == later


def test_a_beat_moves_the_time_at_which_the_lease_was_touched(shelf: Shelf) -> None:
    shelf.store.create(a_lease())
    first = shelf.store.touched_at(TASK)

    shelf.store.beat(a_lease(beat_age_s=1))

    again = shelf.store.touched_at(TASK)
    assert first is not None
    assert again is not None
    assert again >= first


def test_leases_are_found_in_the_order_of_their_numbers(shelf: Shelf) -> None:
    for task_id in ("10", "9", "abc", "1", "ABC", "100"):
        shelf.store.create(a_lease(task_id))

    assert [lease.task_id for lease in shelf.store.scan().leases] == ["1", "9", "10", "100", "ABC", "abc"]


def test_what_one_process_writes_another_reads(shelf: Shelf) -> None:
    writer, reader = shelf.open(), shelf.open()
    assert reader.scan().leases == ()

    writer.create(a_lease())

    assert reader.scan().leases == (a_lease(),)


# --- the end of a lease -----------------------------------------------------------------------------


def test_removing_a_lease_removes_its_owner_and_its_stop(shelf: Shelf) -> None:
    shelf.store.create(a_lease())
    shelf.store.take(TASK, an_owner())
    shelf.store.ask_stop(TASK, a_stop())

    shelf.store.remove(a_lease())

    assert shelf.store.read(TASK) is None
    assert shelf.store.owner(TASK) is None
    assert shelf.store.stop_order(TASK) is None


def test_removing_a_lease_twice_is_no_error(shelf: Shelf) -> None:
    shelf.store.create(a_lease())

    shelf.store.remove(a_lease())
    shelf.store.remove(a_lease())

    assert shelf.store.scan() == LeaseScan((), ())


def test_removing_one_lease_leaves_the_others(shelf: Shelf) -> None:
    """Task 1 is no part of task 11."""
    for task_id in ("1", "11", "1-1"):
        shelf.store.create(a_lease(task_id))
        shelf.store.take(TaskId(task_id), an_owner(f"lease-{task_id}"))

    shelf.store.remove(a_lease("1"))

    assert [lease.task_id for lease in shelf.store.scan().leases] == ["11", "1-1"]
    assert shelf.store.owner(TaskId("11")) is not None


def test_a_removed_lease_can_be_made_again(shelf: Shelf) -> None:
    shelf.store.create(a_lease())
    shelf.store.remove(a_lease())

    assert shelf.store.create(a_lease(lease_id="second", generation=2))


def test_what_an_old_lease_left_behind_is_not_the_new_ones(shelf: Shelf) -> None:
    """Somebody removed a lease by hand: its owner would keep the new wrapper out, its stop end it."""
    shelf.store.take(TASK, an_owner("old"))
    shelf.store.ask_stop(TASK, a_stop("old"))

    assert shelf.store.create(a_lease())
    assert shelf.store.owner(TASK) is None
    assert shelf.store.stop_order(TASK) is None


# --- the owner: who was first -----------------------------------------------------------------------


@one_shelf
@given(owners)
def test_an_owner_is_read_as_it_was_written(shelf: Shelf, owner: Owner) -> None:
    shelf.store.remove(a_lease())

    assert shelf.store.take(TASK, owner) == owner
    assert shelf.store.owner(TASK) == owner


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (an_owner(process=a_process(1)), an_owner(process=a_process(2))),
        (an_owner(), a_revocation()),
        (a_revocation(), an_owner()),
        (a_revocation(), a_revocation("another")),
    ],
    ids=["two wrappers", "wrapper before pass", "pass before wrapper", "two passes"],
)
def test_whoever_comes_second_learns_who_was_first(shelf: Shelf, first: Owner, second: Owner) -> None:
    shelf.store.take(TASK, first)

    assert shelf.store.take(TASK, second) == first
    assert shelf.store.owner(TASK) == first


def test_of_many_at_once_one_becomes_the_owner_and_all_learn_who(shelf: Shelf) -> None:
    contenders = [an_owner(process=a_process(pid)) for pid in range(1, 9)]
    learnt: list[Owner] = []
    barrier = Barrier(len(contenders))

    def race(owner: Owner) -> None:
        store = shelf.open()
        barrier.wait(10)
        learnt.append(store.take(TASK, owner))

    threads = [Thread(target=race, args=(owner,)) for owner in contenders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(learnt) == len(contenders)
    assert len(set(learnt)) == 1
    assert learnt[0] in contenders


def test_an_owner_can_be_dropped_by_its_own_lease_only(shelf: Shelf) -> None:
    shelf.store.take(TASK, an_owner("mine"))

    shelf.store.drop_owner(TASK, a_lease(lease_id="another").lease_id)
    assert shelf.store.owner(TASK) == an_owner("mine")

    shelf.store.drop_owner(TASK, an_owner("mine").lease_id)
    assert shelf.store.owner(TASK) is None


def test_dropping_an_owner_that_is_not_there_is_no_error(shelf: Shelf) -> None:
    shelf.store.drop_owner(TASK, an_owner().lease_id)

    assert shelf.store.owner(TASK) is None


# --- the stop ---------------------------------------------------------------------------------------


@one_shelf
@given(stop_orders)
def test_a_stop_is_read_as_it_was_written(shelf: Shelf, stop: StopOrder) -> None:
    shelf.store.remove(a_lease())

    shelf.store.ask_stop(TASK, stop)

    assert shelf.store.stop_order(TASK) == stop


def test_the_first_stop_stays(shelf: Shelf) -> None:
    """The first reason is the true one; whoever repeats a stop may know less."""
    shelf.store.ask_stop(TASK, a_stop(reason="timed_out"))

    shelf.store.ask_stop(TASK, a_stop(reason="lost"))

    assert shelf.store.stop_order(TASK) == a_stop(reason="timed_out")


def test_a_stop_of_an_older_lease_makes_way(shelf: Shelf) -> None:
    shelf.store.ask_stop(TASK, a_stop("old"))

    shelf.store.ask_stop(TASK, a_stop("new"))

    assert shelf.store.stop_order(TASK) == a_stop("new")


# --- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task_id", NOT_NAMES)
def test_an_id_that_is_no_name_is_refused_everywhere(shelf: Shelf, task_id: str) -> None:
    """Law 11: never a path before it is checked."""
    name, store = TaskId(task_id), shelf.store
    attempts = [
        lambda: store.create(a_lease(task_id)),
        lambda: store.write(a_lease(task_id)),
        lambda: store.beat(a_lease(task_id)),
        lambda: store.remove(a_lease(task_id)),
        lambda: store.read(name),
        lambda: store.owner(name),
        lambda: store.take(name, an_owner()),
        lambda: store.drop_owner(name, an_owner().lease_id),
        lambda: store.stop_order(name),
        lambda: store.ask_stop(name, a_stop()),
    ]

    for attempt in attempts:
        with pytest.raises(StateError) as refused:
            attempt()
        assert refused.value.hint
    assert store.scan() == LeaseScan((), ())
