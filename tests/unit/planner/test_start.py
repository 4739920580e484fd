"""How many start, and in which order (features D1, D2, D6, D7)."""

from __future__ import annotations

import pytest

from tests.builders import (
    NOW,
    a_backlog,
    a_broken_lease,
    a_lease,
    a_ledger,
    a_start_snapshot,
    a_task,
    ago,
    an_agent,
    parked_as,
)
from tests.unit.planner.start_scenes import (
    order_of,
)
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.waiting import Waiting
from tinyscheduler.planner.start import plan_start

MANY = [an_agent(slots=50)]
NO_CAP = Policy(max_parallel=50)


def test_three_agents_with_three_slots_and_a_cap_of_five_start_five() -> None:
    tasks = [a_task(str(n)) for n in range(1, 10)]
    agents = [an_agent(name, slots=3) for name in ("a", "b", "c")]

    plan = plan_start(a_start_snapshot(*tasks, agents=agents, policy=Policy(max_parallel=5)))

    assert len(plan.starts) == 5
    assert {held.reason for held in plan.held} == {"global_cap"}


def test_a_lease_of_an_agent_that_is_gone_counts_for_all_and_for_no_agent() -> None:
    leases = [a_lease("9", agent="gone")]

    assert order_of(a_start_snapshot(a_task(), leases=leases, policy=Policy(max_parallel=2))) == ["1"]
    assert order_of(a_start_snapshot(a_task(), leases=leases, policy=Policy(max_parallel=1))) == []


def test_a_broken_lease_takes_one_place_and_nobodys_slot() -> None:
    broken = [a_broken_lease("9")]

    assert order_of(a_start_snapshot(a_task(), broken=broken, policy=Policy(max_parallel=2))) == ["1"]
    assert order_of(a_start_snapshot(a_task(), broken=broken, policy=Policy(max_parallel=1))) == []


def test_a_finished_lease_gives_its_slot_to_another_task() -> None:
    """The slot is refilled at once; only the task itself waits until the server is told."""
    tasks = [a_task("1"), a_task("2")]

    assert order_of(a_start_snapshot(*tasks, leases=[a_lease("1", state="finished")])) == ["2"]


def test_more_leases_than_slots_start_nothing_and_end_nothing() -> None:
    """Somebody lowered the limit while they ran."""
    leases = [a_lease("8"), a_lease("9")]

    plan = plan_start(a_start_snapshot(a_task(), leases=leases))

    assert plan.starts == ()


def test_the_cap_of_one_queue_leaves_the_others_alone() -> None:
    tasks = [a_task("1", queue="dev"), a_task("2", queue="dev"), a_task("3", queue="qa")]
    policy = Policy(queue_caps=((QueueName("dev"), 1),))
    snapshot = a_start_snapshot(*tasks, agents=[an_agent(queues=("dev", "qa"), slots=3)], policy=policy)

    assert order_of(snapshot) == ["1", "3"]


def test_a_full_queue_in_front_takes_no_slot_from_those_behind() -> None:
    """Law of all caps: a task that cannot start is no reason for another one not to."""
    tasks = [a_task("1", queue="dev", priority=9), a_task("2", queue="qa")]
    policy = Policy(queue_caps=((QueueName("dev"), 0),), max_parallel=1)

    assert order_of(a_start_snapshot(*tasks, agents=[an_agent(queues=("dev", "qa"))], policy=policy)) == ["2"]


@pytest.mark.parametrize(
    "snapshot",
    [
        a_start_snapshot(a_task(), agents=[an_agent("a", slots=0), an_agent("b", slots=0)]),
        a_start_snapshot(
            a_task(),
            agents=[an_agent("a"), an_agent("b")],
            leases=[a_lease("8", agent="a"), a_lease("9", agent="b")],
        ),
        a_start_snapshot(
            a_task(),
            agents=[an_agent("a", account="x"), an_agent("b", account="y")],
            policy=Policy(account_caps=(("x", 0), ("y", 0))),
        ),
    ],
    ids=["no slots", "no free slots", "full accounts"],
)
def test_the_lever_is_the_same_in_any_order_of_agents(snapshot: StartSnapshot) -> None:
    """Law 9: the same snapshot, in any order, the same plan."""
    turned = snapshot._replace(agents=tuple(reversed(snapshot.agents)))

    assert plan_start(turned) == plan_start(snapshot)


def test_in_a_band_tasks_that_block_others_come_first_then_priority_then_age_then_id() -> None:
    tasks = [
        a_task("10", age_s=60),
        a_task("9", age_s=60),
        a_task("8", age_s=120),
        a_task("7", priority=4),
        a_task("6"),
        a_task("5"),
        a_task("4", blocked_by="6"),
        a_task("3", blocked_by="5"),
        a_task("2", blocked_by="5"),
    ]

    assert order_of(a_start_snapshot(*tasks, agents=MANY, policy=NO_CAP)) == ["5", "6", "7", "8", "9", "10"]


