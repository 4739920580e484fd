"""A pass that dies while it ends what the server no longer wants, or gives back what has lost its lease:
ended once, given back once, said once (features A10, B7, B12)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.stage import Stage
from tests.unit.reconcile.crashing import (
    EFFECTS_MAX,
    TASK,
    about_to_start,
    crash_at_each_effect,
    go_on,
    said,
    switched_off,
)
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.reconcile.run import run_once

CHANGES = {
    "reassigned": {"assigned_to": AgentName("a-person"), "status": "idle"},
    "moved": {"queue": QueueName("qa")},
    "idled": {"status": "idle"},
    "completed": {"status": "complete"},
}


def about_to_be_unwanted(base: Path, before: str | None, change: str) -> Stage:
    """Its task was changed two minutes ago, and the run goes on."""
    stage = switched_off_once_started(about_to_start(base, before, "quick"))
    stage.server.edit(stage.server.task(TASK)._replace(**CHANGES[change]))  # type: ignore[arg-type]
    stage.run()
    stage.clock.advance(121)
    stage.engine.beat(stage.engine.newest())
    return stage


def switched_off_once_started(stage: Stage) -> Stage:
    stage.run()
    return switched_off(stage)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_an_end_that_was_cut_off_is_made_once(tmp_path: Path, before: str | None, change: str) -> None:
    whole = about_to_be_unwanted(tmp_path / "whole", before, change)
    whole.run()
    expected = whole.server.task(TASK)

    for stage, watch, fuse in crash_at_each_effect(
        lambda n: about_to_be_unwanted(tmp_path / str(n), before, change)
    ):
        go_on(stage, watch)

        found = stage.server.task(TASK)
        # The claim of a task from the pool leaves the name of its lease behind.
        left = (expected.updated_at, expected.previous_assigned_to)
        assert found._replace(updated_at=left[0], previous_assigned_to=left[1]) == expected, fuse.effects
        assert len(said(stage)) == len(said(whole)), fuse.effects
        assert [past.kind for past in stage.ledger().outcomes] == [
            past.kind for past in whole.ledger().outcomes
        ], fuse.effects
        assert stage.lease() is None, fuse.effects
        assert stage.processes.living() == [], fuse.effects


# --- runs without a lease --------------------------------------------------------------------------------


def about_to_be_found_lost(base: Path, before: str | None, *, passes: int) -> Stage:
    """Its lease was removed; it is looked at for the first time, or two minutes later."""
    stage = switched_off_once_started(about_to_start(base, before, "quick"))
    stage.engine.die(stage.engine.newest())
    os.unlink(f"{stage.configuration.places.running}/task_1.json")
    for _ in range(passes):
        stage.run()
        stage.clock.advance(121)
    return stage


def died_at_each_effect(base: Path, before: str | None, passes: int) -> Iterator[tuple[Stage, Fuse]]:
    for effect in range(1, EFFECTS_MAX):
        stage = about_to_be_found_lost(base / str(effect), before, passes=passes)
        fuse = Fuse(effect)
        try:
            run_once(dying(stage.world(), fuse))
        except Crash:
            yield stage, fuse
        else:
            return


@pytest.mark.parametrize("passes", [0, 1], ids=["first-sight", "due"])
@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_lost_task_whose_return_was_cut_off_is_given_back_once(
    tmp_path: Path, before: str | None, passes: int
) -> None:
    cut_off = 0
    for stage, fuse in died_at_each_effect(tmp_path, before, passes):
        cut_off += 1
        for _ in range(3):
            stage.clock.advance(121)
            stage.run()

        task, ledger = stage.server.task(TASK), stage.ledger()
        assert (task.status, task.assigned_to) == ("idle", before), fuse.effects
        assert [past.kind for past in ledger.outcomes] == ["lost"], fuse.effects
        assert ledger.open is None, fuse.effects
        assert len([text for text in said(stage) if "end of lease" in text]) == 1, fuse.effects
    assert cut_off >= 2
