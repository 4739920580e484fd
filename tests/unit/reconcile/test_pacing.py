"""Starts of one account: four at once, then two a second, over passes too (features A8)."""

from __future__ import annotations

from pathlib import Path

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.breaker_scenes import started
from tinyscheduler.model.policy import Policy


def a_paced_stage(base: Path, tasks: int, *, account: str | None = "acme", limit_s: int = 50) -> Stage:
    policy = Policy(max_parallel=1000, pass_limit_s=limit_s)
    stage = a_stage(base, agents=[an_agent(slots=1000, account=account)], policy=policy)
    for _ in range(tasks):
        stage.server.create(queue="dev")
    return stage


def seconds_of(stage: Stage) -> float:
    before = stage.clock.monotonic()
    stage.run()
    return stage.clock.monotonic() - before


def test_four_start_at_once_and_the_others_two_a_second(tmp_path: Path) -> None:
    assert seconds_of(a_paced_stage(tmp_path / "four", 4)) == 0
    assert seconds_of(a_paced_stage(tmp_path / "ten", 10)) == 3.0


def test_the_pace_is_kept_over_passes(tmp_path: Path) -> None:
    stage = a_paced_stage(tmp_path, 4)
    stage.run()
    stage.server.create(queue="dev")
    stage.server.create(queue="dev")

    assert seconds_of(stage) == 1.0


def test_a_rested_account_is_forgotten(tmp_path: Path) -> None:
    stage = a_paced_stage(tmp_path, 1)
    stage.run()
    stage.clock.advance(60)
    stage.server.create(queue="dev")
    stage.run()

    (bucket,) = stage.accounts().read().buckets.values()
    assert bucket.tokens == 3


def test_agents_without_an_account_wait_for_nothing(tmp_path: Path) -> None:
    stage = a_paced_stage(tmp_path, 50, account=None)

    assert seconds_of(stage) == 0
    assert len(stage.engine.wrappers) == 50
    assert not (Path(stage.configuration.places.state) / "accounts.json").exists()


def test_what_does_not_fit_into_the_pass_is_held_and_told_and_started_by_the_next(tmp_path: Path) -> None:
    stage = a_paced_stage(tmp_path, 20, limit_s=5)

    first = stage.run()
    stage.clock.advance(10)
    second = stage.run()

    assert len(started(first)) == 14
    paced = [r for r in first.results if r.reason.startswith("pacing")]
    assert (len(paced), {r.result for r in paced}) == (6, {"held"})
    assert first.limits == ["starts of account acme are paced; the rest is for the next pass"]
    assert {hold.reason for hold in first.start.held} == {"pacing"}
    assert first.exit_code == 0
    assert len(started(second)) == 6


def test_one_account_that_is_out_of_time_does_not_hold_up_another(tmp_path: Path) -> None:
    policy = Policy(max_parallel=1000, pass_limit_s=1)
    agents = [an_agent(slots=99, account="acme"), an_agent("ops-1", queues=("ops",), slots=9, account="zeta")]
    stage = a_stage(tmp_path, agents=agents, policy=policy)
    for _ in range(20):
        stage.server.create(queue="dev")
    last = stage.server.create(queue="ops")

    report = stage.run()

    assert (last, "ops-1") in started(report)
