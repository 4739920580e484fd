"""A plan is carried out by a pass: killed at any of its effects, the next passes go on (features A4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.crashing import EFFECTS_MAX, TASK, Watch, go_on, left_of
from tinyscheduler.errors import Refused
from tinyscheduler.reconcile.approved import Approved, apply_plan, deeds_of
from tinyscheduler.reconcile.preview import preview
from tinyscheduler.reconcile.report import Report


def a_start(base: Path) -> Stage:
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    return stage


def an_end(base: Path) -> Stage:
    """A run that has ended and is not settled."""
    stage = a_start(base)
    stage.run()
    stage.engine.finish(stage.engine.wrappers[0])
    return stage


def approved(stage: Stage) -> Approved:
    report = preview(stage.world())
    assert report.exit_code == 0
    return Approved(stage.world().state.state_id(), report.basis, deeds_of(report), report.began_at)


@pytest.mark.parametrize("make", [a_start, an_end])
def test_plan_that_is_cut_off_anywhere_is_made_good_by_passes(
    tmp_path: Path, make: Callable[[Path], Stage]
) -> None:
    whole = make(tmp_path / "whole")
    apply_plan(approved(whole), whole.world)
    go_on(whole, Watch(whole))

    for effect in range(1, EFFECTS_MAX):
        stage = make(tmp_path / str(effect))
        plan, watch, fuse = approved(stage), Watch(stage), Fuse(effect)
        try:
            apply_plan(plan, lambda stage=stage, fuse=fuse: dying(stage.world(), fuse))  # type: ignore[misc]
        except Crash:
            watch.look()
            go_on(stage, watch)
            # A start that never came to be is noted, and made again.
            assert left_of(stage)._replace(outcomes=[]) == left_of(whole)._replace(outcomes=[])
            continue
        assert effect > 3, "it had next to no effect"
        return
    raise AssertionError("it does not come to an end")


def test_plan_that_was_cut_off_is_not_applied_again(tmp_path: Path) -> None:
    stage = a_start(tmp_path)
    plan = approved(stage)
    with pytest.raises(Crash):
        apply_plan(plan, lambda: dying(stage.world(), Fuse(6)))

    with pytest.raises(Refused, match="lease 1"):
        apply_plan(plan, stage.world)


def test_who_came_meanwhile_gets_the_look_that_was_promised(tmp_path: Path) -> None:
    """``kick`` and ended runs leave when the lock is held: whoever holds it looks once more."""
    stage = a_stage(tmp_path, agents=[an_agent(slots=2)])
    stage.server.create(queue="dev")
    plan = approved(stage)
    worlds = 0

    def wire() -> object:
        nonlocal worlds
        worlds += 1
        if worlds == 2:
            # Between the look and the deeds: a task comes, and somebody wants a pass.
            stage.server.create(queue="dev")
            stage.world().lock.poke()
        return stage.world()

    report: Report = apply_plan(plan, wire)  # type: ignore[arg-type]

    assert [result.task_id for result in report.results] == [TASK]
    assert {str(lease.task_id) for lease in stage.leases().scan().leases} == {"1", "2"}
    assert not stage.world().lock.was_poked()
