"""What holds of every start plan, whatever the world looks like (design 3, contracts)."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TypeVar, get_args

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_pause, a_start_snapshot, a_task, an_agent
from tests.laws.start_worlds import (
    after,
    answered,
    known,
    only,
    seen,
)
from tests.strategies import start_snapshots
from tinyscheduler.model.action import Start, StartPlan
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.bands import band_of
from tinyscheduler.planner.holds import Questions, first_hold
from tinyscheduler.planner.retry import fingerprint
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.view import view_of

T = TypeVar("T")
REASONS: tuple[HeldReason, ...] = get_args(HeldReason)
WITHOUT_A_LEVER = ("leased", "settling")
"""Nothing a person does makes a run end sooner but ending it; the next passes settle by themselves."""


@given(start_snapshots())
def test_no_task_with_a_lease_is_started(snapshot: StartSnapshot) -> None:
    taken = {lease.task_id for lease in snapshot.leases} | {broken.task_id for broken in snapshot.broken}

    assert not taken & {start.task.id for start in plan_start(snapshot).starts}


@given(start_snapshots())
def test_every_task_is_started_or_held_exactly_once(snapshot: StartSnapshot) -> None:
    plan = plan_start(snapshot)
    decided = [start.task.id for start in plan.starts] + [held.task_id for held in plan.held]

    assert Counter(answered(snapshot)) == Counter(decided)


@given(start_snapshots())
def test_what_somebody_works_on_is_never_started(snapshot: StartSnapshot) -> None:
    working = {task.id for task in known(snapshot).working}

    assert not working & {start.task.id for start in plan_start(snapshot).starts}


@given(start_snapshots())
def test_every_held_task_has_a_known_reason_a_value_and_a_lever(snapshot: StartSnapshot) -> None:
    for held in plan_start(snapshot).held:
        assert held.reason in REASONS
        assert held.value
        assert held.lever or held.reason in WITHOUT_A_LEVER, f"nobody is told what to do about {held}"


@given(start_snapshots(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(snapshot: StartSnapshot, random: Random) -> None:
    assert plan_start(shuffled(snapshot, random)) == plan_start(snapshot)


def shuffled(snapshot: StartSnapshot, random: Random) -> StartSnapshot:
    def mixed(things: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(random.sample(things, len(things)))

    ledgers = dict(random.sample(list(snapshot.ledgers.items()), len(snapshot.ledgers)))
    backlog = known(snapshot)
    return snapshot._replace(
        backlog=Known(backlog._replace(tasks=mixed(backlog.tasks))),
        leases=mixed(snapshot.leases),
        broken=mixed(snapshot.broken),
        agents=mixed(snapshot.agents),
        ledgers=ledgers,
    )


@given(start_snapshots())
def test_planning_again_after_the_starts_starts_nothing_more(snapshot: StartSnapshot) -> None:
    planned = after(snapshot, plan_start(snapshot).starts)

    assert plan_start(planned).starts == ()


@given(start_snapshots())
def test_an_unknown_backlog_starts_nothing(snapshot: StartSnapshot) -> None:
    plan = plan_start(snapshot._replace(backlog=Unknown("nobody answers")))

    assert (plan.starts, plan.held) == ((), ())


@given(
    start_snapshots(),
    st.sampled_from(["is_estopped", "pauses", "is_enabled", "free_mb"]),
)
def test_a_switch_that_is_off_starts_nothing(snapshot: StartSnapshot, switch: str) -> None:
    off = {
        "is_estopped": snapshot._replace(is_estopped=True),
        "pauses": snapshot._replace(pauses=(a_pause(),)),
        "is_enabled": snapshot._replace(policy=snapshot.policy._replace(is_enabled=False)),
        "free_mb": snapshot._replace(free_mb=snapshot.policy.min_free_mb - 1),
    }

    assert plan_start(off[switch]).starts == ()


def may_run(start: Start) -> bool:
    task, agent = start.task, start.agent
    serves = task.queue in agent.queues if task.assigned_to is None else task.assigned_to == agent.name
    return serves and agent.is_enabled and bool(agent.command) and agent.slots > 0


@given(start_snapshots())
def test_a_task_starts_only_on_its_assignee_or_an_enabled_agent_of_its_queue(snapshot: StartSnapshot) -> None:
    assert all(may_run(start) for start in plan_start(snapshot).starts)


@given(start_snapshots())
def test_no_agent_gets_a_task_again_that_it_had_a_moment_ago(snapshot: StartSnapshot) -> None:
    """Features D16: an agent that ends at once is started once a minute at most."""
    for start in plan_start(snapshot).starts:
        ledger = snapshot.ledgers.get(start.task.id)
        past = ledger.outcomes if isinstance(ledger, Ledger) else ()
        theirs = [run for run in past if run.agent == start.agent.name]
        assert all((snapshot.now - run.at).total_seconds() >= 60 for run in theirs)


def is_startable(task: Task, snapshot: StartSnapshot) -> bool:
    ledger = snapshot.ledgers.get(task.id)
    if isinstance(ledger, BrokenLedger):
        return False
    if isinstance(ledger, Ledger):
        is_parked = ledger.parked is not None and ledger.parked.fingerprint == fingerprint(task)
        is_early = ledger.not_before is not None and ledger.not_before > snapshot.now
        if is_parked or is_early or ledger.open is not None:
            return False
    return (
        task.status == "idle"
        and task.archived_at is None
        and not task.is_blocked
        and task.id not in known(snapshot).open_parents
    )


@given(start_snapshots())
def test_blocked_parked_waiting_and_busy_tasks_are_never_started(snapshot: StartSnapshot) -> None:
    assert all(is_startable(start.task, snapshot) for start in plan_start(snapshot).starts)


@given(start_snapshots())
def test_starts_come_in_the_order_of_the_contract(snapshot: StartSnapshot) -> None:
    """Band, blocks others, priority, waiting since, id (contracts, Order of starts)."""
    waiting = Counter(task.blocked_by for task in seen(snapshot) if task.is_blocked)
    blocks = waiting if snapshot.policy.orders_blockers_first else Counter[TaskId | None]()

    def key(start: Start) -> tuple[float, ...]:
        task = start.task
        band = band_of(task.priority, snapshot.policy) if snapshot.policy.orders_blockers_first else 0
        return (band, -blocks[task.id], -task.priority, task.created_at.timestamp())

    keys = [key(start) for start in plan_start(snapshot).starts]

    assert keys == sorted(keys)


@given(start_snapshots())
def test_what_is_said_of_a_full_place_is_true_for_every_task_of_it(snapshot: StartSnapshot) -> None:
    """It is worked out once for all tasks with the same candidates."""
    plan = plan_start(snapshot)
    planned = after(snapshot, plan.starts)
    for held in plan.held:
        if held.reason == "agent_full":
            (alone,) = plan_start(planned._replace(backlog=Known(only(planned, held.task_id)))).held
            # The starts of the plan may have filled the queue as well; when they end is known when they run.
            assert alone.reason == "queue_cap" or alone._replace(ends_by_at=held.ends_by_at) == held


@given(start_snapshots())
def test_rows_about_leases_and_ledgers_say_nothing_of_tasks_without(snapshot: StartSnapshot) -> None:
    """They are passed over for such tasks, which are nearly all there are."""
    view = view_of(snapshot)
    everybody = view._replace(met=frozenset(task.id for task in seen(snapshot)))
    for task in seen(snapshot):
        assert first_hold(task, view) == first_hold(task, everybody)


@given(start_snapshots())
def test_what_is_said_of_a_clear_place_is_true_for_every_task_of_it(snapshot: StartSnapshot) -> None:
    """Nothing is held there, so its tasks are not asked about it again."""
    view = view_of(snapshot)
    known: Questions = {}
    for task in seen(snapshot):
        assert first_hold(task, view, known) == first_hold(task, view)


def plan_of_strange_tasks(task_id: str, priority: float, text: str) -> StartPlan:
    strange = a_task(task_id, priority=priority, title=text, description=text, queue=text, tags=(text,))
    assigned = a_task("2", assigned_to=text, priority=-priority)
    return plan_start(a_start_snapshot(strange, assigned, agents=(an_agent(queues=("dev", text)),)))


@given(st.text(max_size=70), st.floats(allow_nan=False), st.text(max_size=30) | st.just("\ud800"))
def test_no_text_and_no_number_ends_the_planner(task_id: str, priority: float, text: str) -> None:
    """All of it comes from a server anybody may write to."""
    plan = plan_of_strange_tasks(task_id, priority, text)

    assert len(plan.starts) + len(plan.held) == 2


def test_an_id_of_five_thousand_digits_is_held_like_any_other_bad_id() -> None:
    plan = plan_of_strange_tasks("9" * 5000, 0.0, "dev")

    assert "bad_task" in [held.reason for held in plan.held]
