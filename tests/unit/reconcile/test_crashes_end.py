"""A pass that dies while it settles or reclaims: told once, ended once (laws 1 and 2)."""

from __future__ import annotations

import signal
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.fakes.stage import Stage
from tests.unit.reconcile.crashing import (
    TASK,
    Left,
    about_to_start,
    crash_at_each_effect,
    go_on,
    left_of,
    said,
    switched_off,
)
from tinyscheduler.model.lease import OutcomeClass


class Ending(NamedTuple):
    """What a settled run leaves behind."""

    left: Left
    queue: str | None
    comments: list[str]
    not_before: datetime | None
    parked: str | None


def ending(stage: Stage) -> Ending:
    queue, ledger = stage.server.task(TASK).queue, stage.ledger()
    parked = None if ledger.parked is None else ledger.parked.why
    return Ending(left_of(stage), queue, said(stage), ledger.not_before, parked)


def about_to_settle(base: Path, before: str | None, kind: OutcomeClass) -> Stage:
    stage = about_to_start(base, before, "quick")
    stage.run()
    stage.engine.finish(stage.engine.newest(), kind)
    return switched_off(stage)


KINDS: tuple[OutcomeClass, ...] = (
    "succeeded", "partial", "handed_off", "no_result", "failed", "killed", "timed_out", "stalled", "lost",
    "start_failed", "rate_limited", "deferred", "interrupted", "cancelled",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_settlement_that_was_cut_off_ends_like_one_that_was_not(
    tmp_path: Path, before: str | None, kind: OutcomeClass
) -> None:
    whole = about_to_settle(tmp_path / "whole", before, kind)
    whole.run()

    for stage, watch, fuse in crash_at_each_effect(
        lambda n: about_to_settle(tmp_path / str(n), before, kind)
    ):
        go_on(stage, watch)

        assert ending(stage) == ending(whole), fuse.effects


def about_to_park(base: Path, before: str | None) -> Stage:
    """Two runs have failed, the third has just done so."""
    stage = about_to_start(base, before, "quick")
    for _ in range(3):
        stage.run()
        stage.engine.finish(stage.engine.newest(), "failed")
        if len(stage.engine.wrappers) < 3:
            switched_off(stage).run()
            stage.clock.advance(300)
    return switched_off(stage)


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_parking_that_was_cut_off_parks_once_and_says_so_once(tmp_path: Path, before: str | None) -> None:
    whole = about_to_park(tmp_path / "whole", before)
    whole.run()

    for stage, watch, fuse in crash_at_each_effect(lambda n: about_to_park(tmp_path / str(n), before)):
        go_on(stage, watch)

        assert ending(stage) == ending(whole), fuse.effects
    assert ending(whole).left[:2] == ("idle", None)
    assert sum("parked" in text for text in ending(whole).comments) == 1


def about_to_be_reclaimed(base: Path, before: str | None, how: str) -> Stage:
    stage = about_to_start(base, before, "quick")
    stage.run()
    wrapper = stage.engine.newest()
    assert wrapper.agent is not None
    if how == "died":
        stage.processes.end(wrapper.process.ref)
    elif how == "vanished":
        stage.engine.die(wrapper)
    elif how == "rebooted":
        stage.processes.reboot()
    elif how == "hangs":
        wrapper.hangs = True
        wrapper.agent.ignores.add(signal.SIGTERM)
        stage.clock.advance(46)
    return switched_off(stage)


@pytest.mark.parametrize("how", ["died", "vanished", "rebooted", "hangs"])
@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_reclaim_that_was_cut_off_ends_everything_and_requeues_once(
    tmp_path: Path, before: str | None, how: str
) -> None:
    expected = "interrupted" if how == "rebooted" else "lost"
    for stage, watch, fuse in crash_at_each_effect(
        lambda n: about_to_be_reclaimed(tmp_path / str(n), before, how)
    ):
        go_on(stage, watch)

        task = stage.server.task(TASK)
        assert (task.status, task.assigned_to) == ("idle", before), fuse.effects
        assert [past.kind for past in stage.ledger().outcomes] == [expected], fuse.effects
        assert stage.lease() is None, fuse.effects
        assert stage.processes.living() == [], fuse.effects
        assert len([text for text in said(stage) if "end of lease" in text]) == 1, fuse.effects
