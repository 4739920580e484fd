"""A running task that is given to another agent of ours goes on there: its ``working`` was our claim's, and
nobody else would ever take it back (law 2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import an_agent, an_outcome
from tests.fakes.flaky import Way, line_to
from tests.fakes.stage import Stage, a_stage
from tests.fakes.task_server import FakeTaskServer
from tests.unit.reconcile.breaker_scenes import events
from tests.unit.reconcile.desired_scenes import a_running_stage, run_after
from tests.unit.reconcile.intent_scenes import answers, ask
from tests.unit.reconcile.settle_scenes import (
    POOL_AND_ASSIGNED,
    TASK,
    a_finished_lease,
    a_working_server,
    settle,
    where,
)
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.claim_marks import claim_name, end_mark, lease_id_of
from tinyscheduler.model.ids import AgentName
from tinyscheduler.model.lease import OutcomeClass, comment_marker
from tinyscheduler.model.task import PARKED_TAG

COLLEAGUE = AgentName("dev-2")
ELSEWHERE = lease_id_of("f" * 16, b"\x01")
"""A lease of another state folder."""


def given_to(name: str) -> FakeTaskServer:
    """By somebody who has changed nothing else."""
    server = a_working_server()
    server.assign(TASK, name)
    return server


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("kind", ["succeeded", "failed", "no_result", "lost", "handed_off", "interrupted"])
def test_it_is_the_colleagues_turn(kind: OutcomeClass, before: str | None) -> None:
    server = given_to(COLLEAGUE)

    settled = settle(server, a_finished_lease(before, an_outcome(kind)))

    assert (settled.told, settled.outcome.kind) == ("handed_over", "handed_off")
    assert where(server) == ("idle", COLLEAGUE, "dev")
    assert len(server.comments(TASK)) == 1


def test_a_failed_start_is_nothing_it_should_hear_of() -> None:
    server = given_to(COLLEAGUE)

    settle(server, a_finished_lease(None, an_outcome("start_failed")))

    assert where(server) == ("idle", COLLEAGUE, "dev")
    assert server.comments(TASK) == ()


def test_what_was_stopped_is_parked_like_anything_that_was_stopped() -> None:
    """Idle and nobody's, with the tag and one comment (docs/reasons.md)."""
    server = given_to(COLLEAGUE)

    settled = settle(server, a_finished_lease(None, an_outcome("cancelled")), is_parked=True)

    assert (settled.told, settled.outcome.kind) == ("requeued", "cancelled")
    assert where(server) == ("idle", None, "dev")
    assert PARKED_TAG in server.task(TASK).tags
    assert len(server.comments(TASK)) == 1


def test_who_is_no_agent_of_ours_may_be_at_work() -> None:
    server = given_to("sue")

    settled = settle(server, a_finished_lease(None, an_outcome("failed")))

    assert settled.told == "left"
    assert where(server) == ("working", "sue", "dev")


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("kind", ["succeeded", "failed", "no_result", "lost", "cancelled"])
def test_who_was_given_a_task_that_works_is_told_once_that_our_run_is_over(
    kind: OutcomeClass, before: str | None
) -> None:
    """Perhaps it is an agent of another scheduler, which sees it ``working`` and never starts it."""
    server, lease = given_to("sue"), a_finished_lease(before, an_outcome(kind))

    told = [settle(server, lease).told for _ in range(2)]

    (comment,) = server.comments(TASK)
    assert (told, where(server)) == (["left", "left"], ("working", "sue", "dev"))
    assert comment.text.startswith(
        "dev-1, attempt 1; its run is over, and the task is left working for sue: "
    )


