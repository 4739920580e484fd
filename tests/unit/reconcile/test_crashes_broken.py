"""A pass that dies while it mends a lease, or gives one up: the next ones go on (features B9, B12)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.stage import Stage
from tests.unit.reconcile.crashing import (
    EFFECTS_MAX,
    PASS_EVERY_S,
    PASSES,
    TASK,
    about_to_start,
    said,
    switched_off,
)
from tests.unit.reconcile.intent_scenes import ask
from tinyscheduler.reconcile.run import run_once


def garbled(stage: Stage) -> Stage:
    path = Path(stage.configuration.places.running) / "task_1.json"
    path.write_bytes(b'{"task_id": 1, "pi')
    os.utime(path, (1, 1))
    return stage


def with_dead_wrapper(base: Path) -> Stage:
    """Its agent lives and does not obey TERM."""
    stage = about_to_start(base, None, "quick")
    stage.run()
    wrapper = stage.engine.newest()
    assert wrapper.agent is not None
    wrapper.agent.ignores.add(signal.SIGTERM)
    stage.processes.end(wrapper.process.ref)
    return garbled(switched_off(stage))


def with_folder_in_its_place(base: Path) -> Stage:
    stage = with_dead_wrapper(base)
    path = Path(stage.configuration.places.running) / "task_1.json"
    path.unlink()
    path.mkdir()
    return stage


def with_late_start(base: Path) -> Stage:
    """Nobody has adopted it, and nobody does."""
    stage = about_to_start(base, None, "dead")
    stage.run()
    stage.clock.advance(31)
    return garbled(switched_off(stage))


def with_nothing_behind(base: Path) -> Stage:
    stage = about_to_start(base, None, "quick")
    stage.run()
    stage.engine.finish(stage.engine.newest(), "failed")
    stage = switched_off(stage)
    stage.run()
    return garbled(stage)


def with_unreadable_owner(base: Path) -> Stage:
    stage = about_to_start(base, None, "dead")
    stage.run()
    (Path(stage.configuration.places.running) / "task_1.owner").write_bytes(b"?")
    return switched_off(stage)


def to_be_given_up(base: Path) -> Stage:
    """A run of a machine that is gone for good."""
    stage = about_to_start(base, None, "quick")
    stage.run()
    lease = stage.lease()
    assert lease is not None
    stage.leases().write(lease._replace(machine_id="another"))
    stage.engine.die(stage.engine.newest())
    ask(stage, "release", reason="it burnt down")
    return switched_off(stage)


def cut_off_at_each_effect(make: Callable[[Path], Stage], base: Path) -> Iterator[tuple[Stage, list[str]]]:
    for effect in range(1, EFFECTS_MAX):
        stage, fuse = make(base / str(effect)), Fuse(effect)
        try:
            run_once(dying(stage.world(), fuse))
        except Crash:
            assert len([w for w in stage.engine.wrappers if w.agent and stage.engine.is_alive(w)]) <= 1
            yield stage, fuse.effects
        else:
            assert effect > 1, "the pass had no effect at all"
            return
    raise AssertionError("the pass does not come to an end")


@pytest.mark.parametrize(
    ("make", "outcomes"),
    [
        (with_dead_wrapper, ["lost"]),
        (with_folder_in_its_place, ["lost"]),
        (with_late_start, ["start_failed"]),
        (with_nothing_behind, ["failed"]),
        (with_unreadable_owner, ["interrupted"]),
        (to_be_given_up, ["interrupted"]),
    ],
)
def test_whatever_is_cut_off_comes_to_the_same_end(
    tmp_path: Path, make: Callable[[Path], Stage], outcomes: list[str]
) -> None:
    for stage, effects in cut_off_at_each_effect(make, tmp_path):
        for _ in range(PASSES):
            stage.clock.advance(PASS_EVERY_S)
            stage.run()

        task, ledger = stage.server.task(TASK), stage.ledger()
        assert (task.status, task.assigned_to) == ("idle", None), effects
        assert [past.kind for past in ledger.outcomes] == outcomes, effects
        assert ledger.open is None, effects
        assert stage.processes.living() == [], effects
        assert len([text for text in said(stage) if "end of lease" in text]) <= 1, effects
        assert os.listdir(stage.configuration.places.running) == [], effects


class Interlude(Fuse):
    """Somebody else acts right after the n-th effect; nobody dies."""

    def __init__(self, number: int, act: Callable[[], object]) -> None:
        super().__init__(EFFECTS_MAX)
        self._number = number
        self._act = act

    def burn(self, name: str) -> None:
        super().burn(name)
        if len(self.effects) == self._number:
            self._act()


@pytest.mark.parametrize("number", range(1, 6))
def test_a_wrapper_that_mends_its_lease_at_any_moment_goes_on_or_is_ended_whole(
    tmp_path: Path, number: int
) -> None:
    """Law 6: it was thought to hang, and is a second writer of the same lease."""
    stage = about_to_start(tmp_path, None, "quick")
    stage.run()
    wrapper, before = stage.engine.newest(), stage.lease()
    assert before is not None
    stage = garbled(switched_off(stage))

    run_once(dying(stage.world(), Interlude(number, lambda: stage.leases().write(before))))
    stage.engine.beat(wrapper)
    stage.run()

    lease = stage.lease()
    assert lease is not None
    assert (lease.lease_id, lease.state, lease.wrapper) == (before.lease_id, "running", before.wrapper)
    assert stage.engine.is_alive(wrapper)
    assert stage.run().exit_code == 0
