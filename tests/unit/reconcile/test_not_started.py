"""A pass says of each task that it did not start why, once, whatever came between plan and start."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.flaky import Way, line_to
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.ports import HookAnswer
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.run import Permitted, locked_look

TASKS = 6


def a_stage_with(base: Path, *, slots: int = 9, limit_s: int = 50, pre_start: bool = False) -> Stage:
    policy = Policy(
        pre_start=("/opt/may-start",) if pre_start else (), max_parallel=100, pass_limit_s=limit_s
    )
    stage = a_stage(base, agents=[an_agent(slots=slots)], policy=policy)
    for _ in range(TASKS):
        stage.server.create(queue="dev")
    return stage


def reasons(report: Report) -> list[str]:
    """Of all that were not started, in the order of their ids; each task is started or held, once."""
    done = {r.task_id for r in report.results if (r.kind, r.result) == ("start", "done")}
    held = Counter(held.task_id for held in report.start.held)
    everything = {str(number) for number in range(1, TASKS + 1)}

    assert set(held.values()) <= {1}
    assert set(held) | done == everything
    assert not set(held) & done
    assert [found.task_id for found in report.start.held] == sorted(held, key=int)
    return [found.reason for found in report.start.held]


@pytest.mark.parametrize(
    ("slots", "expected"),
    [(1, ["denied"] * 3 + ["agent_full"] * 3), (2, ["denied"] * 6), (9, ["denied"] * 6)],
)
def test_last_one_that_was_denied_is_among_those_that_are_held(
    tmp_path: Path, slots: int, expected: list[str]
) -> None:
    """A pass plans three times; the one that was denied last was nowhere."""
    stage = a_stage_with(tmp_path, slots=slots, pre_start=True)
    stage.hooks.say = lambda _id: HookAnswer(1, "no budget today")

    assert reasons(stage.run()) == expected


def test_what_there_was_no_time_to_ask_for_is_held(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, pre_start=True)
    stage.hooks.takes_s = 9.9

    report = stage.run()

    assert reasons(report) == ["pacing"] * 4
    assert {held.value for held in report.start.held} == {"pre_start took its whole time"}


def test_what_the_pass_had_no_time_for_is_held_and_what_was_denied_before_is_denied(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, limit_s=1, pre_start=True)
    stage.hooks.takes_s = 2
    stage.hooks.say = lambda _id: HookAnswer(1, "no budget today")

    report = stage.run()

    assert reasons(report) == ["denied", *["pacing"] * 5]
    assert report.start.held[-1].value == "the pass took its whole time"


@pytest.mark.parametrize(("way", "first"), [("not_sent", "server_unknown"), ("not_applied", "settling")])
def test_server_that_fails_at_the_first_claim_holds_the_rest(tmp_path: Path, way: Way, first: str) -> None:
    """Where nobody knows whether it was claimed there is a lease, and no run."""
    stage = a_stage_with(tmp_path)
    line, _ = line_to(stage.server, at=1, way=way)

    report = stage.run(server=line)

    assert reasons(report) == [first, *["server_unknown"] * 5]


def test_disk_that_refuses_holds_the_one_and_the_rest(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, pre_start=True)
    running = Path(stage.configuration.places.running)

    def in_the_way(task_id: str) -> HookAnswer:
        if task_id == "3":
            running.rename(tmp_path / "elsewhere")
            running.write_text("")
        return HookAnswer(0, "")

    stage.hooks.say = in_the_way

    report = stage.run()

    assert reasons(report) == ["disk"] * 4
    assert report.exit_code == 1


def test_start_that_a_person_has_not_approved_is_held(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path)

    report = locked(stage, only=frozenset({(TaskId("2"), AgentName("dev-1"))}))

    assert reasons(report) == ["pacing"] * 5
    assert {held.value for held in report.start.held} == {"it is not in the plan that is applied"}


def test_second_look_holds_nothing_that_the_first_has_started(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, slots=2)

    first = locked(stage)
    report = locked(stage).absorb(first)

    assert len(report.start.starts) == 2
    assert reasons(report) == ["agent_full"] * 4


def locked(stage: Stage, *, only: Permitted | None = None) -> Report:
    world = stage.world()
    assert world.lock.acquire()
    return locked_look(world, only=only)
