"""A pass that dies while it does what was asked for: done once, or again harmlessly (features B12, E3)."""

from __future__ import annotations

import signal
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
from tests.unit.reconcile.intent_scenes import ask, parked, pending
from tinyscheduler.model.intent import IntentKind


class Ending(NamedTuple):
    """What an intent leaves behind."""

    left: Left
    comments: int
    parked: tuple[str, str] | None
    pending: int
    living: int


def ending(stage: Stage) -> Ending:
    living = len(stage.processes.living())
    return Ending(left_of(stage), len(said(stage)), parked(stage), len(pending(stage)), living)


def about_to_stop(base: Path, before: str | None, kind: IntentKind, *, requeue: bool) -> Stage:
    """Its agent is at work and does not obey TERM."""
    stage = about_to_start(base, before, "quick")
    stage.run()
    wrapper = stage.engine.newest()
    assert wrapper.agent is not None
    wrapper.agent.ignores.add(signal.SIGTERM)
    ask(stage, kind, requeue=requeue, reason="enough")
    return switched_off(stage)


@pytest.mark.parametrize(
    ("kind", "requeue"), [("stop", False), ("stop", True), ("park", False)], ids=["stop", "requeue", "park"]
)
@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_stop_that_was_cut_off_ends_like_one_that_was_not(
    tmp_path: Path, before: str | None, kind: IntentKind, *, requeue: bool
) -> None:
    whole = about_to_stop(tmp_path / "whole", before, kind, requeue=requeue)
    whole.run()
    assert ending(whole).left.outcomes == [("cancelled", False)]
    assert (ending(whole).parked is None) == requeue

    for stage, watch, fuse in crash_at_each_effect(
        lambda n: about_to_stop(tmp_path / str(n), before, kind, requeue=requeue)
    ):
        go_on(stage, watch)

        assert ending(stage) == ending(whole), fuse.effects


def about_to_stop_what_was_moved(base: Path, before: str | None) -> Stage:
    """Somebody has set its task idle while it ran."""
    stage = about_to_stop(base, before, "stop", requeue=False)
    stage.server.update(TASK, status="idle")
    return stage


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_stop_of_a_moved_task_that_was_cut_off_parks_it(tmp_path: Path, before: str | None) -> None:
    for stage, watch, fuse in crash_at_each_effect(
        lambda n: about_to_stop_what_was_moved(tmp_path / str(n), before)
    ):
        go_on(stage, watch)

        assert parked(stage) == ("enough", "bob"), fuse.effects
        assert ending(stage).left.outcomes == [("handed_off", False)], fuse.effects
        assert (ending(stage).left[3:], ending(stage)[3:]) == ((False, False), (0, 0)), fuse.effects


def about_to_take_back(base: Path, before: str | None) -> Stage:
    """The wrapper has not adopted its lease yet."""
    stage = about_to_start(base, before, "slow")
    stage.run()
    ask(stage, "stop", reason="enough")
    return switched_off(stage)


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_stop_of_a_start_that_was_cut_off_parks_the_task_once(tmp_path: Path, before: str | None) -> None:
    for stage, watch, fuse in crash_at_each_effect(lambda n: about_to_take_back(tmp_path / str(n), before)):
        go_on(stage, watch)

        assert parked(stage) == ("enough", "bob"), fuse.effects
        assert (ending(stage).left[3:], ending(stage)[3:]) == ((False, False), (0, 0)), fuse.effects
        assert len([text for text in said(stage) if "enough" in text]) == 1, fuse.effects


def about_to_park(base: Path, before: str | None) -> Stage:
    stage = about_to_start(base, before, "quick")
    ask(stage, "park", reason="enough")
    return stage


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_parking_that_was_cut_off_starts_nothing_and_says_it_once(tmp_path: Path, before: str | None) -> None:
    for stage, watch, fuse in crash_at_each_effect(lambda n: about_to_park(tmp_path / str(n), before)):
        go_on(stage, watch)

        task = stage.server.task(TASK)
        assert (task.status, task.assigned_to) == ("idle", None), fuse.effects
        assert parked(stage) == ("enough", "bob"), fuse.effects
        assert (stage.engine.wrappers, pending(stage)) == ([], []), fuse.effects
        assert len([text for text in said(stage) if "enough" in text]) == 1, fuse.effects


def about_to_retry(base: Path) -> Stage:
    stage = about_to_start(base, None, "quick")
    ask(stage, "park", reason="enough")
    stage.run()
    stage.clock.advance(1)
    ask(stage, "retry")
    return switched_off(stage)


def test_a_retry_that_was_cut_off_releases_the_task(tmp_path: Path) -> None:
    for stage, watch, fuse in crash_at_each_effect(lambda n: about_to_retry(tmp_path / str(n))):
        go_on(stage, watch)

        assert (parked(stage), pending(stage)) == (None, []), fuse.effects


def about_to_requeue(base: Path) -> Stage:
    stage = about_to_start(base, "dev-1", "quick")
    stage.server.update(TASK, status="working")
    ask(stage, "requeue", reason="nobody is there")
    return switched_off(stage)


def test_a_requeue_that_was_cut_off_gives_the_task_back_once(tmp_path: Path) -> None:
    for effect in range(1, 10):
        stage = about_to_requeue(tmp_path / str(effect))
        if not _dies(stage, effect):
            assert effect > 1
            return
        stage.run()

        task = stage.server.task(TASK)
        assert (task.status, task.assigned_to, pending(stage)) == ("idle", "dev-1", [])
        assert len([text for text in said(stage) if "nobody is there" in text]) == 1
    raise AssertionError("the pass does not come to an end")


def _dies(stage: Stage, effect: int) -> bool:
    """Whether the pass had so many effects."""
    from tests.fakes.crash import Crash, Fuse, dying
    from tinyscheduler.reconcile.run import run_once

    try:
        run_once(dying(stage.world(), Fuse(effect)))
    except Crash:
        return True
    return False
