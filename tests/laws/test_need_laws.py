"""What holds of every plan for tasks that say what they need (features D10 to D13, D18)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import a_broken_lease, a_lease, a_ledger, a_start_snapshot, a_task, an_agent, parked_as
from tests.laws.test_ownership_laws import meant
from tests.unit.planner.need_scenes import a_wait, an_approval, asked_for
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.hints import Hints
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.prerequisite import PrerequisiteState
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.hints import hints_of
from tinyscheduler.planner.resources import needed, plus
from tinyscheduler.planner.start import plan_start

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
        agents=[draw(needy_agents("dev-1")), draw(needy_agents("dev-3"))],
        leases=[draw(needy_leases(task_id)) for task_id in leased],
        broken=[a_broken_lease("4")] if draw(st.sampled_from([False] * 5 + [True])) else (),
        ledgers=ledgers,
        prerequisites=[asked_for("8", draw(_states)), asked_for("9", draw(_states), why="?")],
        totals=Resources(4, 8, 2),
        waiting=waits,
        policy=Policy(max_parallel=9),
    )


def live(snapshot: StartSnapshot) -> Iterator[Lease]:
    return (lease for lease in snapshot.leases if lease.state != "finished")


def clashes(one: Hints | Lease, other: Hints | Lease) -> bool:
    """Some path that one writes is read or written by the other."""
    pairs = [(w, o) for w in one.writes for o in (*other.writes, *other.reads)]
    pairs += [(r, w) for r in one.reads for w in other.writes]
    return any(meant(a) & meant(b) for a, b in pairs)


@given(needy_worlds())
def test_what_is_started_clashes_with_nothing_that_runs_or_starts(snapshot: StartSnapshot) -> None:
    started = [hints_of(start.task) for start in plan_start(snapshot).starts]

    for at, hints in enumerate(started):
        assert not any(clashes(hints, lease) for lease in live(snapshot))
        assert not any(clashes(hints, other) for other in started[:at])


@given(needy_worlds())
def test_of_one_goal_one_runs(snapshot: StartSnapshot) -> None:
    running = [lease.goal for lease in live(snapshot) if lease.goal is not None]
    started = [
        goal for start in plan_start(snapshot).starts if (goal := hints_of(start.task).goal) is not None
    ]

    assert len(set(started)) == len(started)
    assert not set(started) & set(running)


@given(needy_worlds())
def test_an_agent_has_what_its_tasks_ask_for_and_may_do_them(snapshot: StartSnapshot) -> None:
    for start in plan_start(snapshot).starts:
        hints = hints_of(start.task)
        assert set(hints.capabilities) <= set(start.agent.capabilities)
        if hints.scope is not None and start.agent.scope:
            assert any(f"{hints.scope}/".startswith(f"{mine}/") for mine in start.agent.scope)


@given(needy_worlds())
def test_no_more_of_the_machine_is_given_away_than_there_is(snapshot: StartSnapshot) -> None:
    assert snapshot.totals is not None
    used = Resources()
    for lease in live(snapshot):
        used = plus(used, lease.resources)
    for start in plan_start(snapshot).starts:
        wanted = needed(start.agent, hints_of(start.task))
        used = plus(used, wanted)
        for want, taken, total in zip(wanted, used, snapshot.totals, strict=True):
            assert not want or taken <= total


@given(needy_worlds())
def test_nothing_starts_before_what_it_waits_for_is_complete(snapshot: StartSnapshot) -> None:
    complete = {found.task_id for found in snapshot.prerequisites.values() if found.state == "complete"}
    for start in plan_start(snapshot).starts:
        assert set(hints_of(start.task).after) <= complete
        assert not start.task.is_blocked


@given(needy_worlds())
def test_nothing_starts_that_nobody_has_approved_or_that_says_nonsense(snapshot: StartSnapshot) -> None:
    for start in plan_start(snapshot).starts:
        hints, ledger = hints_of(start.task), snapshot.ledgers.get(start.task.id)
        assert hints.fault is None
        assert not hints.needs_approval or (isinstance(ledger, Ledger) and ledger.approvals)


@given(needy_worlds())
def test_rings_are_named_whole_and_begin_at_their_smallest_id(snapshot: StartSnapshot) -> None:
    waits = waits_of(snapshot)
    for held in plan_start(snapshot).held:
        if held.reason == "cycle":
            ring = held.value.split(" -> ")
            assert ring[0] == ring[-1] == min(ring)
            assert held.task_id in ring
            assert all(there in waits[here] for here, there in pairwise(ring))
        if held.reason in ("blocked", "dependency_failed"):
            assert held.task_id not in reached(held.task_id, waits)


@given(needy_worlds())
def test_a_failed_prerequisite_is_one_that_is_waited_for(snapshot: StartSnapshot) -> None:
    waits = waits_of(snapshot)
    lost = {found.task_id for found in snapshot.prerequisites.values() if found.state in ("gone", "archived")}
    for held in plan_start(snapshot).held:
        if held.reason == "blocked":
            assert not reached(held.task_id, waits) & lost or in_a_ring_on_the_way(held.task_id, waits)
        if held.reason == "dependency_failed":
            root = held.value.partition(", which")[0].rpartition("task ")[2]
            assert root in reached(held.task_id, waits)


def waits_of(snapshot: StartSnapshot) -> dict[str, set[str]]:
    assert isinstance(snapshot.backlog, Known)
    done = {found.task_id for found in snapshot.prerequisites.values() if found.state == "complete"}
    return {
        task.id: {*([task.blocked_by] if task.blocked_by else []), *hints_of(task).after} - done
        for task in snapshot.backlog.value.tasks
    }


def reached(start: str, waits: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    front = [start]
    while front:
        for other in waits.get(front.pop(), ()):
            if other not in found:
                found.add(other)
                front.append(other)
    return found


def in_a_ring_on_the_way(start: str, waits: dict[str, set[str]]) -> bool:
    """Failure stops at rings: they are told first."""
    return any(other in reached(other, waits) for other in reached(start, waits))


@given(needy_worlds(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(snapshot: StartSnapshot, random: Random) -> None:
    assert isinstance(snapshot.backlog, Known)
    backlog = snapshot.backlog.value
    shuffled = snapshot._replace(
        backlog=Known(backlog._replace(tasks=tuple(random.sample(backlog.tasks, len(backlog.tasks))))),
        leases=tuple(random.sample(snapshot.leases, len(snapshot.leases))),
        agents=tuple(random.sample(snapshot.agents, len(snapshot.agents))),
        ledgers=dict(random.sample(list(snapshot.ledgers.items()), len(snapshot.ledgers))),
        waiting=dict(random.sample(list(snapshot.waiting.items()), len(snapshot.waiting))),
    )

    assert plan_start(shuffled) == plan_start(snapshot)


@settings(max_examples=50)
@given(needy_worlds())
def test_explain_says_what_the_plan_says(snapshot: StartSnapshot) -> None:
    plan = plan_start(snapshot)
    reasons = {held.task_id: held.reason for held in plan.held}
    assert isinstance(snapshot.backlog, Known)
    for task in snapshot.backlog.value.tasks:
        found = explain(task, snapshot).held
        assert (None if found is None else found.reason) == reasons.get(task.id)


@given(needy_worlds())
def test_when_everything_is_given_back_somebody_starts(snapshot: StartSnapshot) -> None:
    """With no run in the way, no path, goal or part of the machine that fits keeps everybody waiting."""
    free = snapshot._replace(leases=(), broken=())
    plan = plan_start(free)

    if not plan.starts:
        assert not {held.reason for held in plan.held} & {"path_held", "goal_held"}


def test_room_is_kept_for_a_task_that_others_have_passed_for_half_an_hour() -> None:
    big = a_task("1", description="resources: {cpu: 4}")
    small = [a_task(str(n), description="resources: {cpu: 1}", priority=9) for n in range(2, 6)]
    world = a_start_snapshot(
        big,
        *small,
        agents=[an_agent(slots=9)],
        leases=[a_lease("9", resources=Resources(cpu=1))],
        totals=Resources(4, 1, 0),
        policy=Policy(max_parallel=9),
    )
    passed = plan_start(world)
    waited = plan_start(world._replace(waiting={TaskId("1"): a_wait(task=big, waited_s=1801)}))
    its_turn = plan_start(world._replace(waiting={TaskId("1"): a_wait(task=big, waited_s=1801)}, leases=()))

    assert [start.task.id for start in passed.starts] == ["2", "3", "4"]
    assert waited.starts == ()
    assert {held.reason for held in waited.held} == {"resources"}
    assert any("cpu 4 is kept for task 1" in held.value for held in waited.held)
    assert [start.task.id for start in its_turn.starts] == ["1"]


def test_a_task_for_which_room_is_kept_gets_it_though_nothing_tells_it_from_others() -> None:
    """What is said of the one before it, that the room is kept for another, is not true of that other."""
    agent = an_agent(slots=9, resources=Resources(2, 0, 0))
    urgent, patient = a_task("1", priority=5), a_task("2")
    world = a_start_snapshot(
        urgent,
        patient,
        agents=[agent],
        totals=Resources(3, 100, 0),
        waiting={patient.id: a_wait(task=patient)},
        policy=Policy(max_parallel=9, ageing_s=0),
    )

    plan = plan_start(world)

    assert [start.task.id for start in plan.starts] == [patient.id]
    assert [held.reason for held in plan.held] == ["resources"]
