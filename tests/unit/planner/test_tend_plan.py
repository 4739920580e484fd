"""What a plan makes of many leases: limits, and an order (features A8)."""

from __future__ import annotations

from tests.builders import a_broken_lease, a_lease, a_tend_snapshot, facts
from tinyscheduler.model.action import Keep, Quarantine, Reclaim, task_of
from tinyscheduler.model.policy import Policy
from tinyscheduler.planner.tend import plan_tend


def test_the_longest_without_a_beat_are_ended_first() -> None:
    ages = {"1": 100, "2": 300, "3": 200}
    late = [facts(a_lease(task_id), beat_age_s=age) for task_id, age in ages.items()]

    plan = plan_tend(a_tend_snapshot(*late, policy=Policy(kills_max=2)))

    ended = {action.lease.task_id for action in plan.actions if isinstance(action, Reclaim)}
    kept = {a.lease.task_id: a.reason for a in plan.actions if isinstance(a, Keep)}
    assert ended == {"2", "3"}
    assert kept == {"1": "kill_limit"}
    assert plan.limits_reached == ("2 kills in one pass",)


def test_of_150_silent_runs_100_are_ended_in_a_pass_and_50_in_the_next() -> None:
    """Features A8; and none of those that have beaten since."""
    silent = [facts(a_lease(str(n)), beat_age_s=100 + n) for n in range(150)]

    first = plan_tend(a_tend_snapshot(*silent))
    ended = {action.lease.task_id for action in first.actions if isinstance(action, Reclaim)}
    left = [found for found in silent if found.lease.task_id not in ended]
    second = plan_tend(a_tend_snapshot(*left))

    assert ended == {str(n) for n in range(50, 150)}
    assert [type(action) for action in second.actions] == [Reclaim] * 50
    assert (first.limits_reached, second.limits_reached) == (("100 kills in one pass",), ())


def test_after_a_reboot_everybody_is_reclaimed_at_once() -> None:
    gone = [facts(a_lease(str(n)), wrapper="dead", is_same_boot=False) for n in range(150)]

    plan = plan_tend(a_tend_snapshot(*gone, policy=Policy(kills_max=100)))

    assert [type(action) for action in plan.actions] == [Reclaim] * 150
    assert plan.limits_reached == ()


def test_a_broken_lease_is_quarantined_and_stays() -> None:
    broken = a_broken_lease("7", "it is a symbolic link")

    plan = plan_tend(a_tend_snapshot(broken=[broken]))

    assert plan.actions == (Quarantine(broken, "it is a symbolic link"),)


def test_of_150_broken_leases_100_are_looked_after_in_a_pass() -> None:
    """Each costs some syncs; the others hold their tasks as they are (law 10)."""
    broken = [a_broken_lease(str(n), "it is empty") for n in range(100, 250)]

    plan = plan_tend(a_tend_snapshot(broken=broken))

    assert [task_of(action) for action in plan.actions] == [str(n) for n in range(100, 200)]
    assert plan.limits_reached == ("100 leases that cannot be read in one pass; 50 are left as they are",)


def test_stops_come_first_and_within_a_kind_the_tasks_are_in_order() -> None:
    """All that is stopped shares one grace; what frees slots comes next."""
    snapshot = a_tend_snapshot(
        facts(a_lease("1")),
        facts(a_lease("2", state="finished")),
        facts(a_lease("3", state="claiming")),
        facts(a_lease("4", state="starting"), wrapper="dead", run_age_s=99),
        facts(a_lease("6"), wrapper="dead"),
        facts(a_lease("5"), beat_age_s=99),
        broken=[a_broken_lease("7")],
    )

    plan = plan_tend(snapshot)

    assert [(type(action).__name__, task_of(action)) for action in plan.actions] == [
        ("Reclaim", "5"),
        ("Reclaim", "6"),
        ("Revoke", "4"),
        ("Undo", "3"),
        ("Settle", "2"),
        ("Quarantine", "7"),
        ("Keep", "1"),
    ]
