"""An overdue task that needs two things at once is not passed for ever (features D9, ADR 0054).

Each test is a day of passes: runs end in turn, and there is always a younger task that needs just what has
become free.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from tests.builders import NOW, a_lease, a_start_snapshot, a_task, an_agent
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held
from tinyscheduler.model.resources import NO_RESOURCES, Resources
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.hints import hints_of
from tinyscheduler.planner.resources import needed
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.waits import remembered

ROUND_S = 600
OVERDUE = Policy(max_parallel=9, ageing_s=600, overdue_s=3600)
PATIENT = "1"


def lease_of(task: Task, agent: Agent) -> Lease:
    hints = hints_of(task)
    lease = a_lease(
        task.id,
        agent=agent.name,
        writes=hints.writes,
        reads=hints.reads,
        goal=hints.goal,
        resources=needed(agent, hints),
    )
    return lease._replace(queue=task.queue, tags=task.tags, account=agent.account)


def rounds_until_it_starts(
    world: StartSnapshot,
    younger: Callable[[int], Sequence[Task]],
    ends: Callable[[int, Sequence[Lease]], str],
) -> int | None:
    """``ends`` names the run that is over before each round, of those that live; the oldest comes first."""
    tasks = list(world.backlog.value.tasks)  # type: ignore[union-attr]
    for at in range(30):
        over = ends(at, world.leases) if world.leases else ""
        leases = [lease for lease in world.leases if lease.task_id != over]
        tasks += younger(at)
        now = NOW + timedelta(seconds=at * ROUND_S)
        backlog = a_start_snapshot(*tasks).backlog
        world = world._replace(now=now, leases=tuple(leases), backlog=backlog)
        plan = plan_start(world)
        started = {start.task.id for start in plan.starts}
        if PATIENT in started:
            return at
        leases += [lease_of(start.task, start.agent) for start in plan.starts]
        tasks = [task for task in tasks if task.id not in started]
        world = world._replace(waiting=remembered(world, plan, leases), leases=tuple(leases))
    return None


def the_oldest(_at: int, leases: Sequence[Lease]) -> str:
    return leases[0].task_id


@pytest.mark.parametrize(
    ("wanted", "theirs"),
    [
        ("write:src", ("write:src/a", "write:src/b")),
        ("write:src", ("read:src", "read:src")),
        ("read:src", ("write:src/a", "write:src/b")),
    ],
)
def test_paths_that_others_hold_in_turn(wanted: str, theirs: tuple[str, str]) -> None:
    world = a_start_snapshot(
        a_task(PATIENT, tags=[wanted], priority=50),
        agents=[an_agent(slots=2)],
        leases=[
            lease_of(a_task("8", tags=[theirs[0]]), an_agent()),
            lease_of(a_task("9", tags=[theirs[1]]), an_agent()),
        ],
        policy=OVERDUE,
    )

    started = rounds_until_it_starts(
        world, lambda at: [a_task(str(100 + at), tags=[theirs[at % 2]])], the_oldest
    )

    assert started is not None
    assert started * ROUND_S <= OVERDUE.overdue_s + 3 * ROUND_S


def test_a_queue_cap_and_a_slot() -> None:
    agents = [an_agent("a1", queues=("dev", "qa")), an_agent("a2", queues=("dev",))]
    world = a_start_snapshot(
        a_task(PATIENT, assigned_to="a1", priority=50),
        agents=agents,
        leases=[lease_of(a_task("8", queue="qa"), agents[0]), lease_of(a_task("9"), agents[1])],
        policy=OVERDUE._replace(queue_caps=((QueueName("dev"), 1),)),
    )

    def younger(at: int) -> list[Task]:
        return [a_task(str(100 + at), assigned_to="a2"), a_task(str(200 + at), queue="qa", assigned_to="a1")]

    started = rounds_until_it_starts(world, younger, the_oldest)

    assert started is not None
    assert started * ROUND_S <= OVERDUE.overdue_s + 3 * ROUND_S


def test_parts_of_the_machine_and_a_slot() -> None:
    """What was kept was given up as soon as it was free and only the slot was missing."""
    agents = [an_agent("a1"), an_agent("a2", queues=("q2",), slots=2, resources=Resources(2, 0, 0))]
    world = a_start_snapshot(
        a_task(PATIENT, assigned_to="a1", priority=50, description="resources: {cpu: 4}"),
        agents=agents,
        leases=[
            lease_of(a_task("7"), agents[0]),
            lease_of(a_task("8", queue="q2"), agents[1]),
            lease_of(a_task("9", queue="q2"), agents[1]),
        ],
        totals=Resources(4, 100, 0),
        policy=OVERDUE,
    )

    def younger(at: int) -> list[Task]:
        return [a_task(str(100 + at)), a_task(str(200 + at), queue="q2"), a_task(str(300 + at), queue="q2")]

    def ends(at: int, leases: Sequence[Lease]) -> str:
        """Of the cores as long as any are taken, and of the slot then."""
        of_cores = [lease for lease in leases if lease.resources != NO_RESOURCES]
        return (of_cores or leases)[0].task_id if at % 3 else leases[0].task_id

    started = rounds_until_it_starts(world, younger, ends)

    assert started is not None
    assert started * ROUND_S <= OVERDUE.overdue_s + 5 * ROUND_S


def an_overdue_world(*tasks: Task, policy: Policy = OVERDUE, agents: Sequence[Agent] = ()) -> StartSnapshot:
    first = a_start_snapshot(*tasks, agents=agents or [an_agent(slots=2)], policy=policy)
    before = first._replace(leases=(lease_of(a_task("9", tags=["write:src"]), an_agent()),))
    waiting = remembered(before, plan_start(before), before.leases)
    return before._replace(waiting=waiting, now=NOW + timedelta(hours=2))


def held_in(world: StartSnapshot) -> dict[str, Held]:
    return {str(held.task_id): held for held in plan_start(world).held}


def test_who_has_to_wait_for_it_is_told_for_whom() -> None:
    world = an_overdue_world(a_task(PATIENT, tags=["write:src", "write:docs"]))
    younger = a_start_snapshot(
        a_task(PATIENT, tags=["write:src", "write:docs"]), a_task("2", tags=["read:docs/a"])
    ).backlog

    held = held_in(world._replace(backlog=younger))

    assert held["2"].reason == "path_held"
    assert held["2"].value == "docs is kept for task 1, which is overdue"
    assert held["2"].lever == "wait for task 1 to end"


def test_a_task_that_something_else_holds_keeps_nothing_from_others() -> None:
    patient = a_task(PATIENT, tags=["write:src", "write:docs"])
    world = an_overdue_world(patient)
    parked = patient._replace(tags=(*patient.tags, "needs-approval"))

    plan = plan_start(
        world._replace(backlog=a_start_snapshot(parked, a_task("2", tags=["read:docs"])).backlog)
    )

    assert [start.task.id for start in plan.starts] == ["2"]


def test_a_task_that_could_never_start_keeps_nothing_from_others() -> None:
    """A cap of nought, or more cores than there are: it would idle the machine for ever."""
    patient = a_task(PATIENT, tags=["write:docs", "write:src", "red"])
    world = an_overdue_world(patient, policy=OVERDUE._replace(tag_caps=(("red", 1),)))
    shut = world.policy._replace(tag_caps=(("red", 0),))

    plan = plan_start(
        world._replace(
            policy=shut, backlog=a_start_snapshot(patient, a_task("2", tags=["read:docs"])).backlog
        )
    )

    assert [start.task.id for start in plan.starts] == ["2"]


def test_a_capped_queue_that_is_overdue_leaves_the_slots_to_others() -> None:
    """The next task of it cannot start before its run has ended, however many slots are free."""
    agents = [an_agent("a1", queues=("dev", "qa"), slots=2)]
    policy = OVERDUE._replace(queue_caps=((QueueName("dev"), 1),))
    tasks = [a_task("1"), a_task("2"), a_task("3", queue="qa")]
    first = a_start_snapshot(*tasks[:2], agents=agents, policy=policy)
    before = first._replace(leases=(lease_of(a_task("9"), agents[0]),))
    waiting = remembered(before, plan_start(before), before.leases)
    overdue = before._replace(
        waiting=waiting, now=NOW + timedelta(hours=2), backlog=a_start_snapshot(*tasks).backlog
    )

    plan = plan_start(overdue)

    assert [start.task.id for start in plan.starts] == ["3"]


def test_explain_says_what_the_plan_says_where_nobody_has_a_slot() -> None:
    agents = [an_agent("a1")]
    policy = OVERDUE._replace(queue_caps=((QueueName("dev"), 2),))
    world = an_overdue_world(a_task(PATIENT, priority=50), policy=policy, agents=agents)
    younger = a_task("2")
    world = world._replace(backlog=a_start_snapshot(a_task(PATIENT, priority=50), younger).backlog)

    told = explain(younger, world)

    assert told.held == held_in(world)["2"]


def test_cores_do_not_idle_for_a_task_that_waits_for_a_goal() -> None:
    """Its run may take a day; when the goal is free, the cores are kept."""
    patient = a_task(PATIENT, description="goal: g\nresources: {cpu: 4}\n\n")
    agents = [an_agent(slots=3, resources=Resources(1, 0, 0))]
    first = a_start_snapshot(patient, agents=agents, policy=OVERDUE, totals=Resources(4, 100, 0))
    before = first._replace(leases=(lease_of(a_task("9", tags=["goal:g"]), an_agent()),))
    waiting = remembered(before, plan_start(before), before.leases)
    backlog = a_start_snapshot(patient, a_task("2")).backlog
    overdue = before._replace(waiting=waiting, now=NOW + timedelta(hours=2), backlog=backlog)

    assert [start.task.id for start in plan_start(overdue).starts] == ["2"]


def test_room_that_comes_along_with_the_slot_is_not_kept_twice() -> None:
    """Each agent takes half of the machine, and one of them has a backlog that is overdue."""
    half = Resources(2, 0, 0)
    agents = [an_agent("a1", resources=half), an_agent("a2", queues=("qa",), resources=half)]
    patient = a_task(PATIENT)
    first = a_start_snapshot(patient, agents=agents, policy=OVERDUE, totals=Resources(4, 100, 0))
    before = first._replace(leases=(lease_of(a_task("9"), agents[0]),))
    waiting = remembered(before, plan_start(before), before.leases)
    backlog = a_start_snapshot(patient, a_task("2", queue="qa")).backlog
    overdue = before._replace(waiting=waiting, now=NOW + timedelta(hours=2), backlog=backlog)

    assert [start.task.id for start in plan_start(overdue).starts] == ["2"]


def test_a_capped_tag_that_is_overdue_leaves_the_queue_to_others() -> None:
    """Its next task cannot start before its run has ended, however many places the queue has."""
    agents = [an_agent(slots=4)]
    policy = OVERDUE._replace(queue_caps=((QueueName("dev"), 2),), tag_caps=(("hot", 1),))
    patient = a_task(PATIENT, tags=["hot"])
    first = a_start_snapshot(patient, agents=agents, policy=policy)
    before = first._replace(leases=(lease_of(a_task("9", tags=["hot"]), agents[0]),))
    waiting = remembered(before, plan_start(before), before.leases)
    backlog = a_start_snapshot(patient, a_task("2")).backlog
    overdue = before._replace(waiting=waiting, now=NOW + timedelta(hours=2), backlog=backlog)

    assert [start.task.id for start in plan_start(overdue).starts] == ["2"]
