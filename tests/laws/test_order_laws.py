"""Laws of the order of starts: turns, ageing, bounded waits (features D6, D8, D9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count, cycle, islice

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, a_start_snapshot, a_task, ago, an_agent
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Cursor, Waiting
from tinyscheduler.planner.bands import BANDS, LOW, OVERDUE, aged, band_of
from tinyscheduler.planner.line import moved, round_of
from tinyscheduler.planner.ranking import rank
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.view import view_of
from tinyscheduler.planner.waits import remembered

PRIORITIES = (20.0, 7.0, 1.0, -5.0)
"""One of each band."""
SHARES = (50, 30, 15, 5)
SIZE = 20
HOUR_S = 3600
weights = st.lists(st.integers(1, 6), min_size=4, max_size=4).map(tuple)
waits_s = st.one_of(st.integers(0, 5 * HOUR_S), st.integers(0, 60 * HOUR_S))
policies = st.builds(
    lambda weights, blockers, ageing_s, overdue_s: Policy(
        max_parallel=1000,
        band_weights=weights,
        orders_blockers_first=blockers,
        ageing_s=ageing_s,
        overdue_s=overdue_s,
    ),
    st.sampled_from([(), (), SHARES, (1, 1, 1, 1)]),
    st.sampled_from([True, True, False]),
    st.sampled_from([0, 1800, 1800]),
    st.sampled_from([0, 86_400, 86_400]),
)


def a_wait(task: Task, wait_s: float) -> Waiting:
    return Waiting(task.created_at, task.queue, None, "agent_full", NOW, ago(wait_s))


def full_bands(each: int) -> list[Task]:
    ids = count(1)
    return [a_task(str(next(ids)), priority=priority) for priority in PRIORITIES for _ in range(each)]


@st.composite
def crowds(draw: st.DrawFn) -> StartSnapshot:
    """Many tasks of one queue, one agent with some slots, everybody with a wait of his own."""
    ids = [str(at) for at in range(1, draw(st.integers(1, 12)) + 1)]
    tasks = [
        a_task(
            task_id,
            priority=draw(st.sampled_from(PRIORITIES) | st.floats(-10, 20)),
            age_s=draw(st.integers(0, 3)),
            blocked_by=draw(st.sampled_from((None, None, None, *ids))),
        )
        for task_id in ids
    ]
    waiting = {task.id: a_wait(task, draw(waits_s)) for task in tasks if draw(st.booleans())}
    place = draw(st.integers(0, SIZE - 1))
    owed = tuple(draw(st.lists(st.integers(0, LOW), max_size=3)))
    snapshot = a_start_snapshot(
        *tasks, agents=(an_agent(slots=draw(st.integers(1, 6))),), policy=draw(policies)
    )
    return snapshot._replace(waiting=waiting, cursor=Cursor(place, owed))


def tasks_of(snapshot: StartSnapshot) -> Sequence[Task]:
    return snapshot.backlog.value.tasks  # type: ignore[union-attr]


@given(weights)
def test_a_round_has_each_band_as_often_as_its_weight_says(weights: tuple[int, ...]) -> None:
    turns = round_of(weights)

    assert len({weights[band] / turns.count(band) for band in range(len(BANDS))}) == 1


@given(weights, st.integers(0, 500), st.integers(1, 3))
def test_any_stretch_of_saturated_starts_is_exactly_shared(
    weights: tuple[int, ...], place: int, rounds: int
) -> None:
    """Wherever the round stood before, and however much of it."""
    size = len(round_of(weights))
    agent, policy = an_agent(slots=rounds * size), Policy(max_parallel=1000, band_weights=weights)
    snapshot = a_start_snapshot(*full_bands(rounds * size), agents=(agent,), policy=policy)

    plan = plan_start(snapshot._replace(cursor=Cursor(place)))

    bands = Counter(band_of(start.task.priority, policy) for start in plan.starts)
    assert bands == {band: rounds * round_of(weights).count(band) for band in range(len(BANDS))}


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 31)), min_size=1, max_size=15))
def test_a_turn_is_taken_by_what_was_started_or_is_owed(looks: list[tuple[int, int]]) -> None:
    """``looks``: how many slots there are in a pass, and which of its starts come to nothing."""
    policy, cursor, started = Policy(max_parallel=1000, band_weights=SHARES), Cursor(), Counter[int]()
    turns = round_of(SHARES)
    total = 0
    for slots, lost in looks:
        snapshot = a_start_snapshot(*full_bands(30), agents=(an_agent(slots=slots),), policy=policy)
        starts = plan_start(snapshot._replace(cursor=cursor)).starts
        came_off = {start.task.id for at, start in enumerate(starts) if not lost >> at & 1}
        taken = [(start.turn, start.task.id) for start in starts if start.turn is not None]
        cursor = moved(cursor, taken, policy, came_off.__contains__)
        started.update(turn.band for turn, task_id in taken if task_id in came_off)
        total += sum(turn.place is not None for turn, _ in taken)

    assert started + Counter(cursor.owed) == Counter(islice(cycle(turns), total))


@given(crowds(), st.integers(1, 40 * HOUR_S), st.data())
def test_waiting_longer_never_lowers_a_rank(
    snapshot: StartSnapshot, more_s: int, data: st.DataObject
) -> None:
    """Who starts would have started too after a longer wait, turns or not."""
    started = [start.task for start in plan_start(snapshot).starts]
    if not started:
        return
    task = data.draw(st.sampled_from(started))
    before = snapshot.waiting.get(task.id, a_wait(task, 0))
    longer = before._replace(since=(before.since or NOW) - timedelta(seconds=more_s))

    plan = plan_start(snapshot._replace(waiting={**snapshot.waiting, task.id: longer}))

    assert task in [start.task for start in plan.starts]


@given(st.floats(-100, 100), waits_s, waits_s, policies)
def test_the_band_of_a_task_only_gets_better(
    priority: float, one_s: int, more_s: int, policy: Policy
) -> None:
    band = band_of(priority, policy)

    assert aged(band, one_s + more_s, policy) <= aged(band, one_s, policy) <= band


@given(crowds())
def test_nothing_goes_before_an_overdue_task_but_what_has_waited_longer(snapshot: StartSnapshot) -> None:
    """The bound of every wait, where there are no turns: a day, and those that have waited longer."""
    if snapshot.policy.band_weights or not snapshot.policy.orders_blockers_first:
        return
    key = rank(view_of(snapshot))
    plan = plan_start(snapshot)
    held = {held.task_id for held in plan.held if held.reason == "agent_full"}
    overdue = [task for task in tasks_of(snapshot) if task.id in held and key(task)[0] == OVERDUE]

    for task in overdue:
        assert all(wait_of(start.task, snapshot) >= wait_of(task, snapshot) for start in plan.starts)


def wait_of(task: Task, snapshot: StartSnapshot) -> float:
    found = snapshot.waiting.get(task.id)
    return 0.0 if found is None or found.since is None else (snapshot.now - found.since).total_seconds()


@given(crowds())
def test_starts_come_in_the_order_of_the_contract_also_when_tasks_have_aged(snapshot: StartSnapshot) -> None:
    """Overdue by wait; then aged band, blocks others, priority, wait, creation; written down once more."""
    policy = snapshot.policy
    if policy.band_weights or not policy.orders_blockers_first:
        return
    blocks = Counter(task.blocked_by for task in tasks_of(snapshot) if task.is_blocked)

    def key(task: Task) -> tuple[float, ...]:
        wait_s = wait_of(task, snapshot)
        if policy.overdue_s and wait_s >= policy.overdue_s:
            return (0, -wait_s, task.created_at.timestamp(), int(task.id))
        steps = wait_s // policy.ageing_s if policy.ageing_s else 0
        floors = (10, 5, 0)
        band = max(0, sum(task.priority < floor for floor in floors) - steps)
        age = (-wait_s, task.created_at.timestamp(), int(task.id))
        return (1, band, -blocks[task.id], -task.priority, *age)

    starts = [start.task for start in plan_start(snapshot).starts]

    assert starts == sorted(starts, key=key)


def minute_of_its_start(
    low: Task, before: Sequence[Task], load: Iterator[Sequence[Task]], policy: Policy
) -> int:
    """One task starts each minute, and is over by the next. ``load``: what comes each minute, without end."""
    backlog, now, waiting = [low, *before], NOW, dict[TaskId, Waiting]()
    for minute, new in enumerate(load):
        backlog += new
        snapshot = a_start_snapshot(*backlog, agents=(an_agent(),), policy=policy)
        snapshot = snapshot._replace(now=now, waiting=waiting)
        plan = plan_start(snapshot)
        (start,) = plan.starts
        if start.task == low:
            return minute
        waiting = remembered(snapshot, plan, ())
        backlog.remove(start.task)
        waiting.pop(start.task.id, None)
        now += timedelta(minutes=1)
    raise AssertionError("the load has an end")


def test_a_low_task_under_endless_high_load_starts_within_the_bound() -> None:
    """Two high tasks come each minute and one can start: without ageing it would never come first."""
    policy = Policy(max_parallel=1, ageing_s=1800, overdue_s=2 * HOUR_S)
    ids = count(2)
    load = ([a_task(str(next(ids)), priority=7) for _ in range(2)] for _ in count())

    minute = minute_of_its_start(a_task("1", priority=-1), (), load, policy)

    assert 2 * 60 <= minute <= 2 * 60 + 1


arrivals = st.lists(st.tuples(st.sampled_from(PRIORITIES), st.booleans()), min_size=1, max_size=3)


@given(
    st.lists(st.sampled_from(PRIORITIES), max_size=5),
    st.lists(arrivals, min_size=1, max_size=5),
    st.sampled_from([(), SHARES, (1, 6, 1, 1)]),
    st.sampled_from([0, 180]),
)
def test_no_load_keeps_a_low_task_waiting_for_longer_than_the_bound(
    before: list[float], each: list[list[tuple[float, bool]]], weights: tuple[int, ...], ageing_s: int
) -> None:
    """Until it is overdue, and then for those that have waited as long: whatever comes each minute, however
    urgent and whoever waits for it, with turns and without."""
    policy = Policy(max_parallel=1, ageing_s=ageing_s, overdue_s=600, band_weights=weights)
    ids = count(2)

    def new(comes: list[tuple[float, bool]]) -> Iterator[Task]:
        for priority, is_waited_for in comes:
            task_id = str(next(ids))
            yield a_task(task_id, priority=priority)
            if is_waited_for:
                yield a_task(str(next(ids)), priority=priority, blocked_by=task_id)

    first = [a_task(str(next(ids)), priority=priority) for priority in before]
    load = (list(new(comes)) for comes in cycle(each))

    minute = minute_of_its_start(a_task("1", priority=-1), first, load, policy)

    assert minute <= 10 + len(first) + len(each[0])


@given(crowds(), st.integers(0, 5000))
def test_what_is_remembered_is_the_same_when_nothing_has_changed(
    snapshot: StartSnapshot, later_s: int
) -> None:
    """Or each pass would write."""
    plan = plan_start(snapshot._replace(agents=(an_agent(slots=1),), policy=Policy(max_parallel=0)))
    first = remembered(snapshot, plan, ())
    again = remembered(snapshot._replace(waiting=first, now=NOW + timedelta(seconds=later_s)), plan, ())

    starving = {task_id for task_id, found in again.items() if found.starving_since is not None}
    assert {k: v for k, v in again.items() if k not in starving} == {
        k: v for k, v in first.items() if k not in starving
    }


@given(crowds(), st.integers(-100_000, 100_000))
def test_a_clock_that_jumps_makes_no_time(snapshot: StartSnapshot, jump_s: int) -> None:
    """Backwards: nothing has waited less than nothing; a time in the future begins now."""
    plan = plan_start(snapshot)
    first = remembered(snapshot, plan, ())
    jumped = snapshot._replace(waiting=first, now=NOW + timedelta(seconds=jump_s))

    for found in remembered(jumped, plan, ()).values():
        assert found.held_since <= jumped.now
        assert found.since is None or found.since <= jumped.now
        assert found.waited_s >= 0


def test_what_is_not_ours_is_not_remembered() -> None:
    foreign = a_task("1", queue="foreign")
    snapshot = a_start_snapshot(foreign, agents=(an_agent(),))

    assert remembered(snapshot, plan_start(snapshot), ()) == {}
