"""Whatever happens to clock, passes and server: no instant of a schedule ever has two tasks (ADR 0032)."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.flaky import line_to
from tests.fakes.stage import Stage
from tests.folders import in_memory
from tests.unit.reconcile.schedule_scenes import a_scheduled_stage, with_schedules
from tinyscheduler.model.desk import TaskQuery
from tinyscheduler.model.schedule import AUTHOR, Schedule
from tinyscheduler.reconcile.run import run_once

RULES = ("0 * * * *", "*/20 * * * *", "30 2 * * *")
STEPS = st.one_of(
    st.tuples(st.just("time"), st.integers(10, 7200)),
    st.tuples(st.just("clock"), st.integers(-10_800, 10_800)),
    st.tuples(st.just("killed"), st.integers(1, 8)),
    st.tuples(st.sampled_from(("applied", "not_applied", "refused", "not_sent")), st.integers(1, 3)),
    st.tuples(st.just("rule"), st.integers(0, len(RULES) - 1)),
    st.tuples(st.just("catch_up"), st.integers(0, 2)),
    st.tuples(st.just("down"), st.booleans()),
)


def marks(stage: Stage) -> Counter[str]:
    """Of all tasks, also while the server does not answer."""
    is_down, stage.server.unavailable = stage.server.unavailable, False
    found = stage.server.find(TaskQuery(created_by=AUTHOR, limit=100_000, includes_archived=True)).tasks
    stage.server.unavailable = is_down
    return Counter(tag for task in found for tag in task.tags)


def play(stage: Stage, schedule: Schedule, step: tuple[str, int | bool]) -> tuple[Stage, Schedule]:
    """One thing happens, then a pass."""
    what, much = step
    server = stage.server
    if what == "time":
        stage.clock.advance(much)
    elif what == "clock":
        stage.clock.step(much)
    elif what == "rule":
        schedule = schedule._replace(cron=RULES[int(much)])
    elif what == "catch_up":
        schedule = schedule._replace(catch_up=("skip", "once", "all")[int(much)])
    elif what == "down":
        server.unavailable = bool(much)
    stage = with_schedules(stage, schedule)
    if what == "killed":
        stage.clock.advance(600)
        try:
            run_once(dying(stage.world(), Fuse(int(much))))
        except Crash:
            return stage, schedule
    elif what in ("applied", "not_applied", "refused", "not_sent"):
        stage.clock.advance(600)
        stage.run(server=line_to(server, at=int(much), way=what)[0])  # type: ignore[arg-type]
    else:
        stage.run()
    return stage, schedule


@settings(max_examples=10, deadline=None)
@given(st.lists(STEPS, min_size=3, max_size=10))
def test_no_instant_has_two_tasks(steps: list[tuple[str, int | bool]]) -> None:
    schedule = Schedule("often", "x", cron=RULES[1], catch_up="all", queue="nobody")
    with tempfile.TemporaryDirectory(dir=in_memory()) as base:
        stage = a_scheduled_stage(Path(base), schedule)
        for step in steps:
            stage, schedule = play(stage, schedule, step)
            twice = [mark for mark, count in marks(stage).items() if count > 1]
            assert twice == [], f"after {step}"
        stage.server.unavailable = False
        for _ in range(5):
            stage.clock.advance(25)
            stage.run()

        assert all(count == 1 for count in marks(stage).values())
        assert all(row.begun is None for row in stage.schedules().read().schedules.values())
