"""A pass that dies after any of its effects: the next passes go on, nothing lost, nothing doubled.

The laws under test are 1, 2, 3 and 6 of design.md. Every scenario is played once for each effect
of the pass, with real files, a process table and a server in memory, and time that is moved.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.engine import FakeWrapper
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import OutcomeClass
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


# --- start -------------------------------------------------------------------------------------


def about_to_start(base: Path, before: str | None, wrapper: Wrapper) -> Stage:
    stage = a_stage(base)
    stage.engine.adopts_at_once = wrapper == "quick"
    stage.server.create(queue="dev", assigned_to=before)
    return stage


@pytest.mark.parametrize("wrapper", ["quick", "slow"])
@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_start_that_was_cut_off_anywhere_ends_with_one_running_agent(
    tmp_path: Path, before: str | None, wrapper: Wrapper
) -> None:
    for stage, watch, fuse in crash_at_each_effect(
        lambda n: about_to_start(tmp_path / str(n), before, wrapper)
    ):
        go_on(stage, watch, wrapper)

        lease = stage.lease()
        running = [w for w in stage.engine.wrappers if stage.engine.is_alive(w)]
        assert lease is not None, fuse.effects
        assert lease.state == "running", fuse.effects
        assert [w.order.lease_id for w in running] == [lease.lease_id], fuse.effects
        assert stage.server.task(TASK).status == "working", fuse.effects
        assert stage.server.task(TASK).assigned_to == "dev-1", fuse.effects


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_run_whose_start_was_cut_off_is_settled_like_any_other(tmp_path: Path, before: str | None) -> None:
    for stage, watch, fuse in crash_at_each_effect(
        lambda n: about_to_start(tmp_path / str(n), before, "quick")
    ):
        go_on(stage, watch)
        stage.engine.finish(stage.engine.newest())
        go_on(stage, watch)

        ended = [past.kind for past in stage.ledger().outcomes if past.kind != "start_failed"]
        assert ended == ["succeeded"], fuse.effects
        assert len([text for text in said(stage) if "end of lease" in text]) == 1, fuse.effects
        assert stage.server.task(TASK).status == "complete", fuse.effects
        assert stage.lease() is None, fuse.effects


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_wrappers_that_never_adopt_are_given_up_one_after_the_other(
    tmp_path: Path, before: str | None
) -> None:
    for stage, watch, fuse in crash_at_each_effect(
        lambda n: about_to_start(tmp_path / str(n), before, "dead")
    ):
        go_on(stage, watch, "dead")

        assert {past.kind for past in stage.ledger().outcomes} <= {"start_failed"}, fuse.effects
        assert len([w for w in stage.engine.wrappers if stage.engine.is_alive(w)]) <= 1, fuse.effects
        assert len(stage.engine.wrappers) > 1, fuse.effects


def test_no_two_leases_of_a_task_have_the_same_generation(tmp_path: Path) -> None:
    """It is the fence in every write (design 2); what reads the journal tells leases apart by it."""
    for stage, watch, fuse in crash_at_each_effect(
        lambda n: about_to_start(tmp_path / str(n), None, "quick")
    ):
        go_on(stage, watch)

        seen = list(watch.generations.values())
        assert seen == sorted(set(seen)), fuse.effects


# --- revoke and undo ---------------------------------------------------------------------------


def about_to_be_revoked(base: Path, before: str | None) -> Stage:
    stage = about_to_start(base, before, "dead")
    stage.run()
    stage.clock.advance(31)
    return switched_off(stage)


def switched_off(stage: Stage) -> Stage:
    """It starts nothing more, so that what became of the task can be looked at."""
    policy = stage.configuration.policy._replace(is_enabled=False)
    return stage._replace(configuration=stage.configuration._replace(policy=policy))


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_revocation_that_was_cut_off_gives_the_task_back_once(tmp_path: Path, before: str | None) -> None:
    for stage, watch, fuse in crash_at_each_effect(lambda n: about_to_be_revoked(tmp_path / str(n), before)):
        go_on(stage, watch)

        task = stage.server.task(TASK)
        assert (task.status, task.assigned_to, task.queue) == ("idle", before, "dev"), fuse.effects
        assert stage.lease() is None, fuse.effects
        assert stage.processes.living() == [], fuse.effects
        assert [past.kind for past in stage.ledger().outcomes] in ([], ["start_failed"]), fuse.effects
        assert stage.ledger().open is None, fuse.effects


def test_a_wrapper_that_comes_too_late_finds_itself_revoked(tmp_path: Path) -> None:
    """Whoever links the owner name first wins; the pass died right after it did."""
    for stage, watch, fuse in crash_at_each_effect(lambda n: about_to_be_revoked(tmp_path / str(n), None)):
        late = stage.engine.newest()
        if not stage.engine.is_alive(late):
            continue
        adopted = stage.engine.adopt(late)
        go_on(stage, watch)

        assert not adopted, fuse.effects
        assert stage.lease() is None, fuse.effects
        assert stage.server.task(TASK).status == "idle", fuse.effects


# --- settle ------------------------------------------------------------------------------------


class Ending(NamedTuple):
    """What a settled run leaves behind."""

    status: str
    assigned_to: str | None
    queue: str | None
    comments: list[str]
    outcomes: list[tuple[str, bool]]
    not_before: datetime | None
    parked: str | None
    has_lease: bool
    is_open: bool


def ending(stage: Stage) -> Ending:
    task, ledger = stage.server.task(TASK), stage.ledger()
    return Ending(
        task.status,
        task.assigned_to,
        task.queue,
        said(stage),
        [(past.kind, past.is_spent) for past in ledger.outcomes],
        ledger.not_before,
        None if ledger.parked is None else ledger.parked.why,
        stage.lease() is not None,
        ledger.open is not None,
    )


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
    assert (ending(whole).status, ending(whole).assigned_to) == ("idle", None)
    assert sum("parked" in text for text in ending(whole).comments) == 1


# --- reclaim -----------------------------------------------------------------------------------


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
