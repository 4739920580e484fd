"""What holds of every tend plan, whatever the leases look like (design 3 and 6)."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import tend_snapshots
from tinyscheduler.model.action import Keep, Quarantine, Reclaim, Release, Revoke, TendPlan, task_of
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.snapshot import LeaseFacts, TendSnapshot
from tinyscheduler.planner.tend import decide, plan_tend


def facts_by_task(snapshot: TendSnapshot) -> dict[TaskId, LeaseFacts]:
    return {facts.lease.task_id: facts for facts in snapshot.leases}


def reclaims_of_the_living(snapshot: TendSnapshot, plan: TendPlan) -> list[LeaseFacts]:
    known = facts_by_task(snapshot)
    ended = [known[task_of(action)] for action in plan.actions if isinstance(action, Reclaim)]
    return [facts for facts in ended if facts.wrapper == "alive"]


@given(tend_snapshots())
def test_every_lease_gets_exactly_one_action(snapshot: TendSnapshot) -> None:
    expected = [facts.lease.task_id for facts in snapshot.leases]
    expected += [broken.task_id for broken in snapshot.broken]

    assert Counter(expected) == Counter(task_of(action) for action in plan_tend(snapshot).actions)


@given(tend_snapshots(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(snapshot: TendSnapshot, random: Random) -> None:
    leases = tuple(random.sample(snapshot.leases, len(snapshot.leases)))
    broken = tuple(random.sample(snapshot.broken, len(snapshot.broken)))

    assert plan_tend(snapshot._replace(leases=leases, broken=broken)) == plan_tend(snapshot)


@given(tend_snapshots())
def test_no_more_living_wrappers_are_ended_than_the_limit_allows(snapshot: TendSnapshot) -> None:
    """A bad clock or a bad release must not end everybody at once (features A8)."""
    plan = plan_tend(snapshot)

    assert len(reclaims_of_the_living(snapshot, plan)) <= snapshot.policy.kills_max


@given(tend_snapshots())
def test_the_limit_spares_those_that_beat_last_and_says_so(snapshot: TendSnapshot) -> None:
    plan = plan_tend(snapshot)
    known = facts_by_task(snapshot)
    spared = [a for a in plan.actions if isinstance(a, Keep) and a.reason == "kill_limit"]
    ended = reclaims_of_the_living(snapshot, plan)

    assert all(facts.beat_age_s >= known[task_of(action)].beat_age_s for facts in ended for action in spared)
    assert bool(spared) == bool(plan.limits_reached)


@given(tend_snapshots())
def test_dead_wrappers_have_no_limit(snapshot: TendSnapshot) -> None:
    """There is nobody to kill by mistake; a reboot may leave hundreds."""
    plan = plan_tend(snapshot)
    known = facts_by_task(snapshot)

    for action in plan.actions:
        if not isinstance(action, Quarantine) and known[task_of(action)].wrapper == "dead":
            assert action == decide(known[task_of(action)], snapshot)


@given(tend_snapshots())
def test_a_process_we_cannot_see_is_never_reclaimed(snapshot: TendSnapshot) -> None:
    """Law 4: unknown is not dead. What was closed by a revocation is ended all the same: the owner name
    was linked by a pass of this folder, so no wrapper can have adopted the lease. And a person may
    take the blame."""
    plan = plan_tend(snapshot)
    known = facts_by_task(snapshot)

    for action in plan.actions:
        if isinstance(action, Reclaim | Revoke) and known[task_of(action)].wrapper == "unknown":
            owner = known[task_of(action)].owner
            assert owner is not None
            assert owner.by == "revoked"


@given(tend_snapshots())
def test_nothing_of_a_run_that_beats_in_time_is_ended(snapshot: TendSnapshot) -> None:
    """The one thing a scheduler must never do to its users."""
    plan = plan_tend(snapshot._replace(is_estopped=False))
    known = facts_by_task(snapshot)

    for action in plan.actions:
        if isinstance(action, Reclaim) and known[task_of(action)].wrapper == "alive":
            facts = known[task_of(action)]
            is_late = facts.beat_age_s > max(3 * facts.lease.heartbeat_interval_s, 45)
            is_overdue = facts.run_age_s > facts.lease.hard_limit_s
            # The name of a wrapper that nobody can read: no beat of it can come, and no other can adopt.
            is_nameless = facts.is_owner_unreadable
            assert is_late or is_overdue or is_nameless or facts.intent is not None or facts.unwanted


@given(tend_snapshots())
def test_estop_keeps_no_run_of_this_machine(snapshot: TendSnapshot) -> None:
    """All but those whose wrapper is just adopting: the wrapper looks at ESTOP itself, and the next
    pass finds it running."""
    unlimited = snapshot.policy._replace(kills_max=len(snapshot.leases))
    plan = plan_tend(snapshot._replace(is_estopped=True, policy=unlimited))

    kept = {action.reason for action in plan.actions if isinstance(action, Keep)}
    assert kept <= {"unknown_host", "being_adopted"}


@given(tend_snapshots())
def test_what_ends_processes_comes_before_what_talks_to_the_server(snapshot: TendSnapshot) -> None:
    kinds = [type(action).__name__ for action in plan_tend(snapshot).actions]
    order = ["Reclaim", "Release", "Revoke", "Undo", "Settle", "Quarantine", "Keep"]

    assert kinds == sorted(kinds, key=order.index)


@given(tend_snapshots())
def test_nothing_is_given_up_without_proof_unless_a_person_asks(snapshot: TendSnapshot) -> None:
    """And never while its wrapper is seen alive."""
    known = facts_by_task(snapshot)

    for action in plan_tend(snapshot).actions:
        if isinstance(action, Release):
            facts = known[task_of(action)]
            assert facts.intent is not None
            assert facts.intent.kind == "release"
            assert facts.wrapper != "alive"
