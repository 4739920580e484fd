"""A pass that dies while it starts or undoes a start: nothing lost, nothing doubled (laws 1 to 3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.stage import Stage
from tests.unit.reconcile.crashing import (
    TASK,
    Wrapper,
    about_to_start,
    crash_at_each_effect,
    go_on,
    said,
    switched_off,
)


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


def about_to_be_revoked(base: Path, before: str | None) -> Stage:
    stage = about_to_start(base, before, "dead")
    stage.run()
    stage.clock.advance(31)
    return switched_off(stage)


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
