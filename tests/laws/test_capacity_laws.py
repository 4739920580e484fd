"""What holds of the room a start plan takes: no cap is ever exceeded, and no room is left unused."""

from __future__ import annotations

from hypothesis import assume, given

from tests.laws.start_worlds import (
    after,
    known,
    only,
    seen,
)
from tests.strategies import start_snapshots
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.start import plan_start


def busy(snapshot: StartSnapshot) -> list[Lease]:
    """Leases that take room: a finished one holds its task, not its slot."""
    return [lease for lease in snapshot.leases if lease.state != "finished"]


def assert_within(used: int, used_before: int, cap: int, what: str) -> None:
    """Never above a cap, but what runs already may be above one that was lowered."""
    assert used <= max(cap, used_before), f"{what}: {used} of {cap}, {used_before} before the plan"


@given(start_snapshots())
def test_the_plan_never_exceeds_the_global_cap(snapshot: StartSnapshot) -> None:
    planned = after(snapshot, plan_start(snapshot).starts)
    broken = len(snapshot.broken)

    assert_within(
        len(busy(planned)) + broken,
        len(busy(snapshot)) + broken,
        snapshot.policy.max_parallel,
        "all agents and broken leases",
    )


@given(start_snapshots())
def test_the_plan_never_exceeds_an_agents_slots(snapshot: StartSnapshot) -> None:
    planned = after(snapshot, plan_start(snapshot).starts)

    for agent in snapshot.agents:
        before = sum(lease.agent == agent.name for lease in busy(snapshot))
        now = sum(lease.agent == agent.name for lease in busy(planned))
        assert_within(now, before, max(0, agent.slots), agent.name)


@given(start_snapshots())
def test_the_plan_never_exceeds_the_cap_of_a_queue_an_account_or_a_tag(snapshot: StartSnapshot) -> None:
    before, now = busy(snapshot), busy(after(snapshot, plan_start(snapshot).starts))

    for queue, cap in snapshot.policy.queue_caps:
        assert_within(
            sum(lease.queue == queue for lease in now),
            sum(lease.queue == queue for lease in before),
            cap,
            queue,
        )
    for account, cap in snapshot.policy.account_caps:
        assert_within(
            sum(lease.account == account for lease in now),
            sum(lease.account == account for lease in before),
            cap,
            account,
        )
    for tag, cap in snapshot.policy.tag_caps:
        assert_within(
            sum(tag in lease.tags for lease in now), sum(tag in lease.tags for lease in before), cap, tag
        )


@given(start_snapshots())
def test_finished_leases_take_no_room(snapshot: StartSnapshot) -> None:
    """Only their own tasks are held; every other task fares as if they were gone."""
    ended = {lease.task_id for lease in snapshot.leases if lease.state == "finished"}
    tasks = (*seen(snapshot), *known(snapshot).working)
    assume(not ended & {task.id for task in tasks})
    # Who waits for one of them is told that its run has ended.
    assume(not ended & {task.blocked_by for task in tasks})

    assert plan_start(snapshot) == plan_start(snapshot._replace(leases=tuple(busy(snapshot))))


@given(start_snapshots())
def test_no_task_waits_for_room_that_is_there(snapshot: StartSnapshot) -> None:
    """A full queue, agent or tag holds its own tasks only; nobody stands behind them."""
    plan = plan_start(snapshot)
    planned = after(snapshot, plan.starts)
    for held in plan.held:
        if held.reason in ("queue_cap", "agent_full", "global_cap"):
            alone = planned._replace(backlog=Known(only(planned, held.task_id)))
            assert plan_start(alone).starts == ()
