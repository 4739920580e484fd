"""A stop that meets something else: what cannot be ended, a start, ESTOP, another machine, a second stop."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.fakes.stage import a_stage
from tests.unit.reconcile.intent_scenes import (
    a_running_stage,
    answers,
    ask,
    elsewhere,
    kinds,
    parked,
    pending,
)
from tests.unit.reconcile.test_orphans import remove_lease
from tinyscheduler.model.ids import TaskId
from tinyscheduler.reconcile.intent_look import foresee
from tinyscheduler.reconcile.second_look import observed_leases

ONE = TaskId("1")


def test_what_cannot_be_ended_keeps_its_task_and_its_intent(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    agent = stage.engine.newest().agent
    assert agent is not None
    agent.ignores |= {signal.SIGTERM, signal.SIGKILL}
    ask(stage, "stop")
    first = stage.run()
    agent.ignores.clear()

    second = stage.run()

    assert (first.exit_code, second.exit_code) == (1, 0)
    assert kinds(stage) == ["cancelled"]
    assert answers(stage) == [("stop", "applied")]


def test_a_start_that_is_stopped_is_taken_back_and_not_made_again(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    stage.run()
    ask(stage, "stop", reason="not now")

    for _ in range(4):
        stage.run()
        stage.clock.advance(61)

    task = stage.server.task(ONE)
    assert (task.status, task.assigned_to, stage.lease()) == ("idle", None, None)
    assert len(stage.engine.wrappers) == 1
    assert (parked(stage), pending(stage)) == (("not now", "bob"), [])


def test_a_start_that_is_stopped_with_requeue_is_made_again(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    stage.run()
    ask(stage, "stop", requeue=True)

    for _ in range(3):
        stage.run()
        stage.clock.advance(61)

    assert len(stage.engine.wrappers) >= 2
    assert (parked(stage), pending(stage)) == (None, [])


def test_a_stop_while_the_server_is_away_ends_the_run_and_waits_to_be_settled(tmp_path: Path) -> None:
    """Local facts and the kill need no server (features B6)."""
    stage = a_running_stage(tmp_path)
    ask(stage, "stop")
    stage.server.unavailable = True
    away = stage.run()
    state, living = stage.lease(), stage.processes.living()
    stage.server.unavailable = False
    back = stage.run()

    assert state is not None
    assert (away.exit_code, state.state, living, back.exit_code) == (3, "finished", [], 0)
    assert (kinds(stage), parked(stage)) == (["cancelled"], ("asked by bob", "bob"))
    assert stage.server.task(ONE).status == "idle"


def test_estop_does_not_stand_in_the_way_of_an_intent(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.estop()
    ask(stage, "stop")

    stage.run()

    assert (parked(stage), pending(stage)) == (("asked by bob", "bob"), [])


def test_a_run_on_another_machine_is_not_stopped_from_here(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    elsewhere(stage)
    ask(stage, "stop")

    report = stage.run()

    assert stage.lease() is not None
    assert answers(stage) == [("stop", "refused")]
    assert any("is refused" in note for note in report.notes)


@pytest.mark.parametrize("is_asked_before", [True, False], ids=["named", "unnamed"])
def test_a_run_that_has_lost_its_lease_is_ended_by_a_stop_and_its_task_parked(
    tmp_path: Path, *, is_asked_before: bool
) -> None:
    """Whether the stop has seen the lease and names it, or has found none."""
    stage = a_running_stage(tmp_path)
    if is_asked_before:
        ask(stage, "stop", reason="wrong branch")
        remove_lease(stage)
    else:
        remove_lease(stage)
        ask(stage, "stop", reason="wrong branch")
    world = stage.world()
    (foreseen,) = foresee(world, world.server, observed_leases(world)).answers

    for _ in range(6):
        stage.run()
        stage.clock.advance(90)

    assert foreseen.why.startswith("its lease is gone, its processes are still there")
    assert (stage.processes.living(), len(stage.engine.wrappers)) == ([], 1)
    assert (kinds(stage), parked(stage)) == (["lost"], ("wrong branch", "bob"))
    assert (answers(stage), pending(stage)) == ([("stop", "applied")], [])


@pytest.mark.parametrize("requeue", [True, False], ids=["requeue", "park"])
def test_of_two_stops_the_last_word_is_shown_and_done(tmp_path: Path, *, requeue: bool) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "stop", requeue=not requeue)
    stage.clock.advance(1)
    ask(stage, "stop", requeue=requeue)
    world = stage.world()
    first, last = foresee(world, world.server, observed_leases(world)).answers

    stage.run()

    after = "it may start again" if requeue else "it is parked"
    assert (first.word, first.why) == ("nothing_to_do", "replaced by a later request")
    assert last.why.endswith(after)
    assert ((parked(stage) is None), pending(stage)) == (requeue, [])


@pytest.mark.parametrize("requeue", [False, True], ids=["stop", "stop --requeue"])
def test_a_stop_that_estop_is_quicker_than_still_says_what_comes_next(
    tmp_path: Path, *, requeue: bool
) -> None:
    """The wrapper obeys ESTOP before any pass has read the stop."""
    stage = a_running_stage(tmp_path)
    ask(stage, "stop", requeue=requeue, reason="wrong branch")
    stage.engine.finish(stage.engine.newest(), "interrupted")

    report = stage.run()
    stage.clock.advance(3600)
    stage.run()

    assert report.exit_code == 0
    assert kinds(stage)[0] == "interrupted"
    assert parked(stage) == (None if requeue else ("wrong branch", "bob"))
    assert len(stage.engine.wrappers) == (2 if requeue else 1)
    assert ("parked" in stage.server.task(ONE).tags) is not requeue
    assert pending(stage) == []


@pytest.mark.parametrize("between", [True, False], ids=["in two passes", "in one"])
def test_a_stopped_run_that_has_to_be_released_is_not_started_again(tmp_path: Path, *, between: bool) -> None:
    """Its processes are still there: beside them it would run twice."""
    stage = a_running_stage(tmp_path)
    wrapper = stage.engine.newest()
    assert wrapper.agent is not None
    wrapper.agent.ignores |= {signal.SIGTERM, signal.SIGKILL}
    stage.processes.end(wrapper.process.ref)
    ask(stage, "stop", reason="wrong branch")
    if between:
        stage.run()
    stage.clock.advance(1)
    ask(stage, "release", reason="it hangs in the kernel")

    for _ in range(3):
        stage.run()
        stage.clock.advance(300)

    assert (kinds(stage), parked(stage)) == (["interrupted"], ("wrong branch", "bob"))
    assert len(stage.engine.wrappers) == 1
    assert pending(stage) == []
    assert "parked" in stage.server.task(ONE).tags