def test_a_more_urgent_band_comes_before_what_blocks_others() -> None:
    """Contracts, Order of starts (ADR 0052); by waiting a task passes blockers of lower bands."""
    tasks = [a_task("1", priority=5), a_task("2"), a_task("3", blocked_by="2"), a_task("4", priority=-1)]
    waited = {TaskId("4"): Waiting(tasks[3].created_at, tasks[3].queue, None, "agent_full", NOW, ago(3600))}
    snapshot = a_start_snapshot(*tasks, agents=MANY, policy=NO_CAP)

    assert order_of(snapshot) == ["1", "2", "4"]
    assert order_of(snapshot._replace(waiting=waited)) == ["1", "4", "2"]


def test_where_bands_take_turns_the_less_urgent_start_in_between() -> None:
    """Features D8: a round of 2, 1, 1 and 1; what has nothing to start loses its turn."""
    bands = {"1": 20, "2": 20, "3": 20, "4": 7, "5": 1, "6": 1}
    tasks = [a_task(task_id, priority=priority) for task_id, priority in bands.items()]
    snapshot = a_start_snapshot(*tasks, agents=MANY, policy=NO_CAP)
    turns = NO_CAP._replace(band_weights=(2, 1, 1, 1))

    assert order_of(snapshot) == ["1", "2", "3", "4", "5", "6"]
    assert order_of(snapshot._replace(policy=turns)) == ["1", "4", "5", "2", "3", "6"]


def test_with_disable_blocking_it_is_the_servers_order() -> None:
    """Priority descending, then age (tinytask 5); blocked tasks are held all the same."""
    tasks = [a_task("1"), a_task("2", priority=1), a_task("3", blocked_by="1", priority=9)]
    policy = NO_CAP._replace(orders_blockers_first=False)

    assert order_of(a_start_snapshot(*tasks, agents=MANY, policy=policy)) == ["2", "1"]


def test_a_blocker_that_is_held_itself_still_counts_what_waits_for_it() -> None:
    tasks = [a_task("1", priority=1), a_task("2"), a_task("3", blocked_by="2", assigned_to="sue")]

    assert order_of(a_start_snapshot(*tasks, agents=MANY)) == ["2", "1"]


def test_two_hundred_blocked_urgent_tasks_do_not_hide_the_one_that_can_run() -> None:
    """Features D7, with limit 1."""
    blocked = [a_task(str(n), priority=9, blocked_by="1000") for n in range(1, 201)]

    assert order_of(a_start_snapshot(*blocked, a_task("999"), policy=Policy(max_parallel=1))) == ["999"]


@pytest.mark.parametrize(
    "held",
    [
        a_start_snapshot(a_task("1", priority=9, assigned_to="sue"), a_task("2")),
        a_start_snapshot(
            a_task("1", priority=9),
            a_task("2"),
            ledgers=[a_ledger(parked=parked_as(a_task("1", priority=9)))],
        ),
        a_start_snapshot(a_task("1", priority=9), a_task("2"), open_parents=["1"]),
        a_start_snapshot(
            a_task("1", priority=9),
            a_task("2"),
            refused={TaskId("1"): Held(TaskId("1"), "working_elsewhere", "a human took it", lever="look")},
        ),
    ],
    ids=["a person's", "parked", "open parent", "refused in this pass"],
)
def test_the_slot_of_a_held_task_goes_to_the_next(held: StartSnapshot) -> None:
    assert order_of(held) == ["2"]


def test_infinite_priorities_are_priorities() -> None:
    tasks = [
        a_task("1", priority=float("-inf")),
        a_task("2", priority=1e308),
        a_task("3", priority=float("inf")),
    ]

    assert order_of(a_start_snapshot(*tasks, agents=MANY, policy=NO_CAP)) == ["3", "2", "1"]


def test_a_backlog_that_was_cut_is_reported() -> None:
    snapshot = a_start_snapshot(backlog=a_backlog(a_task(), is_cut=True))

    assert plan_start(snapshot).limits_reached == ("10000 tasks fetched, there are more",)


def test_the_reason_of_a_start_says_why_this_agent() -> None:
    open_task = plan_start(a_start_snapshot(a_task(), agents=[an_agent(slots=2)])).starts[0]
    assigned = plan_start(a_start_snapshot(a_task(assigned_to="dev-1"))).starts[0]

    assert open_task.reason == "serves queue dev, slot 1 of 2"
    assert assigned.reason == "assigned to it, slot 1 of 1"
