"""Settling: the server is told once, only about what is still ours, and goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from tests.builders import NOW, a_claim, a_lease, an_outcome
from tests.fakes.flaky import Way, line_to
from tests.fakes.stage import Stage, a_stage
from tests.fakes.task_server import FakeTaskServer
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.lease import HandoverTarget, Lease, Outcome, OutcomeClass
from tinyscheduler.model.policy import Policy
from tinyscheduler.ports import TaskServer
from tinyscheduler.reconcile.settle import Settled, settle_on_server

TASK = TaskId("1")
LONG_AGO = NOW - timedelta(days=1)
BEFORE = [None, "dev-1"]
POOL_AND_ASSIGNED = pytest.mark.parametrize("before", BEFORE, ids=["pool", "assigned"])
REQUEUED: list[OutcomeClass] = [
    kind for kind in get_args(OutcomeClass) if kind not in ("succeeded", "handed_off", "unsettled")
]


def a_working_server() -> FakeTaskServer:
    """One task that our agent works on."""
    server = FakeTaskServer(now=lambda: NOW)
    server.create(queue="dev", assigned_to="dev-1", status="working", created_at=LONG_AGO)
    return server


def a_finished_lease(before: str | None, outcome: Outcome) -> Lease:
    return a_lease(state="finished", claim=a_claim(before=before, task_created_at=LONG_AGO), outcome=outcome)


def settle(
    server: TaskServer, lease: Lease, *, note: str = "dev-1, attempt 1: it ended", unassign: bool = False
) -> Settled:
    return settle_on_server(server, lease, note=note, unassign=unassign)


def where(server: FakeTaskServer) -> tuple[str, str | None, str | None]:
    task = server.task(TASK)
    return task.status, task.assigned_to, task.queue


# --- what becomes of the task --------------------------------------------------------------------


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

    settle(server, a_finished_lease(before, an_outcome("failed")), unassign=True)

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
    server = a_working_server()

    settle(server, a_finished_lease(before, an_outcome("handed_off")))

    assert where(server) == ("idle", before, "dev")


def test_a_long_note_is_cut_before_the_marker() -> None:
    """102,400 bytes end in an HTTP 500 (tinytask 5), and every agent reads every comment."""
    server = a_working_server()
    lease = a_finished_lease(None, an_outcome("failed"))

    settle(server, lease, note="日" * 10_000)

    (comment,) = server.comments(TASK)
    assert len(comment.text) < 2_100
    assert lease.lease_id in comment.text


# --- what is not ours any more -------------------------------------------------------------------


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
@pytest.mark.parametrize("change", [assign_to_qa, set_idle, hand_over])
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


# --- once, however often ---------------------------------------------------------------------------


SETTLEMENTS: list[Outcome] = [
    *(an_outcome(kind) for kind in get_args(OutcomeClass) if kind != "unsettled"),
    an_outcome("handed_off")._replace(to=HandoverTarget(QueueName("qa"), None)),
    an_outcome("handed_off")._replace(to=HandoverTarget(QueueName("qa"), AgentName("qa-1"))),
]


def name_of(outcome: Outcome) -> str:
    return outcome.kind if outcome.to is None else f"handed_off to {outcome.to.queue} {outcome.to.agent}"


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("unassign", [False, True], ids=["", "parked"])
@pytest.mark.parametrize("outcome", SETTLEMENTS, ids=name_of)
def test_settling_twice_changes_nothing(outcome: Outcome, unassign: bool, before: str | None) -> None:
    server = a_working_server()
    lease = a_finished_lease(before, outcome)
    first = settle(server, lease, unassign=unassign)
    seen, writes = where(server), server.writes

    second = settle(server, lease, unassign=unassign)

    assert second.outcome.kind == first.outcome.kind
    assert (where(server), server.writes) == (seen, writes)


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("unassign", [False, True], ids=["", "parked"])
@pytest.mark.parametrize("way", ["not_sent", "not_applied", "applied"])
@pytest.mark.parametrize("outcome", SETTLEMENTS, ids=name_of)
def test_a_settlement_whose_line_broke_anywhere_ends_like_one_whose_did_not(
    outcome: Outcome, way: Way, unassign: bool, before: str | None
) -> None:
    whole = a_working_server()
    lease = a_finished_lease(before, outcome)
    expected = settle(whole, lease, unassign=unassign)

    for at in range(1, 10):
        server = a_working_server()
        port, line = line_to(server, at=at, way=way)
        try:
            settle(port, lease, unassign=unassign)
        except ServerUnavailable:
            again = settle(server, lease, unassign=unassign)
            assert again.outcome.kind == expected.outcome.kind
            assert where(server) == where(whole)
            assert [c.text for c in server.comments(TASK)] == [c.text for c in whole.comments(TASK)]
        if not line.has_failed:
            return
    raise AssertionError("settling does not come to an end")


# --- with the ledger: through whole passes ---------------------------------------------------------


def a_finished_run(base: Path, outcome: Outcome, *, before: str | None = None) -> Stage:
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", assigned_to=before)
    stage.run()
    stage.engine.end_with(stage.engine.newest(), outcome)
    policy = stage.configuration.policy._replace(is_enabled=False)
    return stage._replace(configuration=stage.configuration._replace(policy=policy))


def test_a_server_that_is_down_for_ten_passes_hears_of_the_end_once(tmp_path: Path) -> None:
    """Features B11."""
    stage = a_finished_run(tmp_path, an_outcome("failed"))
    stage.server.unavailable = True
    codes = [stage.run().exit_code for _ in range(10)]
    held = stage.lease()
    stage.server.unavailable = False

    report = stage.run()

    assert codes == [3] * 10
    assert held is not None
    assert held.state == "finished"
    assert report.exit_code == 0
    assert stage.lease() is None
    assert len(stage.server.comments(TASK)) == 1


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("way", ["not_sent", "not_applied", "applied"])
def test_a_pass_whose_line_breaks_while_it_settles_keeps_the_lease_for_the_next(
    tmp_path: Path, way: Way, before: str | None
) -> None:
    for at in range(1, 10):
        stage = a_finished_run(tmp_path / str(at), an_outcome("failed"), before=before)
        port, line = line_to(stage.server, at=at, way=way)
        report = stage.run(server=port)
        if not line.has_failed:
            assert at > 1
            return
        assert report.exit_code == 3
        assert stage.lease() is not None
        assert stage.run().exit_code == 0
        assert stage.lease() is None
        assert where(stage.server) == ("idle", before, "dev")
        assert [past.kind for past in stage.ledger().outcomes] == ["failed"]
    raise AssertionError("settling does not come to an end")


def test_a_refusal_for_good_keeps_the_lease_and_is_told(tmp_path: Path) -> None:
    stage = a_finished_run(tmp_path, an_outcome("failed"))
    stage.server.refuse_writes = True

    report = stage.run()

    assert report.exit_code == 3
    assert stage.lease() is not None


def test_the_comment_says_who_which_attempt_how_and_what_comes_next(tmp_path: Path) -> None:
    stage = a_finished_run(tmp_path, an_outcome("failed", summary="the tests are red")._replace(code=2))

    stage.run()

    text = stage.server.comments(TASK)[-1].text
    assert text.startswith("dev-1, attempt 1: failed (exit 2); the tests are red; next attempt not before")


def test_the_third_failure_parks_the_task_once_and_says_so(tmp_path: Path) -> None:
    """Features C1, C4: ten more passes start nothing."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    for _ in range(3):
        stage.run()
        stage.engine.finish(stage.engine.newest(), "failed")
        stage.run()
        stage.clock.advance(600)

    for _ in range(10):
        stage.clock.advance(3600)
        assert stage.run().exit_code == 0

    assert len(stage.engine.wrappers) == 3
    assert where(stage.server) == ("idle", None, "dev")
    assert [("parked" in comment.text) for comment in stage.server.comments(TASK)] == [False, False, True]


