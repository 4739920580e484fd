"""A pass that dies after any of its effects counts failures of agents and accounts once, all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import an_agent, an_outcome
from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.breaker_scenes import TASK, events
from tests.unit.reconcile.crashing import EFFECTS_MAX
from tinyscheduler.model.lease import OutcomeClass
from tinyscheduler.reconcile.run import run_once


def a_run(base: Path, *, times: int = 1, kind: OutcomeClass) -> Stage:
    """The last of so many runs has ended like that and is not settled yet."""
    stage = a_stage(base, agents=[an_agent(account="acme")])
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    for number in range(times):
        stage.run()
        outcome = an_outcome(kind, at=stage.clock.now(), summary="as it ended")
        stage.engine.end_with(stage.engine.newest(), outcome)
        if number + 1 < times:
            stage.run()
            stage.clock.advance(4000)
    # The next run shall end as soon as it begins, so that only the end of this one is looked at.
    return off(stage)


def off(stage: Stage) -> Stage:
    policy = stage.configuration.policy._replace(is_enabled=False)
    return stage._replace(configuration=stage.configuration._replace(policy=policy))


def crashed_at_each(make: Callable[[Path], Stage], base: Path) -> list[tuple[int, Stage]]:
    """For each effect of the next pass a stage whose pass died after it and whose next one did not."""
    found = []
    for effect in range(1, EFFECTS_MAX):
        stage = make(base / str(effect))
        try:
            run_once(dying(stage.world(), Fuse(effect)))
        except Crash:
            stage.run()
            found.append((effect, stage))
            continue
        assert effect > 1, "the pass had no effect at all"
        return found
    raise AssertionError("the pass does not come to an end")


def test_the_third_failed_start_is_the_third_whatever_was_killed(tmp_path: Path) -> None:
    for effect, stage in crashed_at_each(lambda at: a_run(at, times=3, kind="start_failed"), tmp_path):
        (quarantine,) = stage.breakers().read().agents.values()
        assert len(quarantine.failed) == 3, f"after effect {effect}"
        assert quarantine.until is not None, f"after effect {effect}"


def test_the_second_failed_start_is_never_the_third(tmp_path: Path) -> None:
    for effect, stage in crashed_at_each(lambda at: a_run(at, times=2, kind="start_failed"), tmp_path):
        (quarantine,) = stage.breakers().read().agents.values()
        assert (len(quarantine.failed), quarantine.until) == (2, None), f"after effect {effect}"


def test_a_limit_is_one_limit_whatever_was_killed(tmp_path: Path) -> None:
    for effect, stage in crashed_at_each(lambda at: a_run(at, kind="rate_limited"), tmp_path):
        (limit,) = stage.accounts().read().limits.values()
        assert (limit.steps, len(limit.leases)) == (1, 1), f"after effect {effect}"
        assert len(events(stage, "account_limited")) <= 1, f"after effect {effect}"
        assert stage.ledger().outcomes[-1].is_spent is False


@pytest.mark.parametrize("kind", ["failed", "budget_exceeded", "cancelled"])
def test_a_parked_task_is_tagged_and_told_once_whatever_was_killed(
    tmp_path: Path, kind: OutcomeClass
) -> None:
    times = 3 if kind == "failed" else 1
    for effect, stage in crashed_at_each(lambda at: a_run(at, times=times, kind=kind), tmp_path):
        task, ledger = stage.server.task(TASK), stage.ledger()
        assert (task.status, task.assigned_to, task.tags) == ("idle", None, ("parked",)), effect
        assert ledger.parked is not None, effect
        assert ledger.parked.fingerprint, effect
        assert ledger.is_tagged, f"after effect {effect}: nobody would take the tag away again"
        assert len(stage.server.comments(TASK)) == times, effect


def a_released_task(base: Path) -> Stage:
    stage = a_run(base, times=1, kind="cancelled")
    stage.run()
    stage.server.edit(stage.server.task(TASK)._replace(title="another title"))
    stage.clock.advance(4000)
    policy = stage.configuration.policy._replace(is_enabled=True)
    return stage._replace(configuration=stage.configuration._replace(policy=policy))


def test_the_tag_goes_with_the_release_whatever_was_killed(tmp_path: Path) -> None:
    for effect, stage in crashed_at_each(a_released_task, tmp_path):
        for _ in range(6):
            stage.clock.advance(20)
            for wrapper in stage.engine.wrappers:
                if stage.engine.is_alive(wrapper):
                    stage.engine.beat(wrapper)
            stage.run()
        assert stage.server.task(TASK).status == "working", f"after effect {effect}"
        assert stage.server.task(TASK).tags == (), f"after effect {effect}"
        assert [past.kind for past in stage.ledger().outcomes][:1] == ["cancelled"]
