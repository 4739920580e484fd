"""A claim given back: exactly to where it was, and only what is still ours (laws 2 and 4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.builders import a_lease
from tests.fakes.flaky import Way, line_to
from tests.fakes.task_server import FakeTaskServer
from tests.unit.reconcile.claim_scenes import (
    POOL_AND_ASSIGNED,
    TASK,
    a_server,
    claim_task,
    create_again,
    where,
)
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.lease import Lease, LeaseState
from tinyscheduler.model.task import Status, Task
from tinyscheduler.ports import TaskServer
from tinyscheduler.reconcile.claim import (
    claim_of,
    give_back,
)


def lease_of(seen: Task) -> Lease:
    return a_lease(state="claiming", claim=claim_of(seen))


def back(server: TaskServer, seen: Task, *, is_unclear: bool = False) -> bool:
    """``is_unclear``: it is less than 60 s since the claim was sent."""
    return give_back(server, lease_of(seen), is_unclear=is_unclear)


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("way", ["not_applied", "applied", "not_sent"])
def test_a_claim_is_given_back_exactly_to_where_it_was(before: str | None, way: Way, at: int) -> None:
    """``at`` 0 is a claim that was won."""
    server, seen = a_server(assigned_to=before)
    port, _ = line_to(server, at=at, way=way)
    claim_task(port, seen)

    assert back(server, seen)
    assert where(server) == ("idle", before, "dev")


@pytest.mark.parametrize(("before", "at"), [(None, 0), (None, 2), ("dev-1", 0)])
def test_a_person_who_takes_it_while_it_is_given_back_keeps_it(before: str | None, at: int) -> None:
    """``at`` 2: only the first half of the claim is there."""
    server, seen = a_server(assigned_to=before)
    port, _ = line_to(server, at=at)
    claim_task(port, seen)
    taking, _ = line_to(server, before=lambda _write: server.assign(TASK, "sue"))

    back(taking, seen)

    assert server.task(TASK).assigned_to == "sue"


@POOL_AND_ASSIGNED
def test_giving_back_twice_changes_nothing(before: str | None) -> None:
    server, seen = a_server(assigned_to=before)
    claim_task(server, seen)
    back(server, seen)
    writes = server.writes

    assert back(server, seen)
    assert (where(server), server.writes) == (("idle", before, "dev"), writes)


@POOL_AND_ASSIGNED
def test_an_unanswered_claim_is_waited_for(before: str | None) -> None:
    """Law 4: it may still take effect; the lease has to stay until it cannot any more."""
    server, seen = a_server(assigned_to=before)
    port, line = line_to(server, at=1, way="late")
    claim_task(port, seen)

    assert not back(server, seen, is_unclear=True)
    line.land()
    assert back(server, seen, is_unclear=False)
    assert where(server) == ("idle", before, "dev")


@POOL_AND_ASSIGNED
def test_an_unanswered_claim_that_never_came_is_given_up_in_time(before: str | None) -> None:
    server, seen = a_server(assigned_to=before)

    assert back(server, seen, is_unclear=False)
    assert where(server) == ("idle", before, "dev")


@POOL_AND_ASSIGNED
def test_the_second_half_of_an_unanswered_claim_is_waited_for_too(before: str | None) -> None:
    """The task would be working for ever without a lease: laws 2 and 4."""
    server, seen = a_server(assigned_to=before)
    port, line = line_to(server, at=2, way="late")
    claim_task(port, seen)

    is_given_back = back(server, seen, is_unclear=True)
    line.land()
    if not is_given_back:
        assert back(server, seen, is_unclear=False)

    assert where(server) == ("idle", before, "dev")


@pytest.mark.parametrize("status", ["idle", "working"])
@pytest.mark.parametrize("way", ["not_applied", "not_sent"])
def test_a_name_that_we_overwrote_is_put_back_by_the_next_pass(way: Way, status: Status) -> None:
    """A human was a moment quicker, and the line broke while we put her name back."""
    server, seen = a_server()

    def human(write: int) -> None:
        if write == 1:
            server.assign(TASK, "sue")
            server.set_status(TASK, status)

    port, line = line_to(server, at=2, way=way, before=human)
    claim_task(port, seen)
    assert line.has_failed

    assert back(server, seen)
    assert where(server) == (status, "sue", "dev")


@POOL_AND_ASSIGNED
@pytest.mark.parametrize(
    "hand",
    [
        lambda server: server.assign(TASK, "sue"),
        lambda server: server.set_status(TASK, "complete"),
        lambda server: server.delete(TASK),
        create_again,
    ],
    ids=["assigned", "complete", "deleted", "re-created"],
)
def test_what_is_no_longer_ours_is_not_given_back(
    before: str | None, hand: Callable[[FakeTaskServer], None]
) -> None:
    server, seen = a_server(assigned_to=before)
    claim_task(server, seen)
    hand(server)
    writes = server.writes

    assert back(server, seen)
    assert server.writes == writes


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("at", [1, 2])
def test_a_server_that_is_silent_while_we_give_back_keeps_the_lease(before: str | None, at: int) -> None:
    server, seen = a_server(assigned_to=before)
    claim_task(server, seen)
    server.unavailable = True

    with pytest.raises(ServerUnavailable):
        back(server, seen)


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("way", ["not_applied", "applied"])
def test_a_give_back_without_an_answer_is_repeated(before: str | None, way: Way) -> None:
    server, seen = a_server(assigned_to=before)
    claim_task(server, seen)
    port, line = line_to(server, at=1, way=way)
    with pytest.raises(ServerUnavailable):
        back(port, seen)
    assert line.has_failed

    assert back(server, seen)
    assert where(server) == ("idle", before, "dev")


@POOL_AND_ASSIGNED
def test_a_task_completed_meanwhile_is_watched_until_the_claim_cannot_land_any_more(
    before: str | None,
) -> None:
    """Otherwise it would be working for ever, and nobody would know."""
    server, seen = a_server(assigned_to=before)
    port, line = line_to(server, at=2, way="late")
    claim_task(port, seen)
    server.set_status(TASK, "complete")

    is_given_back = back(server, seen, is_unclear=True)
    line.land()
    if not is_given_back:
        assert back(server, seen, is_unclear=False)

    assert server.task(TASK).status != "working"


# --- given to another agent of ours meanwhile -----------------------------------------------------------


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("state", ["claiming", "starting"])
def test_what_was_given_on_is_the_other_agents_turn(state: LeaseState, before: str | None) -> None:
    server, seen = a_server(assigned_to=before)
    claim_task(server, seen)
    server.assign(TASK, "dev-2")

    assert give_back(server, lease_of(seen)._replace(state=state), ("dev-1", "dev-2"), is_unclear=False)

    assert where(server) == ("idle", "dev-2", "dev")


@POOL_AND_ASSIGNED
def test_a_person_who_began_it_in_the_other_agents_name_keeps_it(before: str | None) -> None:
    """Our claim came too late and has left no trace."""
    server, seen = a_server(assigned_to=before)
    server.assign(TASK, "dev-2")
    server.set_status(TASK, "working")

    assert give_back(server, lease_of(seen), ("dev-1", "dev-2"), is_unclear=False)

    assert where(server) == ("working", "dev-2", "dev")
