"""Which agent gets the task (features D3 to D5)."""

from __future__ import annotations

import pytest

from tests.builders import (
    NOW,
    a_broken_lease,
    a_lease,
    a_ledger,
    a_past_run,
    a_start_snapshot,
    a_task,
    ago,
    an_agent,
)
from tests.unit.planner.breaker_scenes import limited, quarantined
from tests.unit.planner.start_scenes import (
    order_of,
    started,
)
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import AgentName
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.waiting import Waiting
from tinyscheduler.planner.start import plan_start


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        (an_agent("dev-1", slots=2), an_agent("dev-2", slots=3), "dev-2"),
        (an_agent("dev-1", slots=1, weight=9), an_agent("dev-2", slots=2, weight=1), "dev-2"),
        (an_agent("dev-1", slots=2, weight=1), an_agent("dev-2", slots=2, weight=2), "dev-2"),
        (an_agent("dev-2", slots=2), an_agent("dev-1", slots=2), "dev-1"),
    ],
    ids=["most free slots", "free slots before weight", "weight breaks the tie", "then the name"],
)
def test_the_task_goes_to(first: Agent, second: Agent, chosen: str) -> None:
    assert started(a_start_snapshot(a_task(), agents=[first, second])) == [("1", chosen)]


def test_free_slots_and_not_all_slots_decide() -> None:
    agents = [an_agent("big", slots=3), an_agent("small", slots=2)]
    leases = [a_lease("8", agent="big"), a_lease("9", agent="big")]

    assert started(a_start_snapshot(a_task(), agents=agents, leases=leases)) == [("1", "small")]


def test_tasks_are_spread_over_the_agents_of_a_queue() -> None:
    tasks = [a_task(str(n)) for n in range(1, 5)]
    agents = [an_agent("a", slots=2), an_agent("b", slots=2)]

    assert started(a_start_snapshot(*tasks, agents=agents)) == [
        ("1", "a"),
        ("2", "b"),
        ("3", "a"),
        ("4", "b"),
    ]


def test_an_agent_serves_all_its_queues_from_the_same_slots() -> None:
    tasks = [a_task("1", queue="dev"), a_task("2", queue="qa")]

    assert order_of(a_start_snapshot(*tasks, agents=[an_agent(queues=("dev", "qa"), slots=1)])) == ["1"]


def test_an_assigned_task_goes_to_its_assignee_although_others_are_freer() -> None:
    agents = [an_agent("dev-1", slots=1), an_agent("dev-2", slots=9)]

    assert started(a_start_snapshot(a_task(assigned_to="dev-1"), agents=agents)) == [("1", "dev-1")]


def test_an_assigned_task_is_served_in_any_queue() -> None:
    """Idle and assigned to X is X's turn, in any queue (tinytask 6)."""
    assert started(a_start_snapshot(a_task(assigned_to="dev-1", queue="foreign"))) == [("1", "dev-1")]
    assert started(a_start_snapshot(a_task(assigned_to="dev-1", queue=None))) == [("1", "dev-1")]


def test_an_assigned_task_waits_for_its_assignee_and_for_nobody_else() -> None:
    agents = [an_agent("dev-1", slots=1), an_agent("dev-2", slots=9)]
    snapshot = a_start_snapshot(a_task(assigned_to="dev-1"), agents=agents, leases=[a_lease("9")])

    (held,) = plan_start(snapshot).held

    assert held.reason == "agent_full"


def test_assigned_and_unassigned_tasks_compete_by_one_order() -> None:
    """Features D4: neither kind is served before the other."""
    tasks = [
        a_task("1", priority=1),
        a_task("2", priority=3, assigned_to="dev-1"),
        a_task("3", priority=2),
        a_task("4", priority=0, assigned_to="dev-1"),
    ]

    assert order_of(a_start_snapshot(*tasks, agents=[an_agent(slots=3)])) == ["2", "3", "1"]


def test_without_agent_control_only_assigned_tasks_are_served() -> None:
    """Legacy mode (features D5): the agents serve no queue."""
    tasks = [a_task("1"), a_task("2", assigned_to="dev-1")]

    assert order_of(a_start_snapshot(*tasks, agents=[an_agent(queues=(), slots=5)])) == ["2"]


def test_a_disabled_agent_is_passed_over() -> None:
    agents = [an_agent("dev-1", slots=9, is_enabled=False), an_agent("dev-2")]

    assert started(a_start_snapshot(a_task(), agents=agents)) == [("1", "dev-2")]


