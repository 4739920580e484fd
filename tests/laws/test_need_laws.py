"""What holds of every plan for tasks that say what they need (features D10 to D13, D18)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.needy_worlds import needy_worlds
from tests.laws.test_ownership_laws import meant
from tinyscheduler.model.hints import Hints
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.hints import hints_of
from tinyscheduler.planner.resources import needed, plus
from tinyscheduler.planner.start import plan_start


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
def test_nothing_starts_that_nobody_has_approved_or_that_says_nonsense(snapshot: StartSnapshot) -> None:
    for start in plan_start(snapshot).starts:
        hints, ledger = hints_of(start.task), snapshot.ledgers.get(start.task.id)
        assert hints.fault is None
        assert not hints.needs_approval or (isinstance(ledger, Ledger) and ledger.approvals)


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
