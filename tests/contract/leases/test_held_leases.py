"""What a wrapper's writes promise: they hit its own lease or nothing (ports.py; features B10)."""

from __future__ import annotations

import pytest

from tests.builders import a_lease, an_outcome
from tests.contract.leases.implementations import Shelf
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.lease import Lease

TASK = TaskId("1")
MINE = a_lease(lease_id="mine", beat_age_s=30)._replace(generation=3)
BEATEN = MINE._replace(heartbeat_monotonic=MINE.heartbeat_monotonic + 15, stall_notices=1)
FINISHED = MINE._replace(state="finished", outcome=an_outcome("succeeded"))
ANOTHERS = MINE._replace(lease_id=LeaseId("other"), generation=4)


@pytest.mark.parametrize(("write", "lease"), [("beat", BEATEN), ("finish", FINISHED)])
def test_a_write_into_ones_own_lease_is_kept(shelf: Shelf, write: str, lease: Lease) -> None:
    shelf.store.create(MINE)

    assert getattr(shelf.store, write)(lease)
    assert shelf.store.read(TASK) == lease


@pytest.mark.parametrize(("write", "lease"), [("beat", BEATEN), ("finish", FINISHED)])
def test_a_lease_that_is_gone_is_lost(shelf: Shelf, write: str, lease: Lease) -> None:
    shelf.store.create(MINE)
    shelf.store.remove(MINE)

    assert not getattr(shelf.store, write)(lease)
    assert shelf.store.read(TASK) is None


@pytest.mark.parametrize(("write", "lease"), [("beat", BEATEN), ("finish", FINISHED)])
def test_anothers_lease_stays_as_it_is(shelf: Shelf, write: str, lease: Lease) -> None:
    shelf.store.create(ANOTHERS)

    assert not getattr(shelf.store, write)(lease)
    assert shelf.store.read(TASK) == ANOTHERS


def test_a_finished_lease_takes_a_last_word_and_no_beat(shelf: Shelf) -> None:
    """Only the pass could have finished it before its wrapper, and then it is the writer."""
    shelf.store.create(MINE)
    shelf.store.write(FINISHED)

    assert not shelf.store.beat(BEATEN)
    assert shelf.store.read(TASK) == FINISHED
    assert shelf.store.finish(FINISHED._replace(outcome=an_outcome("failed")))


def test_what_an_overtaken_writer_has_left_there_is_written_over(shelf: Shelf) -> None:
    """The older generation is the one that was overtaken."""
    shelf.store.create(MINE._replace(lease_id=LeaseId("older"), generation=2))

    assert shelf.store.beat(BEATEN)
    assert shelf.store.read(TASK) == BEATEN
