"""How a run is said to have ended when the pass that ended it was killed before the last word."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.stage import Stage
from tests.unit.reconcile.crashing import about_to_start, crash_at_each_effect, go_on, switched_off
from tinyscheduler.model.lease import OutcomeClass
from tinyscheduler.reconcile.preview import preview


def stubborn(base: Path) -> Stage:
    """An agent that does not obey TERM, and its wrapper."""
    stage = about_to_start(base, None, "quick")
    stage.run()
    wrapper = stage.engine.newest()
    assert wrapper.agent is not None
    wrapper.agent.ignores.add(signal.SIGTERM)
    return switched_off(stage)


def overdue(base: Path) -> Stage:
    """It beats, and its wrapper has forgotten its limit."""
    stage = stubborn(base)
    stage.clock.advance(3_700)
    stage.engine.beat(stage.engine.newest())
    return stage


def estopped(base: Path) -> Stage:
    stage = stubborn(base)
    stage.estop()
    return stage


@pytest.mark.parametrize(("make", "kind"), [(overdue, "timed_out"), (estopped, "interrupted")])
def test_a_run_that_was_told_to_end_has_died_of_that(
    tmp_path: Path, make: Callable[[Path], Stage], kind: OutcomeClass
) -> None:
    for stage, watch, fuse in crash_at_each_effect(lambda n: make(tmp_path / str(n))):
        if kind == "interrupted":
            # The reason is gone by then; its stop file is not.
            stage.estop(is_there=False)
            stage.processes.end(stage.engine.newest().process.ref)
        go_on(stage, watch)

        outcomes = [past.kind for past in stage.ledger().outcomes]
        assert outcomes == [kind], fuse.effects
        assert stage.processes.living() == [], fuse.effects


def test_a_run_that_died_without_a_word_under_an_estop_is_interrupted(tmp_path: Path) -> None:
    """On a full disk neither its wrapper nor the pass could write down that it was told to end."""
    stage = stubborn(tmp_path)
    stage.processes.end(stage.engine.newest().process.ref)
    stage.estop()
    foreseen = [action.reason for action in preview(stage.world()).tend]

    stage.run()

    assert foreseen == ["estop"]
    assert [(past.kind, past.is_spent) for past in stage.ledger().outcomes] == [("interrupted", False)]
