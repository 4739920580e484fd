"""A command that is asked before each start: what it costs a pass, and what a no leaves (features D18)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import NOW, a_ledger, a_past_run, a_pause, an_agent
from tests.fakes.hooks import YES
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.launch_scenes import TASK
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.policy import Policy
from tinyscheduler.planner.control_holds import DENIALS_KEPT, with_few_denials
from tinyscheduler.planner.retry import spent_attempts
from tinyscheduler.ports import HookAnswer
from tinyscheduler.reconcile.pre_start import ANSWERS_S_MAX

NO = HookAnswer(1, "no budget today")
CRASH = HookAnswer(None, "it was ended by signal 11")
NOT_THERE = HookAnswer(None, "/opt/may-start cannot be run", is_begun=False)


def a_stage_with(base: Path, tasks: int, *, slots: int = 100, limit_s: int = 50) -> Stage:
    policy = Policy(pre_start=("/opt/may-start",), max_parallel=100, pass_limit_s=limit_s)
    stage = a_stage(base, agents=[an_agent(slots=slots)], policy=policy)
    for _ in range(tasks):
        stage.server.create(queue="dev")
    return stage


def started(stage: Stage) -> list[str]:
    return sorted((str(lease.task_id) for lease in stage.leases().scan().leases), key=int)


@pytest.mark.parametrize("answer", [YES, NO])
@pytest.mark.parametrize("slots", [1, 100])
def test_slow_command_takes_twenty_seconds_of_a_pass_whatever_it_says(
    tmp_path: Path, answer: HookAnswer, slots: int
) -> None:
    """Also where each no gives its slot to the next task, which is planned anew."""
    stage = a_stage_with(tmp_path, 20, slots=slots)
    stage.hooks.takes_s, stage.hooks.say = 9.9, lambda _id: answer

    before = stage.clock.monotonic()
    report = stage.run()

    assert stage.clock.monotonic() - before <= ANSWERS_S_MAX
    assert stage.hooks.asked in (["1"], ["1", "2"])
    if len(stage.hooks.asked) == 2:
        assert report.limits == ["pre_start took its whole time; the rest is asked in the next pass"]


def test_slow_command_is_asked_for_every_task_in_the_end(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, 6)
    stage.hooks.takes_s = 9.9

    for _ in range(3):
        stage.run()

    assert started(stage) == ["1", "2", "3", "4", "5", "6"]


def test_pass_that_is_late_asks_nobody_but_the_first(tmp_path: Path) -> None:
    """With ten seconds for an answer the limit of the pass would be over in the middle of the second."""
    stage = a_stage_with(tmp_path, 3, limit_s=15)
    stage.hooks.takes_s = 6

    stage.run()

    assert stage.hooks.asked == ["1"]


def test_command_that_does_not_answer_keeps_the_others_waiting_for_one_pass(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, 3)
    stage.hooks.takes_s = 99

    report = stage.run()
    stage.hooks.takes_s = 0
    stage.run()

    assert [fault.reference for fault in report.faults] == ["hook-failed"] * 2
    assert report.exit_code == 1
    assert started(stage) == ["3"]


def test_command_that_is_not_there_is_tried_once_a_pass_and_costs_a_minute(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, 3)
    stage.hooks.say = lambda _id: NOT_THERE

    for _ in range(5):
        report = stage.run()
        stage.clock.advance(61)
    stage.hooks.say = lambda _id: YES
    stage.run()

    assert len(stage.hooks.asked) == 5 + 3
    assert len(report.faults) == 1
    assert started(stage) == ["1", "2", "3"]
    assert not stage.server.comments(TASK)


def test_people_of_a_task_hear_each_new_reason_once_and_nothing_of_faults(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, 1)

    for answer in (CRASH, NO, NO, HookAnswer(1, "nor tomorrow")):
        stage.hooks.say = lambda _id, answer=answer: answer  # type: ignore[misc]
        stage.run()
        stage.clock.advance(3_700)

    texts = [comment.text for comment in stage.server.comments(TASK)]
    assert texts == ["Not started: no budget today", "Not started: nor tomorrow"]


def test_nobody_is_asked_about_what_is_paused_while_a_pass_starts_ten(tmp_path: Path) -> None:
    """The one that was asked about meanwhile is not started either: the answer is older than the pause."""
    stage = a_stage_with(tmp_path, 10)

    def say(task_id: str) -> HookAnswer:
        if task_id == "3":
            stage.world().pauses.write(a_pause())
        return YES

    stage.hooks.say = say
    report = stage.run()

    assert started(stage) == ["1", "2"]
    assert stage.hooks.asked == ["1", "2", "3"]
    assert [task.status for task in stage.server.backlog([QueueName("dev")], [], 100).tasks] == ["idle"] * 8
    assert {held.reason for held in report.start.held} == {"paused"}


def test_denials_of_weeks_do_not_push_out_what_runs_have_cost(tmp_path: Path) -> None:
    failed = a_past_run("failed", lease_id="failed")
    stage = a_stage_with(tmp_path, 1)
    stage.hooks.say = lambda _id: NO
    task = stage.server.task(TASK)
    known = a_ledger(outcomes=[failed])._replace(task_created_at=task.created_at, source=stage.server.source)
    stage.ledgers().write(known)

    for _ in range(DENIALS_KEPT + 10):
        stage.run()
        stage.clock.advance(3_700)

    ledger = stage.ledger()
    assert len(ledger.outcomes) == 1 + DENIALS_KEPT
    assert spent_attempts(ledger) == 1
    assert ledger.not_before is not None
    assert ledger.not_before <= stage.clock.now() + timedelta(seconds=3_600)


def test_release_between_denials_is_not_forgotten() -> None:
    """Where the count begins anew stays in the ledger, or it would begin before all failures."""
    denials = [a_past_run("denied", lease_id=f"no-{n}", is_spent=False, at=NOW) for n in range(DENIALS_KEPT)]
    failures = [a_past_run("failed", lease_id=f"run-{n}") for n in range(2)]
    ledger = a_ledger(outcomes=[*failures, *denials])._replace(counted_after=denials[0].lease_id)

    fewer = with_few_denials(ledger)

    assert len(fewer.outcomes) == len(ledger.outcomes) - 1
    assert spent_attempts(fewer) == spent_attempts(ledger) == 0


def with_command(stage: Stage, *command: str) -> Stage:
    policy = stage.configuration.policy._replace(pre_start=command)
    return stage._replace(configuration=stage.configuration._replace(policy=policy))


@pytest.mark.parametrize("answer", [NO, CRASH, NOT_THERE])
@pytest.mark.parametrize("command", [(), ("/opt/may-start", "--kindly"), ("/opt/another",)])
def test_no_of_a_command_that_is_asked_no_more_holds_nobody(
    tmp_path: Path, command: tuple[str, ...], answer: HookAnswer
) -> None:
    """Whoever has mended or removed it does not wait out the delay of the old answer."""
    stage = a_stage_with(tmp_path, 1)
    stage.hooks.say = lambda _id: answer
    stage.run()
    stage.hooks.say = lambda _id: YES

    assert [held.reason for held in stage.run().start.held] == ["denied"]
    with_command(stage, *command).run()
    assert started(stage) == ["1"]


def test_no_from_before_commands_were_noted_holds_as_it_did(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, 1)
    stage.hooks.say = lambda _id: NO
    stage.run()
    ledger = stage.ledger()
    (denial,) = ledger.outcomes
    stage.ledgers().write(ledger._replace(outcomes=(denial._replace(result_hash=None),)))

    assert [held.reason for held in stage.run().start.held] == ["denied"]