def test_a_changed_title_releases_a_parked_task_and_gives_it_all_its_attempts(tmp_path: Path) -> None:
    """Features C4: a person says "try again" on the server itself."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    for _ in range(3):
        stage.run()
        stage.engine.finish(stage.engine.newest(), "failed")
        stage.run()
        stage.clock.advance(600)
    stage.server.edit(stage.server.task(TASK)._replace(title="try it like this"))
    for _ in range(3):
        stage.run()
        stage.engine.finish(stage.engine.newest(), "failed")
        stage.run()
        stage.clock.advance(600)

    assert len(stage.engine.wrappers) == 6
    assert stage.ledger().parked is not None


def test_a_task_with_a_time_finer_than_our_files_is_still_the_same_task(tmp_path: Path) -> None:
    """Ids are told apart by ``created_at``; a server may keep microseconds."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", created_at=LONG_AGO + timedelta(microseconds=123_456))
    stage.run()
    stage.engine.finish(stage.engine.newest(), "failed")

    stage.run()

    assert where(stage.server) == ("idle", None, "dev")
    assert [past.kind for past in stage.ledger().outcomes] == ["failed"]


def test_a_settlement_that_lands_late_does_not_lose_the_next_run(tmp_path: Path) -> None:
    """The pool's task is put back in two writes; the second is on its way for half a minute, while
    the next pass settles again and starts again. Law 2: the task must not work for nobody."""
    stage = a_stage(tmp_path, policy=Policy(retry_base_s=1))
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest(), "interrupted")
    port, line = line_to(stage.server, at=2, way="late")
    stage.run(server=port)
    stage.clock.advance(5)
    stage.run()
    assert len(stage.engine.wrappers) == 2

    line.land()
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()

    assert stage.server.task(TASK).status == "idle" or stage.lease() is not None
