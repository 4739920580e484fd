"""Laws of relief: whoever helps a task that starves is able to, and no cap is passed (features D15)."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, a_lease, a_start_snapshot, a_task, ago, an_agent
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Waiting
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.starvation import ANYBODY, ONE_MORE_SLOT
from tinyscheduler.planner.waits import remembered

QUEUES = ("dev", "qa")
SKILLS = ("python", "gpu")
skills = st.lists(st.sampled_from(SKILLS), unique=True, max_size=2)


@st.composite
def agents(draw: st.DrawFn, name: str) -> Agent:
    return an_agent(
        name,
        queues=draw(st.lists(st.sampled_from(QUEUES), unique=True, min_size=1, max_size=2)),
        slots=draw(st.integers(0, 2)),
        is_enabled=draw(st.sampled_from([True, True, True, False])),
        capabilities=draw(skills),
        account=draw(st.sampled_from([None, "acme"])),
        is_on_demand=draw(st.sampled_from([False, False, True])),
    )


@st.composite
def worlds(draw: st.DrawFn) -> StartSnapshot:
    """Tasks that have starved for any number of steps, beside others; some slots are taken."""
    crew = [draw(agents(name)) for name in ("anna", "bob", "cleo")]
    tasks = [
        a_task(
            str(at),
            queue=draw(st.sampled_from((*QUEUES, "foreign"))),
            tags=[f"cap:{skill}" for skill in draw(skills)],
            assigned_to=draw(st.sampled_from([None, None, None, "anna"])),
        )
        for at in range(1, draw(st.integers(1, 6)) + 1)
    ]
    leases: list[Lease] = [
        a_lease(str(90 + at), agent=agent.name, queue=draw(st.sampled_from(QUEUES)), account=agent.account)
        for at, agent in enumerate(crew)
        for _ in range(min(1, agent.slots))
        if draw(st.booleans())
    ]
    policy = Policy(
        max_parallel=draw(st.integers(0, 6)),
        queue_caps=((QueueName("qa"), draw(st.integers(0, 3))),),
        account_caps=(("acme", draw(st.integers(0, 2))),),
    )
    snapshot = a_start_snapshot(*tasks, agents=crew, leases=leases, policy=policy)
    waiting = {task.id: starved(task, draw(st.integers(0, 12))) for task in tasks if draw(st.booleans())}
    return snapshot._replace(waiting=waiting)


def starved(task: Task, count: int) -> Waiting:
    since = ago(60 * count) if count else None
    return Waiting(task.created_at, task.queue, None, "no_agent", NOW, ago(1000), 0, since)


def steps_of(task: Task, snapshot: StartSnapshot) -> int:
    found = snapshot.waiting.get(task.id)
    return (
        0 if found is None or found.starving_since is None else int((NOW - found.starving_since).seconds / 60)
    )


@given(worlds())
def test_caps_hold_for_those_who_are_relieved_too(snapshot: StartSnapshot) -> None:
    plan = plan_start(snapshot)
    live = len(snapshot.leases)
    queues = Counter(lease.queue for lease in snapshot.leases)
    accounts = Counter(lease.account for lease in snapshot.leases)
    queues.update(start.task.queue for start in plan.starts)
    accounts.update(start.agent.account for start in plan.starts)

    assert live + len(plan.starts) <= max(live, snapshot.policy.max_parallel)
    if plan.starts:
        assert all(
            queues[start.task.queue] <= dict(snapshot.policy.queue_caps).get(start.task.queue, 99)
            for start in plan.starts
            if start.task.queue is not None
        )
        assert all(
            accounts["acme"] <= dict(snapshot.policy.account_caps)["acme"]
            for start in plan.starts
            if start.agent.account == "acme"
        )


@given(worlds())
def test_an_agent_is_at_most_one_above_its_slots_and_only_for_a_task_that_starves(
    snapshot: StartSnapshot,
) -> None:
    used = Counter(lease.agent for lease in snapshot.leases)
    for start in plan_start(snapshot).starts:
        agent = start.agent
        used[agent.name] += 1
        assert agent.slots > 0
        assert used[agent.name] <= agent.slots + 1
        assert used[agent.name] <= agent.slots or steps_of(start.task, snapshot) >= ONE_MORE_SLOT


@given(worlds())
def test_whoever_gets_a_task_serves_it_or_is_able_to(snapshot: StartSnapshot) -> None:
    for start in plan_start(snapshot).starts:
        task, agent, count = start.task, start.agent, steps_of(start.task, snapshot)
        needs = {tag.removeprefix("cap:") for tag in task.tags}
        assert needs <= set(agent.capabilities)
        assert agent.is_enabled
        if task.assigned_to is not None:
            assert task.assigned_to == agent.name
        elif agent.is_on_demand:
            assert count >= ONE_MORE_SLOT
            assert needs or task.queue in agent.queues
        elif task.queue not in agent.queues:
            assert count >= ANYBODY
            assert needs


@given(worlds())
def test_nobody_starves_who_is_held_by_a_full_pool(snapshot: StartSnapshot) -> None:
    """Of those that nobody had to relieve."""
    plan = plan_start(snapshot)
    after = remembered(snapshot, plan, snapshot.leases)
    full = [held.task_id for held in plan.held if held.reason in ("agent_full", "global_cap", "queue_cap")]
    assert isinstance(snapshot.backlog, Known)
    tasks = {task.id: task for task in snapshot.backlog.value.tasks}

    for task_id in full:
        if task_id in after and steps_of(tasks[task_id], snapshot) < ANYBODY:
            assert after[task_id].starving_since is None
