"""Why a task is held: one example for each row, and that the first row that matches wins."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.builders import (
    a_backlog,
    a_broken_lease,
    a_broken_ledger,
    a_lease,
    a_ledger,
    a_past_run,
    a_pause,
    a_start_snapshot,
    a_task,
    ago,
    an_agent,
    an_open_run,
    parked_as,
)
from tests.unit.planner.breaker_scenes import EXAMPLES_OF_GATES, limited, quarantined
from tests.unit.planner.control_scenes import EXAMPLES_OF_CONTROL
from tests.unit.planner.hold_scenes import (
    LATER,
    TASK,
)
from tests.unit.planner.need_scenes import EXAMPLES_OF_NEEDS
from tinyscheduler.model.breaker import NO_ACCOUNTS, NO_BREAKERS
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.rules import RULES
from tinyscheduler.planner.start import plan_start

REFUSED = Held(TaskId("1"), "denied", "a human took it", lever="look at the task")
PACED = Held(TaskId("1"), "pacing", "account acme starts no more in this pass", lever="the next pass")
EXAMPLES: list[tuple[str, StartSnapshot, HeldReason, str]] = [
    # What is true, the world, the reason, a part of what people are told.
    ("ESTOP is there", a_start_snapshot(TASK, is_estopped=True), "estop", "ESTOP"),
    ("paused", a_start_snapshot(TASK, pauses=[a_pause(reason="a deployment")]), "paused", "a deployment"),
    ("an import has it", a_start_snapshot(a_task(assigned_to="being-imported")), "not_ours", "import"),
    ("a person has it", a_start_snapshot(a_task(assigned_to="sue")), "not_ours", "sue"),
    ("it runs", a_start_snapshot(TASK, leases=[a_lease(state="running")]), "leased", "running on dev-1"),
    ("it starts", a_start_snapshot(TASK, leases=[a_lease(state="starting")]), "leased", "starting on dev-1"),
    ("it is being claimed", a_start_snapshot(TASK, leases=[a_lease(state="claiming")]), "leased", "claiming"),
    (
        "its lease cannot be read",
        a_start_snapshot(TASK, broken=[a_broken_lease()]),
        "leased",
        "it does not parse",
    ),
    (
        "its run has ended",
        a_start_snapshot(TASK, leases=[a_lease(state="finished")]),
        "settling",
        "succeeded",
    ),
    (
        "its lease was deleted by hand",
        a_start_snapshot(TASK, ledgers=[a_ledger(open_run=an_open_run())]),
        "settling",
        "open run of dev-1",
    ),
    (
        "its start was refused in this pass",
        a_start_snapshot(TASK, refused={TaskId("1"): REFUSED}),
        "denied",
        "a human took it",
    ),
    (
        "its account starts no more in this pass",
        a_start_snapshot(TASK, refused={TaskId("1"): PACED}),
        "pacing",
        "account acme",
    ),
    (
        "somebody works on it",
        a_start_snapshot(a_task(status="working", assigned_to="dev-1")),
        "working_elsewhere",
        "working",
    ),
    ("it is archived", a_start_snapshot(a_task(is_archived=True)), "working_elsewhere", ""),
    (
        "its ledger cannot be read",
        a_start_snapshot(TASK, ledgers=[a_broken_ledger()]),
        "ledger_unreadable",
        "it does not parse",
    ),
    (
        "parked",
        a_start_snapshot(TASK, ledgers=[a_ledger(parked=parked_as(TASK))]),
        "parked",
        "3 attempts",
    ),
    ("switched off", a_start_snapshot(TASK, policy=Policy(is_enabled=False)), "disabled", "switched off"),
    (
        "its agent is disabled",
        a_start_snapshot(a_task(assigned_to="dev-1"), agents=[an_agent(is_enabled=False)]),
        "disabled",
        "dev-1",
    ),
    ("its children are open", a_start_snapshot(TASK, open_parents=["1"]), "parent_open", "subtasks"),
    ("it waits for another", a_start_snapshot(a_task(blocked_by="7")), "blocked", "task 7"),
    (
        "it failed a moment ago",
        a_start_snapshot(TASK, ledgers=[a_ledger(not_before=LATER, outcomes=[a_past_run("failed")])]),
        "not_before",
        "failed",
    ),
    (
        "its only agent had it a moment ago",
        a_start_snapshot(TASK, ledgers=[a_ledger(outcomes=[a_past_run("handed_off", at=ago(59))])]),
        "cooldown",
        "dev-1",
    ),
    (
        "its only agent has handed it off to nobody",
        a_start_snapshot(
            TASK, ledgers=[a_ledger(outcomes=[a_past_run("handed_off", at=ago(59))._replace(why="to whom?")])]
        ),
        "cooldown",
        "dev-1 had it a moment ago, and handed it off: to whom?",
    ),
    ("its id is a path", a_start_snapshot(a_task("a/../b")), "bad_task", "id"),
    ("nobody serves its queue", a_start_snapshot(a_task(queue="ops")), "no_agent", "queue ops"),
    ("it is in no queue", a_start_snapshot(a_task(queue=None)), "no_agent", "without a queue"),
    (
        "all who serve it are disabled",
        a_start_snapshot(TASK, agents=[an_agent("dev-2", is_enabled=False), an_agent(is_enabled=False)]),
        "disabled",
        "queue dev: agents dev-1, dev-2 disabled",
    ),
    (
        "all who serve it have no slot",
        a_start_snapshot(TASK, agents=[an_agent(slots=0)]),
        "no_agent",
        "0 slots",
    ),
    (
        "one who serves it has no slot and the other nothing to run",
        a_start_snapshot(TASK, agents=[an_agent(slots=0), an_agent("dev-2", command=())]),
        "no_agent",
        "dev-1: 0 slots",
    ),
    (
        "its agent has nothing to run",
        a_start_snapshot(TASK, agents=[an_agent(command=())]),
        "no_recipe",
        "dev-1",
    ),
    *EXAMPLES_OF_GATES,
    *EXAMPLES_OF_NEEDS,
    *EXAMPLES_OF_CONTROL,
    ("the disk is full", a_start_snapshot(TASK, free_mb=499), "disk", "499 MB"),
    (
        "its queue is at its cap",
        a_start_snapshot(
            TASK, leases=[a_lease("2", agent="dev-2")], policy=Policy(queue_caps=((QueueName("dev"), 1),))
        ),
        "queue_cap",
        "queue dev 1/1",
    ),
    (
        "one of its tags is at its cap",
        a_start_snapshot(
            a_task(tags=["gpu", "db"]),
            leases=[a_lease("2", agent="dev-2", tags=["gpu"])],
            policy=Policy(tag_caps=(("gpu", 1),)),
        ),
        "queue_cap",
        "tag gpu 1/1",
    ),
    (
        "the queues are full and it is not critical",
        a_start_snapshot(TASK, leases=[a_lease("2", agent="dev-2")], policy=Policy(max_queue_depth=1)),
        "pressure",
        "1 of 1 tasks wait (critical): critical tasks only",
    ),
    ("its agents are busy", a_start_snapshot(TASK, leases=[a_lease("2")]), "agent_full", "dev-1 1/1"),
    (
        "the account is at its cap",
        a_start_snapshot(
            TASK,
            agents=[an_agent(account="acme")],
            leases=[a_lease("2", agent="dev-2", account="acme")],
            policy=Policy(account_caps=(("acme", 1),)),
        ),
        "agent_full",
        "account acme 1/1",
    ),
    (
        "as many run as may",
        a_start_snapshot(TASK, leases=[a_lease("2", agent="dev-2")], policy=Policy(max_parallel=1)),
        "global_cap",
        "1/1",
    ),
    (
        "a broken lease holds the last place",
        a_start_snapshot(TASK, broken=[a_broken_lease("2")], policy=Policy(max_parallel=1)),
        "global_cap",
        "1/1",
    ),
]


@pytest.mark.parametrize(
    ("snapshot", "reason", "told"), [pytest.param(*example[1:], id=example[0]) for example in EXAMPLES]
)
def test_held(snapshot: StartSnapshot, reason: HeldReason, told: str) -> None:
    plan = plan_start(snapshot)

    assert plan.starts == ()
    (held,) = plan.held
    assert held.reason == reason
    assert told in held.value


@pytest.mark.parametrize(
    ("snapshot", "reason"), [pytest.param(example[1], example[2], id=example[0]) for example in EXAMPLES]
)
def test_explain_says_the_same(snapshot: StartSnapshot, reason: HeldReason) -> None:
    """And its first row that holds is the reason, with all that is known of it."""
    assert isinstance(snapshot.backlog, Known)
    told = explain(snapshot.backlog.value.tasks[0], snapshot)
    (held,) = plan_start(snapshot).held

    assert told.held == held or told.standing == "archived"
    row = next(row for row in told.rows if row.verdict == "holds")
    assert (row.value, row.lever, row.limit) == (held.value, held.lever, held.limit)
    assert (row.since, row.next_look_at, row.ends_by_at) == (held.since, held.next_look_at, held.ends_by_at)
    assert row.name == reason or snapshot.refused, "what was refused stands in another row"


def test_every_row_has_an_example() -> None:
    """But for what a plan does not know of, and ``explain`` says: its own tests have those two."""
    rows = {rule.reason for rule in RULES if rule.asked != "looking"}

    assert rows - {reason for *_, reason, _ in EXAMPLES} == set()
    assert set(get_args(HeldReason)) - rows == {"server_unknown", "queue_unknown"}


def test_the_rows_stand_in_the_order_of_the_contract() -> None:
    assert [rule.reason for rule in RULES] == list(get_args(HeldReason))


def test_with_everything_wrong_the_first_row_wins_until_it_is_mended() -> None:
    """Mend one thing after the other: what is told is always the next row of the contract."""
    met: list[HeldReason] = []
    for world in worlds_with_less_and_less_wrong():
        (held,) = plan_start(world).held
        met.append(held.reason)

    assert met == [
        "estop", "paused", "leased", "settling", "working_elsewhere", "parked", "disabled", "parent_open",
        "blocked", "not_before", "no_recipe", "no_agent", "account_limited", "agent_quarantined", "disk",
        "queue_cap", "agent_full", "global_cap",
    ]  # fmt: skip


def worlds_with_less_and_less_wrong() -> list[StartSnapshot]:
    task = a_task(blocked_by="7")
    parked = a_ledger(parked=parked_as(task), not_before=LATER)
    full = Policy(is_enabled=False, queue_caps=((QueueName("dev"), 1),), max_parallel=2)
    others = (a_lease("2", agent="dev-1"), a_lease("3", agent="dev-2", queue="qa"))
    world = a_start_snapshot(
        task,
        is_estopped=True,
        pauses=[a_pause()],
        leases=(a_lease("1"), *others),
        ledgers=[parked],
        refused={TaskId("1"): Held(TaskId("1"), "working_elsewhere", "taken", lever="look")},
        agents=[an_agent(slots=0, command=())],
        policy=full,
        free_mb=0,
        open_parents=["1"],
    )._replace(accounts=limited("agent:dev-1"), breakers=quarantined("dev-1"))
    worlds = [world]

    def mend(**changes: object) -> None:
        worlds.append(worlds[-1]._replace(**changes))  # type: ignore[arg-type]

    free = a_task()
    mend(is_estopped=False)
    mend(pauses=())
    mend(leases=(a_lease("1", state="finished"), *others))
    mend(leases=others)
    mend(refused={})
    mend(ledgers={TaskId("1"): parked._replace(parked=None)})
    mend(policy=full._replace(is_enabled=True))
    mend(backlog=a_backlog(task))
    mend(backlog=a_backlog(free))
    mend(ledgers={})
    mend(agents=(an_agent(slots=0),))
    mend(agents=(an_agent(),))
    mend(accounts=NO_ACCOUNTS)
    mend(breakers=NO_BREAKERS)
    mend(free_mb=10_000)
    mend(policy=Policy(max_parallel=2))
    mend(agents=(an_agent(slots=2),))
    return worlds
