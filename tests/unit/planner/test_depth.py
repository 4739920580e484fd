"""The fuller the queues, the fewer slots are used (features D14)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from tests.builders import NOW, a_lease, a_ledger, a_start_snapshot, a_task, ago, an_agent, parked_as
from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Waiting
from tinyscheduler.planner.start import plan_start

EIGHT = (an_agent(slots=8),)
POLICY = Policy(max_parallel=8, max_queue_depth=20)
PRIORITIES = (-5, 1, 7, 20)


def a_crowd(count: int) -> list[Task]:
    """A quarter of each band, the low ones first."""
    return [a_task(str(at + 1), priority=PRIORITIES[at * 4 // count]) for at in range(count)]


def a_deep_snapshot(tasks: Sequence[Task], policy: Policy = POLICY) -> StartSnapshot:
    return a_start_snapshot(*tasks, agents=EIGHT, policy=policy)


def reasons(plan: StartPlan) -> Counter[str]:
    return Counter(held.reason for held in plan.held)


def test_with_sixteen_of_twenty_two_of_eight_start_and_none_of_them_low() -> None:
    plan = plan_start(a_deep_snapshot(a_crowd(16)))

    assert len(plan.starts) == 2
    assert all(start.task.priority >= 0 for start in plan.starts)
    assert reasons(plan) == {"pressure": 14}
    held = plan.held[0]
    assert (held.value, held.limit) == ("16 of 20 tasks wait (high): 2 run, and 2 may, instead of 8", "2")
    assert "TINYSCHEDULER_MAX_QUEUE_DEPTH" in held.lever


@pytest.mark.parametrize(
    ("waiting", "starts"), [(9, 8), (10, 6), (15, 6), (16, 2), (18, 2), (19, 2), (20, 2), (30, 2)]
)
def test_each_mode_begins_at_its_share_of_the_depth(waiting: int, starts: int) -> None:
    tasks = [a_task(str(at + 1), priority=20) for at in range(waiting)]

    assert len(plan_start(a_deep_snapshot(tasks)).starts) == starts


def test_at_the_brim_only_critical_tasks_start() -> None:
    tasks = [a_task(str(at + 1), priority=7) for at in range(18)] + [a_task("20", priority=20)]

    plan = plan_start(a_deep_snapshot(tasks))

    assert [start.task.id for start in plan.starts] == ["20"]
    assert {held.limit for held in plan.held} == {"critical"}
    assert plan.held[0].lever.startswith("tinyscheduler task update 1 --priority 10 makes it critical; or ")


def test_at_the_brim_one_goes_on_where_nothing_critical_could() -> None:
    """Ten plain tasks in queues for ten stood still until the first had waited for an hour, and for ever
    without ageing."""
    tasks = [a_task(str(at + 1), priority=1) for at in range(19)] + [a_task("20", priority=7)]
    snapshot = a_deep_snapshot(tasks)

    assert [start.task.id for start in plan_start(snapshot).starts] == ["20"]
    assert plan_start(snapshot._replace(leases=(a_lease("98"),))).starts == ()


def test_at_the_brim_each_task_is_told_how_it_becomes_critical_itself() -> None:
    """What is said of one task is said of all that are like it, but for what names it."""
    tasks = [a_task(str(at + 1), priority=1) for at in range(20)]

    plan = plan_start(a_deep_snapshot(tasks))

    assert len(plan.starts) == 1
    assert all(f"task update {held.task_id} " in held.lever for held in plan.held)


def test_a_critical_task_that_cannot_start_does_not_stop_the_others_at_the_brim() -> None:
    critical = a_task("20", priority=20, blocked_by="1")
    tasks = [a_task(str(at + 1), priority=1) for at in range(19)]

    assert [start.task.id for start in plan_start(a_deep_snapshot([*tasks, critical])).starts] == ["1"]


def test_what_has_become_critical_by_waiting_starts_at_the_brim_too() -> None:
    """Or the promise of a bounded wait would not hold there."""
    tasks = [a_task(str(at + 1), priority=-5) for at in range(19)]
    wait = Waiting(tasks[4].created_at, tasks[4].queue, None, "pressure", NOW, ago(3 * 1800))

    plan = plan_start(a_deep_snapshot(tasks)._replace(waiting={tasks[4].id: wait}))

    assert [start.task.id for start in plan.starts] == ["5"]


def test_bands_that_take_turns_do_not_hide_a_critical_task_at_the_brim() -> None:
    tasks = [a_task(str(at + 1), priority=-5) for at in range(18)] + [a_task("20", priority=20)]

    plan = plan_start(a_deep_snapshot(tasks, POLICY._replace(band_weights=(1, 1, 1, 50))))

    assert [start.task.id for start in plan.starts] == ["20"]


def test_what_runs_already_counts() -> None:
    snapshot = a_deep_snapshot(a_crowd(16))._replace(leases=(a_lease("98"), a_lease("99")))

    assert plan_start(snapshot).starts == ()


def test_one_always_goes_on() -> None:
    tasks = a_crowd(16)
    snapshot = a_start_snapshot(*tasks, agents=(an_agent(slots=1),), policy=POLICY)

    assert len(plan_start(snapshot).starts) == 1


def test_what_is_parked_is_no_load() -> None:
    """Nobody starts it; a task that waits for its retry comes back by itself."""
    tasks = [a_task(str(at + 1), priority=20) for at in range(16)]
    parked = [a_ledger(task.id, parked=parked_as(task)) for task in tasks[:7]]
    early = [a_ledger(task.id, not_before=ago(-600)) for task in tasks[:7]]
    strangers = [ledger._replace(source="fake:2") for ledger in parked]
    changed = [a_ledger(task.id, parked=parked_as(task._replace(title="before"))) for task in tasks[:7]]

    def starts(ledgers: Sequence[Ledger]) -> int:
        return len(plan_start(a_start_snapshot(*tasks, agents=EIGHT, policy=POLICY, ledgers=ledgers)).starts)

    assert starts(parked) == 8
    assert [starts(ledgers) for ledgers in (early, strangers, changed)] == [2, 2, 2]


def test_a_depth_of_nought_is_no_limit() -> None:
    plan = plan_start(a_deep_snapshot(a_crowd(16), POLICY._replace(max_queue_depth=0)))

    assert len(plan.starts) == 8


@pytest.mark.parametrize(("waiting", "stretch"), [(9, 1.0), (10, 1.5), (16, 2.5), (19, 5.0)])
def test_limits_of_critical_tasks_grow_where_that_is_switched_on(waiting: int, stretch: float) -> None:
    tasks = [a_task(str(at + 1), priority=20) for at in range(waiting)]

    plan = plan_start(a_deep_snapshot(tasks, POLICY._replace(stretches_critical=True)))

    assert {start.stretch for start in plan.starts} == {stretch}
    assert (f"limits of its run {stretch:g} times as long" in plan.starts[0].reason) == (stretch != 1)


def test_limits_of_others_and_by_default_stay_as_they_are() -> None:
    policy = POLICY._replace(stretches_critical=True)
    high = plan_start(a_deep_snapshot([a_task(str(at + 1), priority=7) for at in range(16)], policy))
    critical = plan_start(a_deep_snapshot([a_task(str(at + 1), priority=20) for at in range(16)]))

    assert {start.stretch for start in (*high.starts, *critical.starts)} == {1.0}
