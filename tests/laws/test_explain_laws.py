"""``explain`` never gives another answer than the plan, and gives one for every task (law 9, H2)."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import (
    a_start_snapshot,
    a_task,
)
from tests.strategies import start_snapshots, tasks
from tinyscheduler.model.explanation import Explanation, Row
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.control_holds import paused
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.passed import PASSED
from tinyscheduler.planner.rules import RULES
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.view import view_of

DONE = ("complete", "archived")
ASKED = [rule.reason for rule in RULES if rule.find is not None or rule.asked in ("looking", "starting")]


def seen(snapshot: StartSnapshot) -> tuple[Task, ...]:
    assert isinstance(snapshot.backlog, Known)
    found: tuple[Task, ...] = snapshot.backlog.value.tasks
    return found


def holding(told: Explanation) -> list[Row]:
    return [row for row in told.rows if row.verdict == "holds"]


@given(start_snapshots())
def test_every_task_gets_the_answer_of_the_plan(snapshot: StartSnapshot) -> None:
    assume(isinstance(snapshot.backlog, Known))
    plan = plan_start(snapshot)
    starts = {start.task.id: start for start in plan.starts}
    held = {held.task_id: held for held in plan.held}

    for task in seen(snapshot):
        told = explain(task, snapshot)
        assert told.start == (starts.get(task.id) if told.standing == "starts" else None)
        assert told.held == (None if told.standing in DONE else held.get(task.id))
        assert (told.standing == "starts") == (task.id in starts)


@given(start_snapshots())
def test_first_row_that_holds_is_the_reason(snapshot: StartSnapshot) -> None:
    assume(isinstance(snapshot.backlog, Known))

    for task in seen(snapshot):
        told = explain(task, snapshot)
        if told.standing == "starts":
            assert holding(told) == []
        elif told.held is not None:
            assert told.held.reason == holding(told)[0].name
            assert told.held.value == holding(told)[0].value


@given(start_snapshots())
def test_rows_are_all_questions_in_their_order(snapshot: StartSnapshot) -> None:
    assume(isinstance(snapshot.backlog, Known) and seen(snapshot))

    told = explain(seen(snapshot)[0], snapshot)

    assert [row.name for row in told.rows] == ASKED


@given(start_snapshots(), st.data())
def test_task_outside_the_backlog_is_explained_too(snapshot: StartSnapshot, data: st.DataObject) -> None:
    """A task that works, is complete or belongs to others is in no backlog."""
    task = data.draw(tasks("4711"))

    told = explain(task, snapshot)

    answers = [told.standing in DONE, told.held is not None, told.start is not None]
    assert sum(answers) == 1


@given(start_snapshots())
def test_unknown_server_is_the_reason_unless_everything_is_stopped(snapshot: StartSnapshot) -> None:
    blind = snapshot._replace(backlog=Unknown("nobody answers"))

    told = explain(a_task("1"), blind)

    is_paused = paused(a_task("1"), view_of(blind)) is not None
    assert told.start is None
    assert told.held is not None
    assert told.held.reason == (
        "estop" if snapshot.is_estopped else "paused" if is_paused else "server_unknown"
    )


def test_every_row_has_words_for_not_holding() -> None:
    told = explain(a_task("1"), a_start_snapshot(a_task("1")))

    assert told.standing == "starts"
    assert set(PASSED) == {rule.reason for rule in RULES if rule.asked != "starting"}
    assert [row.name for row in told.rows if not row.value] == []