def test_the_journal_says_for_whom_it_is_left_working(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.server.assign(TASK, "sue")

    run_after(stage, 1, 60, 61)

    (settled,) = events(stage, "task_settled")
    assert (settled["reason"], settled["outcome"], settled["left_working_for"]) == (
        "left",
        "handed_off",
        "sue",
    )


def test_who_has_claimed_it_since_is_told_nothing() -> None:
    """Another scheduler's run is at work on it."""
    server = given_to("")
    server.assign(TASK, claim_name(AgentName("sue"), ELSEWHERE))
    server.assign(TASK, "sue")
    writes = server.writes

    settled = settle(server, a_finished_lease(None, an_outcome("failed")))

    assert (settled.told, server.writes) == ("left", writes)


def test_another_scheduler_that_moved_it_to_itself_is_at_work() -> None:
    server = given_to(COLLEAGUE)
    server.comment(TASK, f"dev-2 starts on it {comment_marker(ELSEWHERE)}", COLLEAGUE)

    assert settle(server, a_finished_lease(None, an_outcome("failed"))).told == "left"
    assert where(server) == ("working", COLLEAGUE, "dev")


def test_another_scheduler_whose_run_is_over_is_not() -> None:
    server = given_to(COLLEAGUE)
    server.comment(TASK, f"dev-2 starts on it {comment_marker(ELSEWHERE)}", COLLEAGUE)
    server.comment(TASK, f"dev-2, attempt 1: failed {end_mark(ELSEWHERE)}]", COLLEAGUE)

    assert settle(server, a_finished_lease(None, an_outcome("failed"))).told == "handed_over"


def test_another_scheduler_that_took_it_from_the_pool_is_at_work() -> None:
    server = given_to("")
    server.assign(TASK, claim_name(COLLEAGUE, ELSEWHERE))
    server.assign(TASK, COLLEAGUE)

    assert settle(server, a_finished_lease(None, an_outcome("failed"))).told == "left"
    assert where(server) == ("working", COLLEAGUE, "dev")


@pytest.mark.parametrize("way", ["not_applied", "applied"])
@pytest.mark.parametrize("write", [1, 2])
@pytest.mark.parametrize("kind", ["succeeded", "failed", "cancelled"])
def test_cut_off_anywhere_it_is_told_once(kind: OutcomeClass, write: int, way: Way) -> None:
    server = given_to(COLLEAGUE)
    lease = a_finished_lease(None, an_outcome(kind))
    port, _ = line_to(server, at=write, way=way)
    with pytest.raises(ServerUnavailable):
        settle(port, lease, is_parked=kind == "cancelled")

    settle(server, lease, is_parked=kind == "cancelled")

    assert where(server) == ("idle", None if kind == "cancelled" else COLLEAGUE, "dev")
    assert len(server.comments(TASK)) == 1


@pytest.mark.parametrize("write", [1, 2])
@pytest.mark.parametrize("kind", ["succeeded", "failed"])
def test_given_away_at_the_very_moment_it_is_the_colleagues_turn_too(kind: OutcomeClass, write: int) -> None:
    server = a_working_server()
    port, _ = line_to(
        server, before=lambda number: server.assign(TASK, COLLEAGUE) if number == write else None
    )

    settle(port, a_finished_lease(None, an_outcome(kind)))

    status, assignee, _ = where(server)
    assert (status, assignee) == ("idle", COLLEAGUE)


def a_run_given_on(base: Path) -> Stage:
    stage = a_stage(base, agents=[an_agent("dev-1"), an_agent("dev-2")])
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", assigned_to="dev-1")
    stage.run()
    stage.server.assign(TASK, COLLEAGUE)
    return stage


def test_the_colleague_works_on_it_when_the_run_has_ended(tmp_path: Path) -> None:
    stage = a_run_given_on(tmp_path)
    for _ in range(4):
        stage.run()
        stage.clock.advance(61)
        stage.engine.beat(stage.engine.newest())

    lease = stage.lease()

    assert lease is not None
    assert (lease.agent, stage.server.task(TASK).status) == (COLLEAGUE, "working")
    assert [past.kind for past in stage.ledger().outcomes] == ["handed_off"]


def test_a_stop_of_what_was_given_on_lasts_until_a_retry(tmp_path: Path) -> None:
    stage = a_run_given_on(tmp_path)
    ask(stage, "stop")
    for _ in range(3):
        stage.run()
        stage.clock.advance(61)
    assert stage.lease() is None
    assert (stage.server.task(TASK).status, stage.server.task(TASK).assigned_to) == ("idle", None)

    ask(stage, "retry")
    stage.run()

    assert answers(stage) == [("stop", "applied"), ("retry", "applied")]
    assert stage.lease() is not None
