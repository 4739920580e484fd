"""What is done for a task that starves, step by step (features D15)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.builders import NOW, a_lease, a_start_snapshot, a_task, ago, an_agent
from tests.unit.planner.start_scenes import started
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Waiting

MINUTE = Policy(loop_interval_s=60)
SKILLED = a_task(tags=["cap:gpu"])
PLAIN = a_task()
BUSY = (a_lease("9", agent="dev-1"),)


def starved(task: Task, minutes: float, *agents: Agent, leases: Sequence[Lease] = ()) -> StartSnapshot:
    wait = Waiting(task.created_at, task.queue, None, "no_agent", NOW, ago(9000), 0.0, ago(60 * minutes))
    snapshot = a_start_snapshot(task, agents=agents, leases=leases, policy=MINUTE)
    return snapshot._replace(waiting={task.id: wait})


QA = an_agent("qa-1", queues=("qa",))
ABLE = QA._replace(capabilities=("gpu",))
ON_DEMAND = an_agent("spare-1", is_on_demand=True)
ELSEWHERE = an_agent("spare-1", queues=("qa",), is_on_demand=True)


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        pytest.param(starved(SKILLED, 1.9, ABLE), [], id="a little: nobody else"),
        pytest.param(starved(SKILLED, 2, ABLE), [("1", "qa-1")], id="two: whoever has the capabilities"),
        pytest.param(starved(SKILLED, 9, QA), [], id="whoever has not never does"),
        pytest.param(starved(PLAIN, 9, ABLE), [], id="naming none it says by its queue alone who is able"),
        pytest.param(starved(SKILLED, 9, ABLE._replace(is_enabled=False)), [], id="nobody who is disabled"),
        pytest.param(starved(PLAIN, 3.9, ON_DEMAND), [], id="not yet on demand"),
        pytest.param(starved(PLAIN, 4, ON_DEMAND), [("1", "spare-1")], id="four: on demand, of its queue"),
        pytest.param(
            starved(SKILLED, 4, ELSEWHERE._replace(capabilities=("gpu",))),
            [("1", "spare-1")],
            id="four: on demand, able",
        ),
        pytest.param(starved(PLAIN, 9, ELSEWHERE), [], id="on demand, neither"),
        pytest.param(starved(PLAIN, 3.9, an_agent(), leases=BUSY), [], id="no slot more yet"),
        pytest.param(starved(PLAIN, 4, an_agent(), leases=BUSY), [("1", "dev-1")], id="four: one slot more"),
        pytest.param(
            starved(PLAIN, 9, an_agent(), leases=(*BUSY, a_lease("8", agent="dev-1"))), [], id="and no other"
        ),
    ],
)
def test_who_comes_to_its_relief(snapshot: StartSnapshot, expected: list[tuple[str, str]]) -> None:
    assert started(snapshot) == expected


def test_an_assignee_is_relieved_by_nobody() -> None:
    """Whoever assigned it has said who is to do it."""
    task = a_task(assigned_to="dev-1", tags=["cap:gpu"])
    busy = an_agent(capabilities=("gpu",))

    assert started(starved(task, 3, busy, ABLE, leases=BUSY)) == []
