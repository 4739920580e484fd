"""Agents that cannot be started: left alone after three tries, and tried with one task (features C6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import an_agent, an_outcome
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.breaker_scenes import TASK, events, held, started
from tests.unit.reconcile.intent_scenes import answers, ask
from tinyscheduler.model.ids import AgentName
from tinyscheduler.reconcile.preview import preview


def fail_to_start(stage: Stage, times: int) -> None:
    """So many starts of the task, each after the delay of the one before."""
    stage.engine.fail_starts = True
    for _ in range(times):
        stage.run()
        stage.clock.advance(70)
    stage.engine.fail_starts = False


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = a_stage(tmp_path, agents=[an_agent(slots=3)])
    made.server.create(queue="dev")
    return made


def test_after_three_failed_starts_an_agent_is_given_nothing_for_a_quarter_of_an_hour(stage: Stage) -> None:
    fail_to_start(stage, 3)
    stage.server.create(queue="dev")

    report = stage.run()

    assert started(report) == []
    assert held(report) == [("1", "agent_quarantined"), ("2", "agent_quarantined")]
    assert "dev-1 could not be started 3 times" in report.start.held[0].value
    assert "make room" not in report.start.held[0].lever
    assert "mend its command" in report.start.held[0].lever
    assert [event["agent"] for event in events(stage, "agent_quarantined")] == ["dev-1"]


def test_retry_of_a_task_that_a_quarantine_holds_tries_the_agent_at_once(stage: Stage) -> None:
    fail_to_start(stage, 3)
    new = stage.server.create(queue="dev")
    lever = stage.run().start.held[1].lever
    ask(stage, "retry", new)
    foreseen = preview(stage.world()).start.starts

    report = stage.run()

    assert [(start.task.id, start.agent.name) for start in foreseen] == started(report)
    assert lever.endswith(f", then: tinyscheduler retry {new}")
    assert (started(report), answers(stage)) == ([("1", "dev-1")], [("retry", "applied")])


def test_an_agent_that_was_not_mended_is_left_alone_again_after_one_try(stage: Stage) -> None:
    fail_to_start(stage, 3)
    stage.server.create(queue="dev")
    ask(stage, "retry")
    stage.engine.fail_starts = True

    stage.run()
    report = stage.run()

    assert started(report) == []
    assert held(report)[1] == ("2", "agent_quarantined")
    assert len(events(stage, "agent_quarantined")) == 2


def test_retry_leaves_a_quarantine_that_does_not_hold_the_task(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent("dev-1"), an_agent("ops-1", queues=["ops"])])
    stage.server.create(queue="dev", assigned_to="dev-1")
    fail_to_start(stage, 3)
    other = stage.server.create(queue="ops")
    ask(stage, "retry", other)

    report = stage.run()

    assert held(report) == [("1", "agent_quarantined")]
    assert answers(stage) == [("retry", "nothing_to_do")]


def test_two_failed_starts_are_borne(stage: Stage) -> None:
    fail_to_start(stage, 2)

    assert started(stage.run()) == [("1", "dev-1")]


def test_after_its_time_one_task_tries_and_the_others_wait(stage: Stage) -> None:
    fail_to_start(stage, 3)
    stage.server.create(queue="dev")
    stage.server.create(queue="dev")
    stage.clock.advance(900)

    first, second = stage.run(), stage.run()

    assert started(first) == [("1", "dev-1")]
    assert held(first) == [("2", "agent_full"), ("3", "agent_full")]
    assert started(second) == []
    assert [hold for hold in held(second) if hold[0] != "1"] == [
        ("2", "agent_quarantined"),
        ("3", "agent_quarantined"),
    ]


def test_an_agent_that_is_seen_at_work_is_trusted_again_at_once(stage: Stage) -> None:
    fail_to_start(stage, 3)
    stage.server.create(queue="dev")
    stage.clock.advance(900)
    stage.engine.adopts_at_once = True
    stage.run()

    report = stage.run()

    assert started(report) == [("2", "dev-1")]
    assert stage.breakers().read().agents == {}


def test_a_try_that_fails_is_another_quarter_of_an_hour(stage: Stage) -> None:
    fail_to_start(stage, 3)
    stage.clock.advance(900)
    fail_to_start(stage, 1)

    assert held(stage.run()) == [("1", "agent_quarantined")]
    assert len(events(stage, "agent_quarantined")) == 2


def test_a_run_in_between_that_began_clears_the_count(stage: Stage) -> None:
    fail_to_start(stage, 2)
    stage.engine.adopts_at_once = True
    stage.run()
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()
    stage.clock.advance(3600)
    fail_to_start(stage, 2)

    assert started(stage.run()) == [("1", "dev-1")]


def test_an_agent_that_its_wrapper_cannot_execute_is_quarantined_too(stage: Stage) -> None:
    """The outcome comes from the wrapper, by way of the lease."""
    stage.engine.adopts_at_once = True
    for _ in range(3):
        stage.run()
        stage.engine.end_with(
            stage.engine.newest(),
            an_outcome("start_failed", at=stage.clock.now(), summary="no such file: agent"),
        )
        # The agent's pid is in the fake lease; a real wrapper has none to write.
        stage.run()
        stage.clock.advance(70)

    assert AgentName("dev-1") in stage.breakers().read().agents


def test_a_wrapper_that_never_adopts_its_lease_is_a_failed_start(stage: Stage) -> None:
    for _ in range(3):
        stage.run()
        stage.clock.advance(31)
        stage.run()
        stage.clock.advance(70)

    assert held(stage.run()) == [("1", "agent_quarantined")]


def test_an_agent_that_was_stopped_before_it_began_has_not_failed(stage: Stage) -> None:
    """ESTOP while three of its tasks are being started."""
    for _ in range(2):
        stage.server.create(queue="dev")
    stage.run()
    stage.estop()
    stage.run()
    stage.estop(is_there=False)

    assert stage.lease() is None
    assert stage.breakers().read().agents == {}
    assert len(started(stage.run())) == 3


def test_a_task_whose_start_failed_goes_to_another_agent(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=9), an_agent("dev-2")])
    stage.server.create(queue="dev")
    fail_to_start(stage, 1)
    stage.clock.advance(3600)

    assert started(stage.run()) == [("1", "dev-2")]


def test_a_workspace_that_cannot_be_made_quarantines_its_agent_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    agents = [an_agent(workspace=str(tmp_path / "file" / "below")), an_agent("qa-1", queues=("qa",))]
    stage = a_stage(tmp_path / "base", agents=agents)
    stage.server.create(queue="dev")
    for _ in range(3):
        stage.run()
        stage.clock.advance(70)
    stage.server.create(queue="qa")

    report = stage.run()

    assert started(report) == [("2", "qa-1")]
    assert held(report) == [("1", "agent_quarantined")]
    assert stage.server.task(TASK).status == "idle"
