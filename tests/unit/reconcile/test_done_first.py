"""What a pass does before it starts anything is told by those who plan without it (law 9)."""

from __future__ import annotations

from pathlib import Path

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.looking import read_side
from tests.unit.reconcile.schedule_scenes import START, a_scheduled_stage, at, hourly
from tinyscheduler.model.ids import TaskId
from tinyscheduler.reconcile.look_at import look_at
from tinyscheduler.reconcile.look_at_backlog import look_at_backlog
from tinyscheduler.views.backlog import backlog_tables
from tinyscheduler.views.explain import explain_tables


def told(stage: Stage, task_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """By ``explain`` and by ``backlog``."""
    return (
        look_at(read_side(stage), TaskId(task_id)).done_first,
        look_at_backlog(read_side(stage)).done_first,
    )


def said(stage: Stage, task_id: str) -> list[bool]:
    """Whether people read of it, likewise."""
    of_one = explain_tables(look_at(read_side(stage), TaskId(task_id)))
    of_all = backlog_tables(look_at_backlog(read_side(stage)))
    return [any("first: it may" in str(table.rows) for table in tables) for tables in (of_one, of_all)]


def test_a_run_that_is_over_keeps_its_slot_for_whoever_looks_and_that_is_said(tmp_path: Path) -> None:
    """Only a pass can prove a run gone; the one who waits for its slot was told to wait for its limit."""
    stage = a_stage(tmp_path, agents=[an_agent(slots=1)])
    stage.engine.adopts_at_once = True
    for _ in range(2):
        stage.server.create(queue="dev")
    stage.run()
    assert (told(stage, "2"), said(stage, "2")) == (((), ()), [False, False])
    stage.engine.die(stage.engine.newest("1"))

    assert told(stage, "2") == (("the run of task 1",),) * 2
    assert said(stage, "2") == [True, True]

    stage.run()
    assert stage.lease("2") is not None


def test_a_schedule_that_is_due_makes_its_task_before_anything_starts(tmp_path: Path) -> None:
    stage = a_scheduled_stage(tmp_path, hourly(), hourly("other"))
    stage.server.create(queue="dev", created_at=START)
    assert told(stage, "1") == ((), ())
    at(stage, "09:00:30")

    assert told(stage, "1") == (("schedules hourly, other",),) * 2
    assert said(stage, "1") == [True, True]

    stage.estop()
    assert told(stage, "1") == ((), ())
