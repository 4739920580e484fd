"""More room never starts less: the plan of a world with one more slot, where slots are all that is short.

Where caps are short as well this cannot hold: what the new slot starts may take the last place of a queue
from a task behind it.
"""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.strategies import start_snapshots
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.start import plan_start


def short_of_slots_alone(snapshot: StartSnapshot) -> StartSnapshot:
    policy = snapshot.policy._replace(max_parallel=1000, queue_caps=(), account_caps=(), tag_caps=())
    return snapshot._replace(policy=policy)


def with_one_more_slot(snapshot: StartSnapshot, name: str) -> StartSnapshot:
    agents = tuple(
        agent._replace(slots=max(0, agent.slots) + 1) if agent.name == name else agent
        for agent in snapshot.agents
    )
    return snapshot._replace(agents=agents)


def started(snapshot: StartSnapshot) -> set[TaskId]:
    return {start.task.id for start in plan_start(snapshot).starts}


@given(start_snapshots(), st.data())
def test_one_more_slot_starts_the_same_tasks_and_at_most_one_more(
    snapshot: StartSnapshot, data: st.DataObject
) -> None:
    assume(snapshot.agents)
    world = short_of_slots_alone(snapshot)
    name = data.draw(st.sampled_from([agent.name for agent in snapshot.agents]))

    before, after = started(world), started(with_one_more_slot(world, name))

    assert before <= after
    assert len(after) <= len(before) + 1
