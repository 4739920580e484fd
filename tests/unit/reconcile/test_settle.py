"""Settling: what becomes of the task, and that only what is still ours is touched (features F6, F7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from tests.builders import NOW, an_outcome
from tests.fakes.flaky import line_to
from tests.fakes.task_server import FakeTaskServer
from tests.unit.reconcile.settle_scenes import (
    POOL_AND_ASSIGNED,
    TASK,
    a_finished_lease,
    a_working_server,
    settle,
    where,
)
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.lease import HandoverTarget, OutcomeClass
from tinyscheduler.model.task import Status
from tinyscheduler.reconcile.settle import TO_NOBODY, Settled

REQUEUED: list[OutcomeClass] = [
    kind for kind in get_args(OutcomeClass) if kind not in ("succeeded", "handed_off", "unsettled")
]


@POOL_AND_ASSIGNED
def test_a_success_completes_the_task_with_one_comment(before: str | None) -> None:
    server = a_working_server()

    settled = settle(server, a_finished_lease(before, an_outcome("succeeded")))

    assert settled.told == "completed"
    assert where(server) == ("complete", "dev-1", "dev")
    (comment,) = server.comments(TASK)
    assert comment.text.startswith("dev-1, attempt 1: it ended")
    assert comment.author == "dev-1"


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("kind", REQUEUED)
def test_any_other_end_puts_the_task_back_to_where_it_came_from(
    kind: OutcomeClass, before: str | None
) -> None:
    """Pool tasks to the pool (design 7)."""
    server = a_working_server()

    settled = settle(server, a_finished_lease(before, an_outcome(kind)))

    assert settled.told == "requeued"
    assert settled.outcome.kind == kind
    assert where(server) == ("idle", before, "dev")


@POOL_AND_ASSIGNED
def test_a_failed_start_is_nothing_the_task_should_hear_of(before: str | None) -> None:
    """It may fail every minute until somebody mends the agent."""
    server = a_working_server()

    settle(server, a_finished_lease(before, an_outcome("start_failed")))

    assert server.comments(TASK) == ()


@POOL_AND_ASSIGNED
def test_a_parked_task_goes_to_nobody(before: str | None) -> None:
    server = a_working_server()

    settle(server, a_finished_lease(before, an_outcome("failed")), is_parked=True)

    assert where(server) == ("idle", None, "dev")


@pytest.mark.parametrize(
    ("queue", "agent", "expected"),
    [
        ("qa", "qa-1", ("idle", "qa-1", "qa")),
        ("qa", None, ("idle", None, "qa")),
        (None, "qa-1", ("idle", "qa-1", "dev")),
    ],
    ids=["queue and agent", "queue", "agent"],
)
@POOL_AND_ASSIGNED
def test_a_hand_over_goes_where_the_agent_wants_it(
    before: str | None, queue: str | None, agent: str | None, expected: tuple[str, str | None, str]
) -> None:
    """To a queue alone means to whoever serves it: the agent that hands over is done with it."""
    server = a_working_server()
    to = HandoverTarget(
        None if queue is None else QueueName(queue), None if agent is None else AgentName(agent)
    )

    settled = settle(server, a_finished_lease(before, an_outcome("handed_off")._replace(to=to)))

    assert settled.told == "handed_over"
    assert where(server) == expected
    assert len(server.comments(TASK)) == 1


@POOL_AND_ASSIGNED
def test_a_hand_over_without_a_target_puts_the_task_back(before: str | None) -> None:
    """And says so, also in the ledger: the same agent gets it again, a minute later."""
    server = a_working_server()
    lease = a_finished_lease(before, an_outcome("handed_off", summary="please go on"))

    settled = settle(server, lease, note="dev-1, attempt 1: handed off; please go on")
    settle(server, lease)

    assert where(server) == ("idle", before, "dev")
    [comment] = server.comments(TASK)
    said = "dev-1, attempt 1: handed off; please go on; nobody was named to go on, so it stays where it was ["
    assert comment.text.startswith(said)
    assert settled.outcome.summary == f"{TO_NOBODY}; please go on"


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("child", ["idle", "working"])
def test_a_parent_is_never_completed_by_hand(before: str | None, child: Status) -> None:
    """Its agent has split it and is done with it; the last of its subtasks completes it (tinytask 3.3)."""
    server = a_working_server()
    part = server.create(queue="dev", parent=TASK)
    server.update(part, status=child, assigned_to="dev-2")
    server.update(TASK, status="working")

    settled = settle(server, a_finished_lease(before, an_outcome("succeeded")))
    again = settle(server, a_finished_lease(before, an_outcome("succeeded")))
    meanwhile = server.task(TASK).status
    server.update(part, status="complete")

    assert (settled.told, settled.outcome.kind) == ("left", "succeeded")
    assert (again.told, again.outcome.kind) == ("left", "succeeded")
    assert meanwhile == "idle", "working would be a task that nobody works on"
    assert server.task(TASK).status == "complete"
    assert len(server.comments(TASK)) == 1


def test_a_long_note_is_cut_before_the_marker() -> None:
    """102,400 bytes end in an HTTP 500 (tinytask 5), and every agent reads every comment."""
    server = a_working_server()
    lease = a_finished_lease(None, an_outcome("failed"))

    settle(server, lease, note="日" * 10_000)

    (comment,) = server.comments(TASK)
    assert len(comment.text) < 2_100
    assert lease.lease_id in comment.text


def assign_to_qa(server: FakeTaskServer) -> None:
    server.assign(TASK, "qa-1")


def set_idle(server: FakeTaskServer) -> None:
    server.set_status(TASK, "idle")


def move_to_qa(server: FakeTaskServer) -> None:
    server.update(TASK, queue=QueueName("qa"))


def hand_over(server: FakeTaskServer) -> None:
    """As the public manual tells agents to: idle, queue, assignee."""
    set_idle(server)
    move_to_qa(server)
    assign_to_qa(server)


def give_to_nobody(server: FakeTaskServer) -> None:
    server.assign(TASK, "")


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("kind", ["succeeded", "failed", "no_result", "lost"])
@pytest.mark.parametrize("change", [set_idle, hand_over])
def test_what_the_agent_or_a_person_did_to_the_task_stays(
    change: Callable[[FakeTaskServer], None], kind: OutcomeClass, before: str | None
) -> None:
    """Features F7; it is told as a hand-over, which costs no attempt."""
    server = a_working_server()
    change(server)
    left = where(server)
    writes = server.writes

    settled = settle(server, a_finished_lease(before, an_outcome(kind)))

    assert (settled.told, settled.outcome.kind) == ("left", "handed_off")
    assert where(server) == left
    assert server.writes == writes


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("kind", ["succeeded", "failed", "no_result", "lost"])
@pytest.mark.parametrize("change", [move_to_qa, give_to_nobody])
def test_a_task_that_was_moved_while_it_worked_goes_on_where_it_was_moved(
    change: Callable[[FakeTaskServer], None], kind: OutcomeClass, before: str | None
) -> None:
    """The move stays, but the ``working`` was ours: left as it is, nobody would ever work on it."""
    server = a_working_server()
    change(server)
    _, assignee, queue = where(server)
    kept = None if assignee is None or before is None else assignee

    settled = settle(server, a_finished_lease(before, an_outcome(kind)))

    assert (settled.told, settled.outcome.kind) == ("handed_over", "handed_off")
    assert where(server) == ("idle", kept, queue)
    assert sum("end of lease" in c.text for c in server.get(TASK).comments) == 1


def test_a_task_that_was_archived_is_left_alone() -> None:
    server = a_working_server()
    server.archive(TASK)
    writes = server.writes

    settled = settle(server, a_finished_lease(None, an_outcome("failed")))

    assert settled.told == "left"
    assert server.writes == writes


@pytest.mark.parametrize("kind", ["succeeded", "failed", "lost"])
def test_a_task_the_agent_completed_itself_has_succeeded(kind: OutcomeClass) -> None:
    """Contracts: or the agent set the task complete."""
    server = a_working_server()
    server.set_status(TASK, "complete")
    writes = server.writes

    settled = settle(server, a_finished_lease(None, an_outcome(kind)))

    assert (settled.told, settled.outcome.kind) == ("completed", "succeeded")
    assert server.writes == writes


@pytest.mark.parametrize("change", ["deleted", "re-created"])
def test_a_task_that_is_gone_is_settled(change: str) -> None:
    """Not found is settled (design 6); another task of that id is somebody else's."""
    server = a_working_server()
    if change == "deleted":
        server.delete(TASK)
    else:
        server.edit(server.task(TASK)._replace(created_at=NOW))
    writes = server.writes

    settled = settle(server, a_finished_lease(None, an_outcome("failed")))

    assert settled == Settled("gone", None, an_outcome("failed"))
    assert server.writes == writes


def test_a_task_that_is_taken_away_at_the_last_moment_is_left_alone() -> None:
    """The conditional move is lost."""
    server = a_working_server()
    port, _ = line_to(server, before=lambda write: server.assign(TASK, "sue") if write == 1 else None)

    settled = settle(port, a_finished_lease(None, an_outcome("failed")))

    assert settled.told == "left"
    assert where(server) == ("working", "sue", "dev")
