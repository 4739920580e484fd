"""``explain`` never gives another answer than the plan, and gives one for every task (law 9, H2)."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import (
    NOW,
    a_backlog,
    a_broken_lease,
    a_lease,
    a_ledger,
    a_start_snapshot,
    a_task,
    an_agent,
)
from tests.strategies import start_snapshots, tasks
from tinyscheduler.model.explanation import Explanation, Row
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import QueueGap, StartSnapshot
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


def test_task_in_a_queue_that_could_not_be_read_is_held_for_that() -> None:
    gap = QueueGap(a_task().queue, None, "cut off")

    told = explain(a_task("1"), a_start_snapshot(backlog=a_backlog(gaps=[gap])))

    assert told.held is not None
    assert (told.held.reason, told.held.value) == ("queue_unknown", "queue dev: cut off")


def test_task_behind_the_limit_of_a_fetch_says_so() -> None:
    told = explain(a_task("1"), a_start_snapshot(backlog=a_backlog(a_task("2"), is_cut=True)))

    assert told.held is not None
    assert told.held.reason == "queue_unknown"
    assert "TINYSCHEDULER_MAX_FETCH" in told.held.lever


def test_foreign_task_is_not_ours_however_long_the_list_is() -> None:
    told = explain(a_task("1", assigned_to="zed"), a_start_snapshot(backlog=a_backlog(is_cut=True)))

    assert told.held is not None
    assert told.held.reason == "not_ours"


def test_task_that_was_made_a_moment_ago_is_planned_as_the_next_pass_will() -> None:
    told = explain(a_task("2"), a_start_snapshot(a_task("1", priority=1)))

    assert told.held is not None
    assert (told.held.reason, told.tasks_ahead) == ("agent_full", 1)


def test_leased_task_stands_as_its_run_does() -> None:
    running, finished = a_lease("1"), a_lease("1", state="finished")

    assert explain(a_task("1"), a_start_snapshot(leases=[running])).standing == "running"
    assert explain(a_task("1"), a_start_snapshot(leases=[finished])).standing == "settling"
    assert explain(a_task("1", status="complete"), a_start_snapshot(leases=[running])).standing == "running"


def test_broken_lease_holds_its_task_for_a_person() -> None:
    told = explain(a_task("1"), a_start_snapshot(broken=[a_broken_lease("1")]))

    assert told.standing == "held"
    assert told.held is not None
    assert told.held.reason == "leased"


def test_room_is_that_of_the_tasks_own_turn() -> None:
    """Not what is left after everybody: the two starts before it are counted, those after it are not."""
    agents = [an_agent("dev-1", slots=2), an_agent("dev-2", slots=2)]
    others = [a_task(str(number), age_s=9000 - number) for number in (1, 2)]
    later = a_task("9", age_s=10)
    snapshot = a_start_snapshot(*others, a_task("5"), later, agents=agents, policy=Policy(max_parallel=9))

    rows = {row.name: row.value for row in explain(a_task("5"), snapshot).rows}

    assert rows["agent_full"] == "dev-1 1/2, dev-2 1/2"
    assert rows["global_cap"] == "all agents 2/9"


def test_archived_and_complete_tasks_are_done() -> None:
    complete, archived = a_task("1", status="complete"), a_task("1", is_archived=True)

    assert explain(complete, a_start_snapshot()).standing == "complete"
    assert explain(archived, a_start_snapshot()).standing == "archived"


def test_plan_of_a_time_to_come_is_told() -> None:
    waits = a_ledger("1", not_before=NOW.replace(hour=13))
    told = explain(a_task("1"), a_start_snapshot(a_task("1"), ledgers=[waits]))

    assert told.held is not None
    assert (told.held.reason, told.held.next_look_at) == ("not_before", NOW.replace(hour=13))
