"""People who ask for anything at any time, while agents end, die and hang, servers go and passes are
killed: never two agents of a task, nothing lost, and every intent answered once the world is quiet."""

from __future__ import annotations

import random
import signal
from pathlib import Path
from typing import get_args

import pytest

from tests.builders import an_agent
from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.engine import FakeWrapper
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import ask, pending
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.intent import IntentKind
from tinyscheduler.model.lease import OutcomeClass
from tinyscheduler.reconcile.run import run_once

TASKS = ("1", "2", "3")
STEPS = 40
QUIET_PASSES = 15
"""Half an hour: every run ends in the first of them."""
KINDS: tuple[IntentKind, ...] = get_args(IntentKind)
ENDINGS: tuple[OutcomeClass, ...] = ("succeeded", "failed", "interrupted", "start_failed", "partial")


def a_lively_stage(base: Path) -> Stage:
    stage = a_stage(base, agents=[an_agent("dev-1", slots=2), an_agent("dev-2")])
    stage.server.create(queue="dev")
    stage.server.create(queue="dev", assigned_to="dev-1")
    stage.server.create(queue="dev", blocked_by=TaskId("1"))
    return stage


def somebody_asks(stage: Stage, chance: random.Random) -> None:
    ask(stage, chance.choice(KINDS), chance.choice(TASKS), requeue=chance.random() < 0.4)


def a_pass_goes_by(stage: Stage, _chance: random.Random) -> None:
    stage.run()


def a_pass_dies(stage: Stage, chance: random.Random) -> None:
    try:
        run_once(dying(stage.world(), Fuse(chance.randrange(1, 20))))
    except Crash:
        return


def time_goes_by(stage: Stage, chance: random.Random) -> None:
    stage.clock.advance(chance.choice((1, 20, 61, 130)))


def the_server_goes_or_comes(stage: Stage, _chance: random.Random) -> None:
    stage.server.unavailable = not stage.server.unavailable


def an_agent_ends(stage: Stage, chance: random.Random) -> None:
    for wrapper in a_living_one(stage, chance):
        if wrapper.agent is None:
            stage.engine.adopt(wrapper)
        else:
            stage.engine.finish(wrapper, chance.choice(ENDINGS))


def a_run_dies(stage: Stage, chance: random.Random) -> None:
    for wrapper in a_living_one(stage, chance):
        stage.engine.die(wrapper)


def a_run_hangs(stage: Stage, chance: random.Random) -> None:
    for wrapper in a_living_one(stage, chance):
        wrapper.hangs = True
        if wrapper.agent is not None:
            wrapper.agent.ignores.add(signal.SIGTERM)


def wrappers_are_quick_or_slow(stage: Stage, _chance: random.Random) -> None:
    stage.engine.adopts_at_once = not stage.engine.adopts_at_once


HAPPENINGS = (
    *(3 * [somebody_asks]),
    *(2 * [a_pass_goes_by]),
    *(2 * [an_agent_ends]),
    a_pass_dies,
    time_goes_by,
    the_server_goes_or_comes,
    a_run_dies,
    a_run_hangs,
    wrappers_are_quick_or_slow,
)


def a_living_one(stage: Stage, chance: random.Random) -> list[FakeWrapper]:
    """At most one."""
    alive = [wrapper for wrapper in stage.engine.wrappers if stage.engine.is_alive(wrapper)]
    return [chance.choice(alive)] if alive else []


def look(stage: Stage) -> None:
    for task_id in TASKS:
        agents = [
            w for w in stage.engine.wrappers
            if w.order.task_id == task_id and w.agent is not None
            and stage.processes.liveness(w.agent.ref) == "alive"
        ]  # fmt: skip
        assert len(agents) <= 1, f"law 1: {len(agents)} agents of task {task_id}"
        status = stage.server.task(TaskId(task_id)).status
        is_known = stage.leases().read(TaskId(task_id)) is not None
        assert status != "working" or is_known, f"law 2: nobody knows of task {task_id}"


@pytest.mark.parametrize("seed", range(12))
def test_whatever_people_ask_for_and_whenever_it_is_done_or_refused_in_the_end(
    tmp_path: Path, seed: int
) -> None:
    chance, stage = random.Random(seed), a_lively_stage(tmp_path)
    for _ in range(STEPS):
        chance.choice(HAPPENINGS)(stage, chance)
        look(stage)

    stage.server.unavailable = False
    stage.engine.adopts_at_once = True
    for _ in range(QUIET_PASSES):
        stage.clock.advance(130)
        for wrapper in stage.engine.wrappers:
            if stage.engine.is_alive(wrapper) and wrapper.agent is not None:
                stage.engine.finish(wrapper)
        stage.run()
        look(stage)

    ends = {task_id: stage.server.task(TaskId(task_id)) for task_id in TASKS}
    assert pending(stage) == []
    assert all(task.status in ("idle", "complete") for task in ends.values())
    for task_id, task in ends.items():
        if task.status == "idle" and not task.is_blocked:
            assert stage.ledger(task_id).parked is not None, f"task {task_id} is forgotten"
            assert stage.lease(task_id) is None
