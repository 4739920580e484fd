"""What holds of every start plan when agents are quarantined and accounts are limited (features C6 to
C8): nothing starts behind a shut gate, one task behind one that is to be tried, and all say why."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.start_worlds import after, answered, known
from tests.strategies import start_snapshots
from tinyscheduler.model.breaker import AccountLimit, Accounts, Breakers, Quarantine
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.breakers import account_of
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.gates import gates_of, shut_gate
from tinyscheduler.planner.start import plan_start

THREE = (LeaseId("a"), LeaseId("b"), LeaseId("c"))


@st.composite
def gated_snapshots(draw: st.DrawFn) -> StartSnapshot:
    """Some agents of the world are behind gates, shut or to be tried."""
    snapshot = draw(start_snapshots())
    names = sorted({agent.name for agent in snapshot.agents})
    keys = sorted({account_of(agent) for agent in snapshot.agents})
    moments = st.integers(-900, 900).map(lambda s: snapshot.now + timedelta(seconds=s))
    quarantines = st.builds(Quarantine, st.just(THREE), st.just(snapshot.now), st.none() | moments)
    limits = st.builds(AccountLimit, st.just(snapshot.now), moments, st.just(1), st.just(()))
    agents = draw(st.dictionaries(st.sampled_from(names), quarantines)) if names else {}
    accounts = draw(st.dictionaries(st.sampled_from(keys), limits)) if keys else {}
    return snapshot._replace(breakers=Breakers(agents=agents), accounts=Accounts(accounts))


@given(gated_snapshots())
def test_nothing_starts_behind_a_shut_gate(snapshot: StartSnapshot) -> None:
    gates = gates_of(snapshot)

    assert [s for s in plan_start(snapshot).starts if shut_gate(s.agent, gates) is not None] == []


@given(gated_snapshots())
def test_one_task_at_most_tries_what_was_closed(snapshot: StartSnapshot) -> None:
    gates = gates_of(snapshot)
    keys = [gate.key for start in plan_start(snapshot).starts for gate in gates.get(start.agent.name, ())]

    assert all(count == 1 for count in Counter(keys).values())


@given(gated_snapshots())
def test_the_probe_is_alone_until_it_has_ended(snapshot: StartSnapshot) -> None:
    """Whoever is started is started now, after the gate was opened for one."""
    made = after(snapshot._replace(leases=()), plan_start(snapshot).starts).leases
    begun = tuple(lease._replace(created_at=snapshot.now) for lease in made)

    assert plan_start(snapshot._replace(leases=(*snapshot.leases, *begun))).starts == ()


@given(gated_snapshots())
def test_explain_gives_the_answer_of_the_plan(snapshot: StartSnapshot) -> None:
    """Law 9."""
    plan = plan_start(snapshot)
    answers = {held.task_id: held for held in plan.held}

    for task in known(snapshot).tasks[:3]:
        told = explain(task, snapshot)
        is_over = told.standing in ("complete", "archived")
        assert told.held == (None if is_over else answers.get(task.id))
        assert told.held is None or told.held.reason in [r.name for r in told.rows if r.verdict == "holds"]


@given(gated_snapshots())
def test_every_task_is_started_or_held_once_and_says_why(snapshot: StartSnapshot) -> None:
    plan = plan_start(snapshot)

    decided = [start.task.id for start in plan.starts] + [held.task_id for held in plan.held]
    assert Counter(answered(snapshot)) == Counter(decided)
    assert all(held.value for held in plan.held)
