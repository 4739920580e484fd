"""What a person is told of one task: examples, beside the laws (features H2)."""

from __future__ import annotations

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
from tinyscheduler.model.knowledge import Unknown
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import QueueGap
from tinyscheduler.planner.explain import explain


def test_while_the_server_is_down_that_is_what_holds() -> None:
    told = explain(a_task("1"), a_start_snapshot()._replace(backlog=Unknown("it is down")))

    assert told.held is not None
    assert (told.held.reason, told.held.value) == ("server_unknown", "it is down")


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