def test_an_agent_without_a_command_is_passed_over() -> None:
    agents = [an_agent("dev-1", slots=9, command=()), an_agent("dev-2")]

    assert started(a_start_snapshot(a_task(), agents=agents)) == [("1", "dev-2")]


def test_an_agent_without_slots_gets_no_more_than_that_from_a_task_that_starves() -> None:
    """The slot more is one on top (features D15): nobody is made to work who was given nothing to do."""
    agents = [an_agent("dev-1", slots=0), an_agent("dev-2")]
    task, busy = a_task(), a_lease("9", agent="dev-2")
    starved = Waiting(task.created_at, task.queue, None, "agent_full", NOW, ago(900), 0, ago(600))
    snapshot = a_start_snapshot(task, agents=agents, leases=[busy], waiting={task.id: starved})

    assert started(snapshot) == [("1", "dev-2")]


def test_an_agent_whose_account_is_full_is_passed_over() -> None:
    agents = [an_agent("dev-1", slots=9, account="acme"), an_agent("dev-2", account="zeta")]
    policy = Policy(account_caps=(("acme", 0),))

    assert started(a_start_snapshot(a_task(), agents=agents, policy=policy)) == [("1", "dev-2")]


def test_an_agent_whose_lease_cannot_be_read_keeps_its_slot_and_its_account_busy() -> None:
    """Somebody runs there: the ledger says who (law 4)."""
    agents = [an_agent("dev-1", account="a"), an_agent("dev-2", account="a"), an_agent("dev-3")]
    broken = a_broken_lease("9")._replace(agent=AgentName("dev-1"))
    tasks = [a_task("1", assigned_to="dev-1"), a_task("2", assigned_to="dev-2"), a_task("3")]
    policy = Policy(account_caps=(("a", 1),))

    assert started(a_start_snapshot(*tasks, agents=agents, broken=[broken], policy=policy)) == [
        ("3", "dev-3")
    ]


def test_an_agent_that_could_not_be_started_with_the_task_is_the_last_choice() -> None:
    """Features C6: another agent of the queue gets it, also when the first has more room."""
    agents = [an_agent("dev-1", slots=9), an_agent("dev-2")]
    ledger = a_ledger(outcomes=[a_past_run("start_failed", is_spent=False)])

    assert started(a_start_snapshot(a_task(), agents=agents, ledgers=[ledger])) == [("1", "dev-2")]
    assert started(a_start_snapshot(a_task(), agents=agents[:1], ledgers=[ledger])) == [("1", "dev-1")]


def test_a_start_that_failed_before_another_run_decides_nothing() -> None:
    agents = [an_agent("dev-1", slots=9), an_agent("dev-2")]
    past = [a_past_run("start_failed", is_spent=False), a_past_run("failed", agent="dev-2")]

    plan = started(a_start_snapshot(a_task(), agents=agents, ledgers=[a_ledger(outcomes=past)]))

    assert plan == [("1", "dev-1")]


def test_a_limited_agent_is_passed_over_for_one_that_is_not() -> None:
    agents = [an_agent("dev-1", slots=9, account="acme"), an_agent("dev-2")]
    snapshot = a_start_snapshot(a_task(), agents=agents)._replace(accounts=limited("acme"))

    assert started(snapshot) == [("1", "dev-2")]


def test_after_the_reset_one_task_tries_the_account_for_all_its_agents() -> None:
    agents = [an_agent(slots=3, account="acme"), an_agent("dev-2", slots=3, account="acme")]
    tasks = [a_task("1"), a_task("2"), a_task("3")]

    plan = plan_start(a_start_snapshot(*tasks, agents=agents)._replace(accounts=limited("acme", for_s=-1)))

    assert [start.task.id for start in plan.starts] == ["1"]
    assert [(held.reason, held.limit) for held in plan.held] == [("agent_full", "1"), ("agent_full", "1")]
    assert all("account acme was limited" in held.value for held in plan.held)


def test_a_limit_that_is_further_away_than_it_can_be_holds_nothing() -> None:
    """It comes from a clock that was wrong."""
    week_s = 7 * 86_400
    far = a_start_snapshot(a_task())._replace(accounts=limited("agent:dev-1", for_s=week_s + 1))

    assert started(far) == [("1", "dev-1")]
    assert started(a_start_snapshot(a_task())._replace(breakers=quarantined("dev-1", for_s=901))) == [
        ("1", "dev-1")
    ]
