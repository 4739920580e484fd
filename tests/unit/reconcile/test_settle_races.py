"""A person who is quicker than a settlement by one call keeps the task (features B11, F7)."""

from __future__ import annotations

import pytest

from tests.builders import an_outcome
from tests.fakes.flaky import line_to
from tests.unit.reconcile.settle_scenes import (
    POOL_AND_ASSIGNED,
    TASK,
    a_finished_lease,
    a_working_server,
    settle,
    where,
)
from tinyscheduler.model.lease import OutcomeClass


@pytest.mark.parametrize(
    ("before", "is_parked"), [(None, False), (None, True), ("dev-1", True)], ids=["pool", "parked", "theirs"]
)
@pytest.mark.parametrize("kind", ["failed", "interrupted", "start_failed"])
def test_who_takes_the_task_right_before_our_last_word_keeps_it(
    before: str | None, kind: OutcomeClass, is_parked: bool
) -> None:
    """Found by a simulated world: her name was replaced by nobody, and nobody ever looked again."""
    server = a_working_server()
    last = 1 if kind == "start_failed" else 2

    def take(number: int) -> None:
        if number == last:
            server.assign(TASK, "sue")
            server.set_status(TASK, "working")

    port, _ = line_to(server, before=take)
    settle(port, a_finished_lease(before, an_outcome(kind)), is_parked=is_parked)

    status, assignee, _ = where(server)
    assert assignee == "sue"
    assert server.task(TASK).tags == ()
    # A start that failed says idle and nobody's in one call, and nothing tells what was before.
    assert status == ("idle" if kind == "start_failed" else "working")


@POOL_AND_ASSIGNED
def test_an_agent_that_archives_its_own_task_is_not_called_back(before: str | None) -> None:
    server = a_working_server()

    def archive(number: int) -> None:
        if number == 2:
            server.archive(TASK)

    port, line = line_to(server, before=archive)
    settled = settle(port, a_finished_lease(before, an_outcome("succeeded")))

    assert (settled.told, settled.outcome.kind) == ("left", "handed_off")
    assert line.writes == 2
