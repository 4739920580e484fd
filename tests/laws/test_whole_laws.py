"""What holds of every plan with everything on at once: hours, pressure, deep queues, bands, waits, needs.

Each of them has laws of its own; these worlds are for what happens where they meet.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, ago
from tests.laws.start_worlds import answered, known, seen
from tests.laws.test_lever_laws import its_levers_start_it
from tests.laws.test_start_laws import shuffled
from tests.strategies import AGENTS, QUEUES, start_snapshots
from tests.unit.planner.need_scenes import asked_for
from tinyscheduler.model.action import Start
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.hours import ALL_OPEN, Closed, ClosedHours
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.machine import NOT_LOOKED_AT, MachineState
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.resources import NO_RESOURCES, Resources
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Cursor, Waiting
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.holds import Questions, first_hold
from tinyscheduler.planner.lineup import lineup
from tinyscheduler.planner.ranking import natural_id
from tinyscheduler.planner.start import decide, line_up, plan_start
from tinyscheduler.planner.view import view_of

CLOSED = Closed("Mon-Fri 22:00-06:00", NOW + timedelta(hours=10))
NEEDS = (
    "after:1", "after:2", "after:8", "write:a", "write:a/b", "read:a", "cap:gpu", "goal:g", "scope:web",
    "needs-approval", "write:../x", "backend",
)  # fmt: skip
REASONS: tuple[HeldReason, ...] = ("agent_full", "no_agent", "blocked", "resources", "resources")
_needs = st.lists(st.sampled_from(NEEDS), max_size=2, unique=True)
_hours = st.sampled_from([
    ALL_OPEN, ALL_OPEN, ALL_OPEN,
    ClosedHours({AgentName(AGENTS[0]): CLOSED}),
    ClosedHours(queues={QueueName(QUEUES[0]): CLOSED}),
])  # fmt: skip
_machines = st.sampled_from([NOT_LOOKED_AT, MachineState(cores=2, load=1.0), MachineState(cores=2, load=9.0)])
_totals = st.sampled_from([None, Resources(2.0, 100, 1)])
_amounts = st.sampled_from([NO_RESOURCES, NO_RESOURCES, Resources(1.0, 10, 0), Resources(0.5, 0, 1)])
_depths = st.sampled_from([10_000, 10_000, 4, 2])
_shares = st.sampled_from([(), (), (50, 30, 15, 5)])
_waits_s = st.sampled_from([0, 60, 2_000, 90_000])


@st.composite
def whole_worlds(draw: st.DrawFn) -> StartSnapshot:
    snapshot = draw(start_snapshots())
    backlog = known(snapshot)
    tasks = tuple(draw(_with_needs(task)) for task in backlog.tasks)
    policy = snapshot.policy._replace(
        band_weights=draw(_shares),
        max_queue_depth=draw(_depths),
        load_per_core_max=draw(st.sampled_from([0.0, 3.0])),
        ageing_s=draw(st.sampled_from([0, 1800])),
    )
    return snapshot._replace(
        backlog=Known(backlog._replace(tasks=tasks)),
        agents=tuple(draw(_with_means(agent)) for agent in snapshot.agents),
        policy=policy,
        closed_hours=draw(_hours),
        machine=draw(_machines),
        totals=draw(_totals),
        waiting={task.id: draw(_waits(task)) for task in tasks if draw(st.booleans())},
        cursor=Cursor(draw(st.integers(0, 19)), tuple(draw(st.lists(st.integers(0, 3), max_size=2)))),
        prerequisites={found.task_id: found for found in (asked_for("8", "gone"), asked_for("2", "open"))},
    )


@st.composite
def _with_needs(draw: st.DrawFn, task: Task) -> Task:
    return task._replace(tags=(*task.tags, *draw(_needs)))


@st.composite
def _with_means(draw: st.DrawFn, agent: Agent) -> Agent:
    return agent._replace(
        capabilities=tuple(draw(st.sampled_from([(), ("gpu",)]))),
        scope=tuple(draw(st.sampled_from([(), ("web",), ("api",)]))),
        resources=draw(_amounts),
        is_on_demand=draw(st.sampled_from([False, False, False, True])),
    )


@st.composite
def _waits(draw: st.DrawFn, task: Task) -> Waiting:
    waited_s, starved_s = draw(_waits_s), draw(_waits_s)
    reason = draw(st.sampled_from(REASONS))
    return Waiting(
        task.created_at,
        task.queue,
        task.assigned_to,
        reason,
        ago(waited_s),
        since=ago(waited_s),
        starving_since=ago(starved_s) if reason == "no_agent" and starved_s else None,
    )


@given(whole_worlds())
def test_every_task_is_started_or_held_exactly_once(snapshot: StartSnapshot) -> None:
    plan = plan_start(snapshot)
    decided = [start.task.id for start in plan.starts] + [held.task_id for held in plan.held]

    assert Counter(answered(snapshot)) == Counter(decided)
    assert all(held.value and (held.lever or held.reason in ("leased", "settling")) for held in plan.held)


@given(whole_worlds(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(snapshot: StartSnapshot, random: Random) -> None:
    assert plan_start(shuffled(snapshot, random)) == plan_start(snapshot)


@given(whole_worlds())
def test_explain_gives_the_answer_of_the_plan_and_its_first_row_that_holds(snapshot: StartSnapshot) -> None:
    """Law 9, for every task of every world."""
    plan = plan_start(snapshot)
    starts = {start.task.id: start for start in plan.starts}
    answers = {held.task_id: held for held in plan.held}

    for task in seen(snapshot):
        told = explain(task, snapshot)
        is_over = told.standing in ("complete", "archived")
        assert told.held == (None if is_over else answers.get(task.id))
        assert told.start == (starts.get(task.id) if told.standing == "starts" else None)
        holding = [row for row in told.rows if row.verdict == "holds"]
        assert (told.standing == "starts") == (not holding)
        if told.held is not None:
            assert (told.held.reason, told.held.value) == (holding[0].name, holding[0].value)


@given(whole_worlds())
def test_what_is_said_of_a_kind_is_true_for_every_task_of_it(snapshot: StartSnapshot) -> None:
    """What is not asked of a task would not have held it."""
    view, known_kinds = view_of(snapshot), Questions()
    everybody = view._replace(met=frozenset(task.id for task in seen(snapshot)), able={})
    for task in seen(snapshot):
        found = first_hold(task, view, known_kinds)
        assert found == first_hold(task, view) == first_hold(task, everybody)


def plan_without_memory(snapshot: StartSnapshot) -> tuple[list[Start], list[Held]]:
    """Every rule is asked of every task, as if it were the only one."""
    view = view_of(snapshot)
    held = [(task, first_hold(task, view)) for task in seen(snapshot)]
    line = line_up([task for task, hold in held if hold is None], view)
    decided: list[Start | Held] = [hold for _, hold in held if hold is not None]
    for task in line:
        view.taken.said.clear()
        view.able.clear()
        decided.append(decide(task, line, view))
    starts = [found for found in decided if isinstance(found, Start)]
    return starts, [found for found in decided if isinstance(found, Held)]


@given(whole_worlds())
def test_what_is_remembered_while_a_plan_is_made_changes_nothing(snapshot: StartSnapshot) -> None:
    plan = plan_start(snapshot)
    working = {task.id for task in known(snapshot).working}

    starts, held = plan_without_memory(snapshot)

    assert list(plan.starts) == starts
    answers = [found for found in plan.held if found.task_id not in working]
    assert answers == sorted(held, key=lambda found: natural_id(found.task_id))


@given(whole_worlds())
def test_the_backlog_shows_every_task_once_and_what_starts_first(snapshot: StartSnapshot) -> None:
    plan = plan_start(snapshot)
    shown = [waiter.task.id for waiter in lineup(snapshot, plan)]

    assert Counter(shown) == Counter(answered(snapshot))
    assert shown[: len(plan.starts)] == [start.task.id for start in plan.starts]


@given(whole_worlds(), st.data())
def test_pulling_the_levers_that_are_named_starts_any_task(
    snapshot: StartSnapshot, data: st.DataObject
) -> None:
    its_levers_start_it(snapshot, data)


@given(whole_worlds())
def test_slots_and_caps_hold_with_everything_on(snapshot: StartSnapshot) -> None:
    """But for the one slot more of a task that starves."""
    plan, policy = plan_start(snapshot), snapshot.policy
    busy = [lease for lease in snapshot.leases if lease.state != "finished"]
    running = len(busy) + len(snapshot.broken)

    assert not plan.starts or running + len(plan.starts) <= policy.max_parallel
    for queue, cap in policy.queue_caps:
        started = [start for start in plan.starts if start.task.queue == queue]
        assert not started or sum(lease.queue == queue for lease in busy) + len(started) <= cap
