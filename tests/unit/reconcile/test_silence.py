"""Runs that nothing is heard of: the wrapper counts its notices, the pass tells each once (features B5)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.lease import Lease
from tinyscheduler.reconcile.report import Report


def with_notices(stage: Stage, count: int) -> Report:
    """A pass after the wrapper has noted silence so often."""
    lease = stage.lease()
    assert isinstance(lease, Lease)
    stage.leases().write(lease._replace(stall_notices=count))
    return stage.run()


def told(stage: Stage) -> list[tuple[str, int]]:
    paths = sorted(Path(stage.configuration.places.journal).iterdir())
    facts = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return [(fact["reason"], fact["notice"]) for fact in facts if fact["event"] == "limit_reached"]


def a_running_stage(base: Path) -> Stage:
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    return stage


def test_each_notice_is_told_once_however_many_passes_see_it(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)

    reports = [with_notices(stage, count) for count in (0, 1, 1, 2, 2)]

    assert told(stage) == [("silent", 1), ("silent", 2)]
    assert [len(report.limits) for report in reports] == [0, 1, 0, 1, 0]
    assert all(report.exit_code == 0 for report in reports)


def test_a_run_that_was_heard_of_and_falls_silent_again_is_told_again(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)

    for count in (1, 0, 1):
        with_notices(stage, count)

    assert told(stage) == [("silent", 1), ("silent", 1)]


def test_a_pass_that_missed_the_first_notice_tells_both(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)

    with_notices(stage, 2)

    assert told(stage) == [("silent", 1), ("silent", 2)]


def test_a_server_that_is_away_keeps_nobody_from_hearing_of_it(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.server.unavailable = True

    with_notices(stage, 1)

    assert told(stage) == [("silent", 1)]
