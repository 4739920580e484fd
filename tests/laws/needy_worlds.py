"""Worlds of tasks that say what they need, shared by the laws about them."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from tests.builders import a_broken_lease, a_lease, a_ledger, a_start_snapshot, a_task, an_agent, parked_as
from tests.unit.planner.need_scenes import a_wait, an_approval, asked_for
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.prerequisite import PrerequisiteState
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task

IDS = ("1", "2", "3", "4", "5")


_paths = st.sampled_from(["a", "a/b", "b", "*", "a/*", "**/b", "."])


_amounts = st.builds(
    Resources, cpu=st.sampled_from([0.0, 0.1, 1.5]), memory_mb=st.sampled_from([0, 3]), gpu=st.integers(0, 1)
)


_tags = st.lists(
    st.one_of(
        st.sampled_from([f"after:{task_id}" for task_id in (*IDS, "8", "9")]),
        _paths.map("write:{}".format),
        _paths.map("read:{}".format),
        st.sampled_from(["cap:gpu", "cap:x86", "goal:g", "scope:web", "scope:web/shop", "needs-approval"]),
        st.sampled_from(["goal:g", "goal:g", "backend", "backend", "write:/etc"]),
    ),
    max_size=3,
    unique=True,
)


_own = st.sampled_from(["", "", "resources: {cpu: 1}", "resources: {memory_mb: 2, gpu: 1}"])


_states: st.SearchStrategy[PrerequisiteState] = st.sampled_from(get_args(PrerequisiteState))


@st.composite
def needy_tasks(draw: st.DrawFn, task_id: str) -> Task:
    blocker = draw(st.sampled_from([None, None, None, *IDS]))
    return a_task(
        task_id,
        tags=draw(_tags),
        description=draw(_own),
        priority=draw(st.integers(0, 2)),
        blocked_by=None if blocker == task_id else blocker,
        parent_id=draw(st.sampled_from([None, None, None, *IDS])),
    )


@st.composite
def needy_agents(draw: st.DrawFn, name: str) -> Agent:
    return an_agent(
        name,
        slots=draw(st.integers(1, 3)),
        capabilities=draw(st.lists(st.sampled_from(["gpu", "x86"]), unique=True)),
        scope=draw(st.sampled_from([[], ["web"], ["web/shop"], ["api"]])),
        resources=draw(_amounts),
    )


@st.composite
def needy_leases(draw: st.DrawFn, task_id: str) -> Lease:
    return a_lease(
        task_id,
        state=draw(st.sampled_from(["claiming", "running", "finished"])),
        agent="dev-2",
        writes=draw(st.lists(_paths, max_size=1)),
        reads=draw(st.lists(_paths, max_size=1)),
        goal=draw(st.sampled_from([None, "g"])),
        resources=draw(_amounts),
    )


@st.composite
def needy_worlds(draw: st.DrawFn) -> StartSnapshot:
    tasks = [draw(needy_tasks(task_id)) for task_id in IDS]
    leased = draw(st.lists(st.sampled_from(["5", "6", "7"]), unique=True, max_size=2))
    ledgers = []
    for task in tasks:
        what = draw(st.sampled_from(["none", "none", "parked", "approved"]))
        if what == "parked":
            ledgers.append(a_ledger(task.id, parked=parked_as(task)))
        if what == "approved":
            ledgers.append(a_ledger(task.id, approvals=[an_approval(task)]))
    waits = {task.id: a_wait(task=task) for task in tasks if draw(st.booleans())}
    return a_start_snapshot(
        *tasks,
        open_parents={task.parent_id for task in tasks if task.parent_id is not None},
        agents=[draw(needy_agents("dev-1")), draw(needy_agents("dev-3"))],
        leases=[draw(needy_leases(task_id)) for task_id in leased],
        broken=[a_broken_lease("4")] if draw(st.sampled_from([False] * 5 + [True])) else (),
        ledgers=ledgers,
        prerequisites=[asked_for("8", draw(_states)), asked_for("9", draw(_states), why="?")],
        totals=Resources(4, 8, 2),
        waiting=waits,
        policy=Policy(max_parallel=9),
    )
