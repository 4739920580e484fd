"""What a held task is told, and where exactly the line is drawn (features C4, D16)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import (
    NOW,
    a_lease,
    a_ledger,
    a_past_run,
    a_start_snapshot,
    a_task,
    ago,
    an_agent,
    parked_as,
)
from tests.unit.planner.hold_scenes import (
    LATER,
    TASK,
)
from tests.unit.planner.need_scenes import asked_for
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.lease import OutcomeClass
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.task import Page, Task
from tinyscheduler.model.waiting import Waiting
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.start import plan_start


def test_a_task_that_waits_says_until_when() -> None:
    ledger = a_ledger(not_before=LATER, outcomes=[a_past_run("failed", at=ago(30))])

    (held,) = plan_start(a_start_snapshot(TASK, ledgers=[ledger])).held

    assert (held.since, held.next_look_at, held.limit) == (ago(30), LATER, "2026-01-31T12:01:30Z")


def test_an_agent_may_have_a_task_again_after_a_minute() -> None:
    ledger = a_ledger(outcomes=[a_past_run("handed_off", at=ago(60))])

    assert len(plan_start(a_start_snapshot(TASK, ledgers=[ledger])).starts) == 1


def test_a_task_that_one_agent_had_goes_to_another() -> None:
    ledger = a_ledger(outcomes=[a_past_run("failed", agent="dev-1", at=ago(5))])
    agents = [an_agent("dev-1", slots=9), an_agent("dev-2")]

    plan = plan_start(a_start_snapshot(TASK, ledgers=[ledger], agents=agents))

    assert [start.agent.name for start in plan.starts] == ["dev-2"]


def test_a_task_is_held_where_one_agent_cools_and_the_other_has_nothing_to_run() -> None:
    """Each row alone would let it pass."""
    ledger = a_ledger(outcomes=[a_past_run("handed_off", agent="dev-1", at=ago(5))])
    agents = [an_agent("dev-1"), an_agent("dev-2", command=())]

    (held,) = plan_start(a_start_snapshot(TASK, ledgers=[ledger], agents=agents)).held

    assert held.reason in ("cooldown", "no_recipe")


def test_a_task_may_start_at_the_very_moment_its_wait_is_over() -> None:
    plan = plan_start(a_start_snapshot(TASK, ledgers=[a_ledger(not_before=NOW)]))

    assert [start.task.id for start in plan.starts] == ["1"]


@pytest.mark.parametrize(
    "changed",
    [
        a_task(title="another title"),
        a_task(description="more of it"),
        a_task(assigned_to="dev-1"),
        a_task(queue="qa"),
    ],
    ids=["title", "description", "assignee", "queue"],
)
def test_a_parked_task_that_a_person_changed_may_start(changed: Task) -> None:
    """Features C4: the way to say "try again" on the server itself."""
    ledger = a_ledger(parked=parked_as(TASK))

    plan = plan_start(a_start_snapshot(changed, ledgers=[ledger], agents=[an_agent(queues=("dev", "qa"))]))

    assert [start.task.id for start in plan.starts] == ["1"]


@pytest.mark.parametrize(
    "changed",
    [a_task(priority=9), a_task(tags=["urgent"])],
    ids=["priority", "tags"],
)
def test_a_parked_task_stays_parked_whatever_else_changes(changed: Task) -> None:
    ledger = a_ledger(parked=parked_as(TASK))

    (held,) = plan_start(a_start_snapshot(changed, ledgers=[ledger])).held

    assert held.reason == "parked"


@pytest.mark.parametrize(
    "ledger",
    [
        a_ledger(parked=parked_as(TASK), source="fake:2"),
        a_ledger(parked=parked_as(TASK), age_s=3599),
    ],
    ids=["of another server", "of a task of that id on the server before it was re-created"],
)
def test_a_namesakes_ledger_holds_nobody(ledger: Ledger) -> None:
    """Every server starts to count at 1 (design 5)."""
    plan = plan_start(a_start_snapshot(TASK, ledgers=[ledger]))

    assert [start.task.id for start in plan.starts] == ["1"]


def test_a_lease_of_a_running_task_names_who_runs_it_and_since_when() -> None:
    (held,) = plan_start(a_start_snapshot(TASK, leases=[a_lease(attempt=2, run_age_s=60)])).held

    assert held.value == "running on dev-1, attempt 2"
    assert held.since == ago(60)


def test_a_lease_that_ended_without_an_outcome_is_settled_too() -> None:
    lease = a_lease(state="finished")._replace(outcome=None)

    (held,) = plan_start(a_start_snapshot(TASK, leases=[lease])).held

    assert held.reason == "settling"


def test_a_wait_that_a_clock_noted_that_was_ahead_holds_nothing() -> None:
    """Its run ended a day from now, so its minute would last a day."""
    tomorrow = NOW + timedelta(days=1)
    ledger = a_ledger(
        outcomes=[a_past_run("rate_limited", is_spent=False, at=tomorrow)],
        not_before=tomorrow + timedelta(seconds=60),
    )

    assert len(plan_start(a_start_snapshot(TASK, ledgers=[ledger])).starts) == 1


@pytest.mark.parametrize(
    ("kind", "lever"),
    [
        ("failed", "wait, or to start it at once: tinyscheduler retry 1"),
        ("start_failed", "mend its command or what its last run met, then: tinyscheduler retry 1; or wait"),
    ],
)
def test_a_task_that_waits_names_the_command_that_ends_the_wait(kind: OutcomeClass, lever: str) -> None:
    ledger = a_ledger(not_before=LATER, outcomes=[a_past_run(kind, at=ago(30))])

    (held,) = plan_start(a_start_snapshot(TASK, ledgers=[ledger])).held

    assert (held.reason, held.lever) == ("not_before", lever)


def test_who_serves_the_queue_of_anothers_task_is_not_said_to_be_missing() -> None:
    task = a_task(assigned_to="sue")

    rows = {row.name: row for row in explain(task, a_start_snapshot(task)).rows}

    assert (rows["no_agent"].value, rows["no_agent"].lever) == (
        "sue, to whom it is assigned, is no agent of ours",
        "assign it to another",
    )


def a_wait(held_s: float, *, reason: HeldReason = "agent_full", created_s: float = 3600) -> Waiting:
    return Waiting(ago(created_s), QueueName("dev"), None, reason, ago(held_s))


def test_a_wait_for_room_says_since_when_earlier_passes_have_seen_it() -> None:
    world = a_start_snapshot(TASK, leases=[a_lease("2")])

    (held,) = plan_start(world._replace(waiting={TASK.id: a_wait(900)})).held

    assert (held.reason, held.since) == ("agent_full", ago(900))


@pytest.mark.parametrize("wait", [a_wait(900, reason="global_cap"), a_wait(900, created_s=50)])
def test_a_wait_for_something_else_or_of_a_namesake_says_nothing(wait: Waiting) -> None:
    (held,) = plan_start(a_start_snapshot(TASK, leases=[a_lease("2")])._replace(waiting={TASK.id: wait})).held

    assert held.since is None


def test_since_is_each_tasks_own_though_their_answer_is_worked_out_once() -> None:
    other = a_task("3")
    world = a_start_snapshot(TASK, other, leases=[a_lease("2")])
    waiting = {TASK.id: a_wait(900), other.id: a_wait(60)}

    found = {held.task_id: held.since for held in plan_start(world._replace(waiting=waiting)).held}

    assert found == {TASK.id: ago(900), other.id: ago(60)}


def test_a_full_queue_says_by_when_the_first_run_ends_and_what_the_setting_has_to_be() -> None:
    runs = [a_lease(n, run_age_s=age_s)._replace(hard_limit_s=600) for n, age_s in (("2", 500), ("3", 60))]
    caps = ((QueueName("qa"), 7), (QueueName("dev"), 2))
    world = a_start_snapshot(TASK, leases=runs, agents=[an_agent(slots=9)], policy=Policy(queue_caps=caps))

    (held,) = plan_start(world).held

    assert (held.value, held.limit) == ("queue dev 2/2", "2")
    assert held.ends_by_at == ago(500 - 600 - runs[0].grace_s)
    assert held.lever == "wait for one to end, or raise with TINYSCHEDULER_QUEUE_LIMITS=dev:3,qa:7"


def test_a_cap_that_was_lowered_under_what_runs_is_raised_above_it() -> None:
    runs = [a_lease(str(n)) for n in range(2, 7)]
    world = a_start_snapshot(TASK, leases=runs, agents=[an_agent(slots=9)], policy=Policy(max_parallel=2))

    (held,) = plan_start(world).held

    assert (held.reason, held.value) == ("global_cap", "all agents 5/2")
    assert held.lever.endswith("TINYSCHEDULER_MAX_PARALLEL=6")


def test_a_lease_of_another_age_of_the_world_has_an_end_too() -> None:
    far = a_lease()._replace(created_at=datetime(9999, 12, 31, tzinfo=UTC), hard_limit_s=2**53)

    (held,) = plan_start(a_start_snapshot(TASK, leases=[far])).held

    assert held.reason == "leased"


def test_who_waits_in_vain_by_way_of_others_is_told_which_task_to_change() -> None:
    """Nobody can take out of a task what it does not wait for."""
    tasks = [a_task("1", tags=["after:2"]), a_task("2", tags=["after:3"]), a_task("3", tags=["after:99"])]
    world = a_start_snapshot(*tasks, prerequisites=[asked_for("99", "gone")])

    levers = {str(held.task_id): held.lever for held in plan_start(world).held}

    by_others = "take 99 out of what task 3 waits for"
    assert levers == {"1": by_others, "2": by_others, "3": "tinyscheduler task update 3 --untag after:99"}


@pytest.mark.parametrize(
    ("task", "lever"),
    [
        (a_task(tags=["after:099", "x"]), "tinyscheduler task update 1 --untag after:099"),
        (a_task(blocked_by="99"), "tinyscheduler task update 1 --blocked-by ''"),
        (
            a_task(tags=["after:99"], blocked_by="99"),
            "tinyscheduler task update 1 --untag after:99 --blocked-by ''",
        ),
        (a_task(description="after: 99"), "take 99 out of what it waits for"),
    ],
    ids=["tag", "blocker", "both", "front matter"],
)
def test_who_waits_in_vain_is_told_how_not_to(task: Task, lever: str) -> None:
    world = a_start_snapshot(task, prerequisites=[asked_for("99", "gone")])

    (held,) = plan_start(world).held

    assert (held.reason, held.lever) == ("dependency_failed", lever)


def test_the_same_slip_in_two_files_is_told_with_the_place_of_each() -> None:
    """The same words are read once, whoever says them; where they stand is another matter."""
    task = a_task("1", description="---\nwrite: ../etc\n---\n")._replace(page=Page("1-x.md", (4, 5)))
    other = task._replace(id=TaskId("2"), page=Page("2-y.md", (7, 8)))

    first, second = plan_start(a_start_snapshot(task, other)).held

    assert first.value.startswith("write in line 4 of 1-x.md")
    assert second.value.startswith("write in line 7 of 2-y.md")
