"""A whole pass: its order, its exit codes, what it leaves alone (features A1, A5 to A7, B6)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.run_scenes import (
    a_busy_stage,
)
from tinyscheduler.adapters.runlock import FlockRunLock
from tinyscheduler.model.order import Order
from tinyscheduler.reconcile.run import LOOKS_MAX, run_once

MAY_CHANGE = ("tinyscheduler.lock", "passes/", "journal/", "logs/")
"""Features A1: lock text, pass record, journal, log."""


def contents(stage: Stage) -> dict[str, tuple[int, int, bytes]]:
    """Every file of the state folder that a quiet pass must leave alone: inode, mtime, content."""
    state = stage.configuration.places.state
    found = {}
    for where, _, names in os.walk(state):
        for name in names:
            path = os.path.join(where, name)
            relative = os.path.relpath(path, state)
            if not relative.startswith(MAY_CHANGE):
                status = os.stat(path)
                found[relative] = (status.st_ino, status.st_mtime_ns, Path(path).read_bytes())
    return found


def test_a_second_pass_over_an_unchanged_world_changes_nothing(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    stage.run()
    before, writes = contents(stage), stage.server.writes

    report = stage.run()

    assert report.results == []
    assert contents(stage) == before
    assert stage.server.writes == writes


def test_tending_comes_before_starting_so_a_free_slot_is_refilled_at_once(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest())

    report = stage.run()

    assert [(r.kind, r.task_id, r.result) for r in report.results] == [
        ("settle", "1", "done"),
        ("start", "2", "done"),
    ]


def test_a_busy_lock_is_left_at_once_and_the_holder_is_asked_to_look_again(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    holder = stage.world().lock
    assert holder.acquire()

    report = stage.run()

    assert report.exit_code == 75
    assert holder.was_poked()
    holder.release()
    assert stage.engine.wrappers == []
    assert not os.path.exists(stage.configuration.places.format_file)


def test_a_pass_that_was_poked_looks_once_more(tmp_path: Path) -> None:
    """An agent that ends while a pass runs finds the lock busy; its slot is refilled all the same."""
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    world = stage.world()
    inner = world.engine

    class EndsAtOnce:
        name = inner.name
        containment = inner.containment
        notices = inner.notices

        def start(self, order_path: str, order: Order, extra_env: Mapping[str, str]) -> str:
            started = inner.start(order_path, order, extra_env)
            wrapper = stage.engine.newest(order.task_id)
            assert stage.engine.adopt(wrapper)
            stage.engine.finish(wrapper)
            if order.task_id == "1":
                stage.server.create(queue="dev")
            stage.world().lock.poke()
            return started

    report = run_once(world._replace(engine=EndsAtOnce()))

    assert [(r.kind, r.task_id) for r in report.results] == [
        ("start", "1"),
        ("settle", "1"),
        ("start", "2"),
        ("settle", "2"),
    ]


def test_a_pass_that_is_poked_for_ever_comes_to_an_end(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    world = stage.world()

    class PokesItself(FlockRunLock):
        looks = 0

        def release(self) -> None:
            super().release()
            type(self).looks += 1
            self.poke()

    places = stage.configuration.places
    lock = PokesItself(places.lock_file, f"{places.state}/poke", stage.signature)
    run_once(world._replace(lock=lock))

    assert PokesItself.looks == LOOKS_MAX
