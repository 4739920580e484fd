"""Settling through whole passes: lease, ledger and server together (features B11, C1, C4)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import an_outcome
from tests.fakes.flaky import Way, line_to
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.settle_scenes import (
    LONG_AGO,
    POOL_AND_ASSIGNED,
    TASK,
    a_worn_out_stage,
    where,
)
from tinyscheduler.model.lease import Outcome
from tinyscheduler.model.policy import Policy


def a_finished_run(base: Path, outcome: Outcome, *, before: str | None = None) -> Stage:
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", assigned_to=before)
    stage.run()
    stage.engine.end_with(stage.engine.newest(), outcome)
    policy = stage.configuration.policy._replace(is_enabled=False)
    return stage._replace(configuration=stage.configuration._replace(policy=policy))


def test_a_server_that_is_down_for_ten_passes_hears_of_the_end_once(tmp_path: Path) -> None:
    """Features B11."""
    stage = a_finished_run(tmp_path, an_outcome("failed"))
    stage.server.unavailable = True
    codes = [stage.run().exit_code for _ in range(10)]
    held = stage.lease()
    stage.server.unavailable = False
    # After five of them nobody asks any more for a minute.
    stage.clock.advance(60)

    report = stage.run()

    assert codes == [3] * 10
    assert held is not None
    assert held.state == "finished"
    assert report.exit_code == 0
    assert stage.lease() is None
    assert len(stage.server.comments(TASK)) == 1


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("way", ["not_sent", "not_applied", "applied"])
def test_a_pass_whose_line_breaks_while_it_settles_keeps_the_lease_for_the_next(
    tmp_path: Path, way: Way, before: str | None
) -> None:
    for at in range(1, 10):
        stage = a_finished_run(tmp_path / str(at), an_outcome("failed"), before=before)
        port, line = line_to(stage.server, at=at, way=way)
        report = stage.run(server=port)
        if not line.has_failed:
            assert at > 1
            return
        assert report.exit_code == 3
        assert stage.lease() is not None
        assert stage.run().exit_code == 0
        assert stage.lease() is None
        assert where(stage.server) == ("idle", before, "dev")
        assert [past.kind for past in stage.ledger().outcomes] == ["failed"]
    raise AssertionError("settling does not come to an end")


def test_a_refusal_for_good_keeps_the_lease_and_is_told(tmp_path: Path) -> None:
    stage = a_finished_run(tmp_path, an_outcome("failed"))
    stage.server.refuse_writes = True

    report = stage.run()

    assert report.exit_code == 3
    assert stage.lease() is not None


def test_the_comment_says_who_which_attempt_how_and_what_comes_next(tmp_path: Path) -> None:
    stage = a_finished_run(tmp_path, an_outcome("failed", summary="the tests are red")._replace(code=2))

    stage.run()

    text = stage.server.comments(TASK)[-1].text
    assert text.startswith("dev-1, attempt 1: failed (exit 2); the tests are red; next attempt not before")


def test_the_third_failure_parks_the_task_once_and_says_so(tmp_path: Path) -> None:
    """Features C1, C4: ten more passes start nothing."""
    stage = a_worn_out_stage(tmp_path)

    for _ in range(10):
        stage.clock.advance(3600)
        assert stage.run().exit_code == 0

    assert len(stage.engine.wrappers) == 3
    assert where(stage.server) == ("idle", None, "dev")
    assert [("parked" in comment.text) for comment in stage.server.comments(TASK)] == [False, False, True]


def test_a_changed_title_releases_a_parked_task_and_gives_it_all_its_attempts(tmp_path: Path) -> None:
    """Features C4: a person says "try again" on the server itself."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    for _ in range(3):
        stage.run()
        stage.engine.finish(stage.engine.newest(), "failed")
        stage.run()
        stage.clock.advance(600)
    stage.server.edit(stage.server.task(TASK)._replace(title="try it like this"))
    for _ in range(3):
        stage.run()
        stage.engine.finish(stage.engine.newest(), "failed")
        stage.run()
        stage.clock.advance(600)

    assert len(stage.engine.wrappers) == 6
    assert stage.ledger().parked is not None


def test_a_task_with_a_time_finer_than_our_files_is_still_the_same_task(tmp_path: Path) -> None:
    """Ids are told apart by ``created_at``; a server may keep microseconds."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", created_at=LONG_AGO + timedelta(microseconds=123_456))
    stage.run()
    stage.engine.finish(stage.engine.newest(), "failed")

    stage.run()

    assert where(stage.server) == ("idle", None, "dev")
    assert [past.kind for past in stage.ledger().outcomes] == ["failed"]


def test_a_settlement_that_lands_late_does_not_lose_the_next_run(tmp_path: Path) -> None:
    """The pool's task is put back in two writes; the second is on its way for half a minute, while
    the next pass settles again and starts again. Law 2: the task must not work for nobody."""
    stage = a_stage(tmp_path, policy=Policy(retry_base_s=1))
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest(), "interrupted")
    port, line = line_to(stage.server, at=2, way="late")
    stage.run(server=port)
    stage.clock.advance(5)
    stage.run()
    assert len(stage.engine.wrappers) == 2

    line.land()
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()

    assert stage.server.task(TASK).status == "idle" or stage.lease() is not None
