"""No instant of a schedule gets two tasks, whatever is killed and left open by the server (ADR 0032)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.flaky import line_to
from tests.fakes.stage import Stage
from tests.unit.reconcile.crashing import EFFECTS_MAX
from tests.unit.reconcile.schedule_scenes import (
    a_scheduled_stage,
    at,
    events,
    hourly,
    made,
    remembered,
    with_schedules,
)
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.schedule import CatchUp, Schedule
from tinyscheduler.reconcile.run import run_once


def passes(stage: Stage, count: int = 4) -> None:
    """Until every call without an answer has had its time."""
    for _ in range(count):
        stage.clock.advance(20)
        stage.run()


@pytest.mark.parametrize("catch_up", ["skip", "once", "all"])
def test_killed_after_any_effect_each_instant_has_one_task(tmp_path: Path, catch_up: CatchUp) -> None:
    expected = ["09:00", "10:00", "11:00"] if catch_up == "all" else ["11:00"]
    for effect in range(1, EFFECTS_MAX):
        stage = a_scheduled_stage(tmp_path / str(effect), hourly(catch_up=catch_up))
        at(stage, "11:00:05")
        try:
            run_once(dying(stage.world(), Fuse(effect)))
        except Crash:
            passes(stage)
            assert made(stage) == expected, f"after effect {effect}"
            assert len(events(stage, "schedule_fired")) >= len(expected), f"after effect {effect}"
            continue
        assert effect > 3
        return
    raise AssertionError("the pass does not come to an end")


def test_an_answer_that_is_lost_is_looked_for_and_nothing_is_made_again(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)
    stage.server.lose_next_answer = True

    at(stage, "09:00:05")
    first = stage.run()
    passes(stage)

    assert (first.exit_code, made(stage)) == (3, ["09:00"])
    assert len(events(stage, "schedule_fired")) == 1
    assert remembered(stage).begun is None


def test_while_a_task_on_the_server_cannot_be_read_what_was_begun_is_not_made_again(tmp_path: Path) -> None:
    """The one that nobody can read may be it (law 4)."""
    stage = a_scheduled_stage(tmp_path)
    server, _ = line_to(stage.server, at=1, way="not_applied")
    at(stage, "09:00:05")
    stage.run(server=server)
    stage.server.unreadable = ("2-two.md: a merge has left its marks",)
    passes(stage, 5)
    stage.clock.advance(60)
    told = stage.run()
    while_unreadable = made(stage)
    stage.server.unreadable = ()

    passes(stage, 1)

    assert (while_unreadable, made(stage)) == ([], ["09:00"])
    assert told.exit_code == 3
    assert any("2-two.md" in fault.message for fault in told.faults)


def test_a_call_that_arrives_late_is_the_only_one(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)
    server, line = line_to(stage.server, at=1, way="late")
    at(stage, "09:00:05")
    stage.run(server=server)
    stage.clock.advance(50)
    stage.run()
    found = made(stage)
    line.land()

    passes(stage)

    assert (found, made(stage)) == ([], ["09:00"])


def test_a_call_that_never_arrived_is_made_again_when_it_cannot_arrive_any_more(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)
    at(stage, "09:00:05")
    with pytest.raises(Crash):
        run_once(dying(stage.world(), Fuse(1)))
    assert (remembered(stage).begun is not None, made(stage)) == (True, [])

    stage.clock.advance(30)
    early = stage.run()
    found = made(stage)
    passes(stage)

    assert ([line.came for line in early.scheduled], found) == (["unclear"], [])
    assert made(stage) == ["09:00"]


def test_what_was_made_and_is_complete_and_archived_by_now_is_found_all_the_same(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)
    stage.server.lose_next_answer = True
    at(stage, "09:00:05")
    stage.run()
    stage.server.set_status(TaskId("1"), "complete")
    stage.server.archive(TaskId("1"))

    passes(stage)

    assert made(stage) == ["09:00"]


def test_a_mark_on_somebody_elses_task_counts_for_nothing(tmp_path: Path) -> None:
    """Whoever may write tags could otherwise keep a schedule from its tasks."""
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="once"))
    stage.server.create(queue="dev", tags=("schedule:hourly:2026-11-21T09:00Z",), created_by="sue")

    at(stage, "09:30:05")
    stage.run()

    assert made(stage) == ["09:00"]


def test_a_server_that_is_down_costs_no_instant_that_is_caught_up_with(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="once"))
    stage.server.unavailable = True
    at(stage, "09:00:05")
    down = stage.run()
    stage.server.unavailable = False

    at(stage, "09:20:05")
    stage.run()

    assert (down.exit_code, made(stage), remembered(stage).begun) == (3, ["09:00"], None)


def test_a_server_that_refuses_is_asked_again_and_told_of(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)
    stage.server.refuse_writes = True
    at(stage, "09:00:05")
    refused = stage.run()
    stage.server.refuse_writes = False

    at(stage, "09:01:05")
    stage.run()

    assert [fault.reference for fault in refused.faults] == ["schedule-refused"]
    assert (refused.exit_code, made(stage)) == (1, ["09:00"])


def test_an_old_copy_of_the_state_folder_makes_nothing_twice(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, hourly(catch_up="all"))
    path = Path(stage.configuration.places.state, "schedules.json")
    old = path.read_bytes()
    for time in ("09:00:05", "10:00:05"):
        at(stage, time)
        stage.run()

    path.write_bytes(old)
    at(stage, "10:30:05")
    stage.run()

    assert made(stage) == ["09:00", "10:00"]


def test_a_schedule_that_is_changed_in_between_finishes_what_was_begun(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path)
    stage.server.lose_next_answer = True
    at(stage, "09:00:05")
    stage.run()

    stage = with_schedules(stage, hourly()._replace(cron="30 * * * *"))
    passes(stage)
    at(stage, "09:30:05")
    stage.run()

    assert made(stage) == ["09:00", "09:30"]


def beside(stage: Stage, folder: Path, *schedules: Schedule) -> Stage:
    """Another scheduler on the same server and by the same clock, with a state folder of its own."""
    other = a_scheduled_stage(folder, *schedules)
    other = other._replace(server=stage.server, clock=stage.clock)
    other.run()
    return other


@pytest.mark.parametrize("apart_s", [0, 60, 170])
def test_of_two_schedulers_on_one_server_one_makes_the_task_of_an_instant(
    tmp_path: Path, apart_s: int
) -> None:
    one = a_scheduled_stage(tmp_path / "one")
    two = beside(one, tmp_path / "two")
    for hour in ("09", "10"):
        at(one, f"{hour}:00:05")
        one.run()
        one.clock.advance(apart_s)
        two.run()
        one.run()

    assert made(one) == ["09:00", "10:00"]
    assert remembered(two).last == remembered(one).last._replace(at=two.clock.now())  # type: ignore[union-attr]


def test_a_schedule_of_another_scheduler_that_only_has_the_same_name_takes_nothing_away(
    tmp_path: Path,
) -> None:
    one = a_scheduled_stage(tmp_path / "one")
    two = beside(one, tmp_path / "two", hourly()._replace(title="Back up"))
    at(one, "09:00:05")

    one.run()
    two.run()

    assert made(one) == ["09:00", "09:00"]


def test_while_a_strangers_task_cannot_be_read_what_was_never_begun_is_made(tmp_path: Path) -> None:
    """One bad row would hold up every schedule of everybody for good."""
    stage = a_scheduled_stage(tmp_path)
    stage.server.unreadable = ("2-two.md: a merge has left its marks",)
    at(stage, "09:00:05")

    stage.run()

    assert made(stage) == ["09:00"]


def looking_at_once(folder: Path, *, makes_once: bool) -> tuple[Stage, Stage]:
    """Two schedulers; the second one looks and makes its task between the look of the first and its deed."""
    one = a_scheduled_stage(folder / "one")
    two = beside(one, folder / "two")
    one.server.makes_once = makes_once
    at(one, "09:00:05")

    def look_too(number: int) -> None:
        if number == 1:
            two.run()

    server, _ = line_to(one.server, at=0, way="refused", before=look_too)
    one.run(server=server)
    return one, two


def test_two_that_looked_in_the_same_moment_make_one_task(tmp_path: Path) -> None:
    """Where the server knows which tasks are made once."""
    one, two = looking_at_once(tmp_path, makes_once=True)

    assert made(one) == ["09:00"]
    assert remembered(two).last == remembered(one).last


def test_two_that_looked_in_the_same_moment_are_told_with_the_next_instant(tmp_path: Path) -> None:
    one, two = looking_at_once(tmp_path, makes_once=False)
    doubled = made(one)
    at(one, "10:00:05")

    told = [one.run(), two.run(), one.run()]

    assert doubled == ["09:00", "09:00"]
    assert made(one) == ["09:00", "09:00", "10:00"]
    (fault,) = told[0].faults
    assert (fault.reference, fault.message) == (
        "schedule-doubled",
        "schedule hourly: tasks 1 and 2 were both made for 2026-11-21T09:00:00.000Z",
    )
    assert [len(report.faults) for report in told] == [1, 1, 0]
