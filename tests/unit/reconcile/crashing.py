"""A pass that dies after any of its effects: the next passes go on, nothing lost, nothing doubled.

The laws under test are 1, 2, 3 and 6 of design.md. Every scenario is played once for each effect
of the pass, with real files, a process table and a server in memory, and time that is moved.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.engine import FakeWrapper
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.reconcile.run import run_once

TASK = TaskId("1")
PASS_EVERY_S = 20.0
PASSES = 12
"""Four minutes: longer than every limit of a start or a claim together."""


EFFECTS_MAX = 40
Wrapper = Literal["quick", "slow", "dead"]
"""quick: adopts before the start returns. slow: when 25 s have gone by. dead: never."""


class Watch:
    """Looks at the laws whenever a process has ended."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.generations: dict[str, int] = {}
        """Of all leases that were seen, oldest first."""

    def look(self) -> None:
        living = [w for w in self._stage.engine.wrappers if w.agent and self._stage.engine.is_alive(w)]
        assert len(living) <= 1, "law 1: two agents of one task"
        lease = self._stage.lease()
        status = self._stage.server.task(TASK).status
        assert status != "working" or lease is not None, "law 2: working, and nobody knows"
        if lease is not None:
            self.generations.setdefault(lease.lease_id, lease.generation)


def crash_at_each_effect(make: Callable[[int], Stage]) -> Iterator[tuple[Stage, Watch, Fuse]]:
    """For each effect of a pass over a stage like this: one that died right after it."""
    for effect in range(1, EFFECTS_MAX):
        stage = make(effect)
        watch, fuse = Watch(stage), Fuse(effect)
        watch.look()
        try:
            run_once(dying(stage.world(), fuse))
        except Crash:
            watch.look()
            yield stage, watch, fuse
        else:
            assert effect > 1, "the pass had no effect at all"
            return
    raise AssertionError("the pass does not come to an end")


def go_on(stage: Stage, watch: Watch, wrapper: Wrapper = "quick") -> None:
    """Passes as cron would start them, while the wrappers live their lives."""
    for _ in range(PASSES):
        stage.clock.advance(PASS_EVERY_S)
        for started in stage.engine.wrappers:
            live(stage, started, wrapper)
        stage.run()
        watch.look()


def live(stage: Stage, started: FakeWrapper, wrapper: Wrapper) -> None:
    if not stage.engine.is_alive(started):
        return
    if started.agent is not None:
        stage.engine.beat(started)
    elif wrapper == "slow":
        stage.engine.adopt(started)


def said(stage: Stage) -> list[str]:
    """Comments without the random part."""
    return [re.sub(r"lease [0-9a-f]{16}", "lease X", c.text) for c in stage.server.comments(TASK)]


class Left(NamedTuple):
    """What every end of a run leaves behind."""

    status: str
    assigned_to: str | None
    outcomes: list[tuple[str, bool]]
    has_lease: bool
    is_open: bool


def left_of(stage: Stage) -> Left:
    task, ledger = stage.server.task(TASK), stage.ledger()
    return Left(
        task.status,
        task.assigned_to,
        [(past.kind, past.is_spent) for past in ledger.outcomes],
        stage.lease() is not None,
        ledger.open is not None,
    )


def about_to_start(base: Path, before: str | None, wrapper: Wrapper) -> Stage:
    stage = a_stage(base)
    stage.engine.adopts_at_once = wrapper == "quick"
    stage.server.create(queue="dev", assigned_to=before)
    return stage


def switched_off(stage: Stage) -> Stage:
    """It starts nothing more, so that what became of the task can be looked at."""
    policy = stage.configuration.policy._replace(is_enabled=False)
    return stage._replace(configuration=stage.configuration._replace(policy=policy))
