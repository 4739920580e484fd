"""Schedules on the nights on which the clock on the wall jumps (features G6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.reconcile.schedule_scenes import a_scheduled_stage, at, made, with_schedules
from tinyscheduler.model.schedule import Schedule


@pytest.mark.parametrize(
    ("night", "expected"),
    [
        pytest.param("2026-03-28T20:00", ["01:00"], id="the hour is jumped over"),
        pytest.param("2026-10-24T20:00", ["00:30"], id="the hour comes twice"),
        pytest.param("2026-11-20T20:00", ["01:30"], id="any other night"),
    ],
)
@pytest.mark.parametrize("every_min", [7, 50])
def test_a_night_on_which_the_clock_jumps_brings_one_task(
    tmp_path: Path, night: str, expected: list[str], every_min: int
) -> None:
    """However rarely a pass looks; in UTC, where half past two in Berlin is another time."""
    schedule = Schedule(
        "nightly", "x", cron="30 2 * * *", zone="Europe/Berlin", catch_up="once", queue="nobody"
    )
    stage = a_scheduled_stage(tmp_path, schedule)
    at(stage, f"{night}:00")
    stage = with_schedules(stage, schedule._replace(name="of-this-night"))
    stage.run()

    for _ in range(12 * 60 // every_min):
        stage.clock.advance(every_min * 60)
        stage.run()

    assert made(stage) == expected
