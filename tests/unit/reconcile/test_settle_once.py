"""Settling is told once, however often it is repeated and wherever the line breaks (features B11)."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.builders import an_outcome
from tests.fakes.flaky import Way, line_to
from tests.unit.reconcile.settle_scenes import (
    POOL_AND_ASSIGNED,
    TASK,
    a_finished_lease,
    a_working_server,
    settle,
    where,
)
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.lease import HandoverTarget, Outcome, OutcomeClass

SETTLEMENTS: list[Outcome] = [
    *(an_outcome(kind) for kind in get_args(OutcomeClass) if kind != "unsettled"),
    an_outcome("handed_off")._replace(to=HandoverTarget(QueueName("qa"), None)),
    an_outcome("handed_off")._replace(to=HandoverTarget(QueueName("qa"), AgentName("qa-1"))),
]


def name_of(outcome: Outcome) -> str:
    return outcome.kind if outcome.to is None else f"handed_off to {outcome.to.queue} {outcome.to.agent}"


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("is_parked", [False, True], ids=["", "parked"])
@pytest.mark.parametrize("outcome", SETTLEMENTS, ids=name_of)
def test_settling_twice_changes_nothing(outcome: Outcome, is_parked: bool, before: str | None) -> None:
    server = a_working_server()
    lease = a_finished_lease(before, outcome)
    first = settle(server, lease, is_parked=is_parked)
    seen, writes = where(server), server.writes

    second = settle(server, lease, is_parked=is_parked)

    assert second.outcome.kind == first.outcome.kind
    assert (where(server), server.writes) == (seen, writes)


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("is_parked", [False, True], ids=["", "parked"])
@pytest.mark.parametrize("way", ["not_sent", "not_applied", "applied"])
@pytest.mark.parametrize("outcome", SETTLEMENTS, ids=name_of)
def test_a_settlement_whose_line_broke_anywhere_ends_like_one_whose_did_not(
    outcome: Outcome, way: Way, is_parked: bool, before: str | None
) -> None:
    whole = a_working_server()
    lease = a_finished_lease(before, outcome)
    expected = settle(whole, lease, is_parked=is_parked)

    for at in range(1, 10):
        server = a_working_server()
        port, line = line_to(server, at=at, way=way)
        try:
            settle(port, lease, is_parked=is_parked)
        except ServerUnavailable:
            again = settle(server, lease, is_parked=is_parked)
            assert again.outcome.kind == expected.outcome.kind
            assert where(server) == where(whole)
            assert [c.text for c in server.comments(TASK)] == [c.text for c in whole.comments(TASK)]
        if not line.has_failed:
            return
    raise AssertionError("settling does not come to an end")


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("kind", ["interrupted", "lost"])
def test_a_success_that_was_said_stays_one_when_its_lease_is_lost_before_the_task_is_complete(
    kind: OutcomeClass, before: str | None
) -> None:
    """Else the task would be taken for one that a person has begun anew, and work for nobody for ever."""
    server = a_working_server()
    port, _ = line_to(server, at=2, way="not_sent")
    with pytest.raises(ServerUnavailable):
        settle(port, a_finished_lease(before, an_outcome("succeeded")))

    settled = settle(server, a_finished_lease(before, an_outcome(kind)), is_parked=True)

    assert (settled.told, settled.outcome.kind) == ("completed", "succeeded")
    assert server.task(TASK).status == "complete"
    assert server.task(TASK).tags == ()
    assert len(server.comments(TASK)) == 1
