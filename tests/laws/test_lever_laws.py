"""What ``explain`` tells a person to do is enough: with the one cause removed, the task starts.

Held for several causes at once, a task names the first; then its lever brings the next one to light, and
after the last of them the task starts.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.laws.levers import LEVERS, pull
from tests.laws.start_worlds import known, only, seen
from tests.strategies import start_snapshots
from tests.unit.planner.test_holds import EXAMPLES
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.rules import RULES

GATES: tuple[HeldReason, ...] = ("paused", "account_limited", "agent_quarantined", "inactive_hours")
"""Shut for an agent; of one that is given nothing anyway nobody looks whether they are."""
ELSEWHERE: tuple[HeldReason, ...] = (
    *("disabled", "no_recipe", "no_agent", "no_capability", "out_of_scope", "cooldown"),
    *GATES,
)
"""What is true of whoever is asked now."""
HIDDEN: Mapping[HeldReason, tuple[HeldReason, ...]] = {
    # In the pool, or in another queue, others are asked than before.
    "not_ours": ELSEWHERE,
    "no_agent": ELSEWHERE,
    "leased": ("not_ours",),
    "settling": ("not_ours",),
    "disabled": ("no_recipe", "no_agent", "cooldown", *GATES),
    "no_recipe": GATES,
}
"""What nobody can see as long as another row holds."""
SAME_MAX = 4
"""``agent_full`` speaks of an account first and then of each of three agents."""


def alone(task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    """Nobody else waits: a lever for room lets one more in, and that is the first of the line."""
    return snapshot._replace(backlog=Known(only(snapshot, task.id)))


def same_task(task: Task, snapshot: StartSnapshot) -> Task:
    """As it is after a lever, which may have given it another id."""
    return next(iter(known(snapshot).tasks))


def reasons_until_it_starts(task: Task, snapshot: StartSnapshot) -> list[HeldReason]:
    """Pull the lever that is named, again and again."""
    met: list[HeldReason] = []
    while True:
        told = explain(task, snapshot)
        if told.standing == "starts":
            return met
        held = told.held or Held(task.id, "working_elsewhere", "it is archived", lever="task update")
        assert met.count(held.reason) < SAME_MAX, (met, held)
        met.append(held.reason)
        snapshot = alone_after(pull(held, task, snapshot))
        task = same_task(task, snapshot)


def alone_after(snapshot: StartSnapshot) -> StartSnapshot:
    backlog = known(snapshot)
    return snapshot._replace(backlog=Known(backlog._replace(is_cut=False, gaps=(), working=())))


def its_levers_start_it(snapshot: StartSnapshot, data: st.DataObject) -> None:
    """Any task of the world that is not complete."""
    assume(seen(snapshot))
    task = data.draw(st.sampled_from(seen(snapshot)))
    assume(task.status != "complete")

    reasons_until_it_starts(task, alone_after(alone(task, snapshot)))


@given(start_snapshots(), st.data())
def test_pulling_the_levers_that_are_named_starts_any_task(
    snapshot: StartSnapshot, data: st.DataObject
) -> None:
    its_levers_start_it(snapshot, data)


@given(start_snapshots(), st.data())
def test_a_lever_brings_nothing_to_light_that_was_said_to_be_well(
    snapshot: StartSnapshot, data: st.DataObject
) -> None:
    """What holds after it was held before, by ``explain``'s own rows, or could not be asked yet."""
    assume(seen(snapshot))
    task = data.draw(st.sampled_from(seen(snapshot)))
    world = alone_after(alone(task, snapshot))
    told = explain(task, world)
    assume(told.held is not None and told.standing == "held" and task.status != "complete")
    assert told.held is not None
    held = told.held
    holding = [row.name for row in told.rows if row.verdict == "holds"]
    unasked = [row.name for row in told.rows if row.verdict == "skipped"]

    after = pull(held, task, world)

    again = explain(same_task(task, after), after)
    if again.standing != "starts":
        assert again.held is not None
        assert again.held.reason in (*holding, *unasked, *HIDDEN.get(held.reason, ()))


@pytest.mark.parametrize(
    ("snapshot", "reason"), [pytest.param(world, reason, id=name) for name, world, reason, _ in EXAMPLES]
)
def test_each_example_starts_with_the_lever_of_its_reason(
    snapshot: StartSnapshot, reason: HeldReason
) -> None:
    """One reason each, one lever each."""
    task = seen(snapshot)[0]

    met = reasons_until_it_starts(task, snapshot)

    assert met[0] == reason
    assert set(met) == {reason}


def test_every_reason_of_a_plan_has_a_lever() -> None:
    assert set(LEVERS) == {rule.reason for rule in RULES if rule.asked != "looking"}
