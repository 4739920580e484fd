"""The ladder of a task that nobody serves (features D15), pass by pass."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.waiting import ATTENTION_ASKED, STARVED_SAID
from tinyscheduler.reconcile.report import Report

TASK = TaskId("1")
STARVES = 3
"""The pass, a minute each, that finds it waiting for more than two: the ladder is counted from it."""
DEV = an_agent("dev-1", slots=1)


def a_stage_without_qa(tmp_path: Path, *agents: Agent, policy: Policy | None = None) -> Stage:
    """Queue qa has a cap and, as long as nobody else is named, no agent."""
    policy = (policy or Policy())._replace(queue_caps=((QueueName("qa"), 9),))
    stage = a_stage(tmp_path, agents=(DEV, *agents), policy=policy)
    stage.engine.adopts_at_once = True
    queues = (*stage.configuration.queues, QueueName("qa"))
    return stage._replace(configuration=stage.configuration._replace(queues=queues))


def passes(stage: Stage, count: int) -> list[Report]:
    """A minute apart; whoever runs goes on."""
    reports = []
    for _ in range(count):
        reports.append(stage.run())
        stage.clock.advance(60)
        for wrapper in stage.engine.wrappers:
            if stage.engine.is_alive(wrapper):
                stage.engine.beat(wrapper)
    return reports


def events(stage: Stage, name: str) -> list[dict[str, object]]:
    folder = Path(stage.configuration.places.journal)
    lines = [json.loads(line) for path in folder.iterdir() for line in path.read_text().splitlines()]
    return [line for line in lines if line["event"] == name]


def comments(stage: Stage, task_id: TaskId = TASK) -> list[str]:
    return [comment.text for comment in stage.server.comments(task_id)]


def started_on(stage: Stage) -> list[str]:
    return [wrapper.order.agent for wrapper in stage.engine.wrappers]


def test_there_is_one_event_at_six_and_one_comment_at_ten(tmp_path: Path) -> None:
    stage = a_stage_without_qa(tmp_path, an_agent("qa-1", queues=("qa",), slots=0))
    stage.server.create(queue="qa")

    passes(stage, STARVES + 6)
    assert (len(events(stage, "task_starved")), comments(stage)) == (0, [])
    (sixth,) = passes(stage, 1)
    assert len(events(stage, "task_starved")) == 1
    assert sixth.ids()["starved"] == [TASK]
    passes(stage, 3)
    assert comments(stage) == []
    passes(stage, 20)

    assert len(events(stage, "task_starved")) == 1
    assert len(comments(stage)) == 1
    assert "qa-1: 0 slots" in comments(stage)[0]
    assert stage.waits().read().tasks[TASK].said == ATTENTION_ASKED
    assert stage.server.task(TASK).status == "idle"


def test_the_comment_is_not_said_again_when_what_was_remembered_is_lost(tmp_path: Path) -> None:
    stage = a_stage_without_qa(tmp_path, an_agent("qa-1", queues=("qa",), slots=0))
    stage.server.create(queue="qa")
    passes(stage, STARVES + 12)
    Path(stage.configuration.places.state, "waiting.json").unlink()

    passes(stage, STARVES + 15)

    assert len(comments(stage)) == 1


def test_being_served_clears_it(tmp_path: Path) -> None:
    stage = a_stage_without_qa(tmp_path, an_agent("qa-1", queues=("qa",), slots=0))
    stage.server.create(queue="qa")
    passes(stage, STARVES + 12)
    with_slots = (DEV, an_agent("qa-1", queues=("qa",), slots=1))
    served = stage._replace(configuration=stage.configuration._replace(agents=with_slots))

    passes(served, 2)

    assert started_on(served) == ["qa-1"]
    assert TASK not in served.waits().read().tasks


def test_a_long_healthy_backlog_says_nothing(tmp_path: Path) -> None:
    stage = a_stage_without_qa(tmp_path)
    for _ in range(5):
        stage.server.create(queue="dev")

    passes(stage, 40)

    assert events(stage, "task_starved") == []
    assert [comments(stage, TaskId(str(at))) for at in range(2, 6)] == [[], [], [], []]
    assert started_on(stage) == ["dev-1"]


def test_a_full_machine_is_no_starvation(tmp_path: Path) -> None:
    """Agents have free slots and the cap of all together is reached."""
    stage = a_stage(tmp_path, agents=[an_agent(slots=5)], policy=Policy(max_parallel=1))
    stage.engine.adopts_at_once = True
    for _ in range(2):
        stage.server.create(queue="dev")

    passes(stage, 30)

    assert events(stage, "task_starved") == []


def test_agents_of_other_queues_help_where_the_task_names_what_it_needs(tmp_path: Path) -> None:
    helper = an_agent("ops-1", queues=("ops",), capabilities=("python", "gpu"))
    stage = a_stage_without_qa(tmp_path, helper)
    stage.server.create(queue="qa", tags=("cap:python",))

    passes(stage, STARVES + 2)
    assert started_on(stage) == []
    passes(stage, 1)

    assert started_on(stage) == ["ops-1"]
    assert stage.server.task(TASK).queue == "qa"


def test_agents_of_other_queues_do_not_help_where_only_the_queue_says_who_can(tmp_path: Path) -> None:
    stage = a_stage_without_qa(tmp_path, an_agent("ops-1", queues=("ops",), capabilities=("python",)))
    stage.server.create(queue="qa")

    passes(stage, STARVES + 20)

    assert started_on(stage) == []


def test_an_able_agent_that_is_full_takes_one_more_and_no_two(tmp_path: Path) -> None:
    busy = an_agent("ops-1", queues=("ops",), slots=1, capabilities=("python",))
    stage = a_stage_without_qa(tmp_path, busy)
    stage.server.create(queue="ops")
    for _ in range(2):
        stage.server.create(queue="qa", tags=("cap:python",))

    passes(stage, STARVES + 4)
    assert started_on(stage) == ["ops-1"]
    passes(stage, 10)

    assert started_on(stage) == ["ops-1", "ops-1"]


def test_one_more_slot_is_never_above_the_cap_of_all(tmp_path: Path) -> None:
    busy = an_agent("ops-1", queues=("ops",), slots=1, capabilities=("python",))
    stage = a_stage_without_qa(tmp_path, busy, policy=Policy(max_parallel=1))
    stage.server.create(queue="ops")
    stage.server.create(queue="qa", tags=("cap:python",))

    passes(stage, STARVES + 20)

    assert started_on(stage) == ["ops-1"]


def test_an_agent_on_demand_gets_what_nobody_else_serves_and_nothing_before(tmp_path: Path) -> None:
    reserve = an_agent("qa-9", queues=("qa", "dev"), is_on_demand=True)
    stage = a_stage_without_qa(tmp_path, reserve)
    stage.server.create(queue="qa")
    for _ in range(3):
        stage.server.create(queue="dev")

    passes(stage, STARVES + 4)
    assert started_on(stage) == ["dev-1"]
    passes(stage, 20)

    assert started_on(stage) == ["dev-1", "qa-9"]


def test_a_paused_task_keeps_its_time_and_is_not_told_of(tmp_path: Path) -> None:
    stage = a_stage_without_qa(tmp_path, an_agent("qa-1", queues=("qa",), slots=0))
    stage.server.create(queue="qa")
    passes(stage, STARVES + 4)
    stage.estop()
    passes(stage, 30)
    assert events(stage, "task_starved") == []
    stage.estop(is_there=False)

    passes(stage, 3)

    assert len(events(stage, "task_starved")) == 1
    assert stage.waits().read().tasks[TASK].said == STARVED_SAID


def test_a_server_that_does_not_answer_gets_the_comment_later(tmp_path: Path) -> None:
    stage = a_stage_without_qa(tmp_path, an_agent("qa-1", queues=("qa",), slots=0))
    stage.server.create(queue="qa")
    passes(stage, STARVES + 9)
    stage.server.unavailable = True
    passes(stage, 5)
    stage.server.unavailable = False

    passes(stage, 10)

    assert len(comments(stage)) == 1


@pytest.mark.parametrize("count", [150])
def test_a_queue_of_many_that_nobody_serves_is_told_of_by_and_by(tmp_path: Path, count: int) -> None:
    stage = a_stage_without_qa(tmp_path, an_agent("qa-1", queues=("qa",), slots=0))
    for _ in range(count):
        stage.server.create(queue="qa")

    reports = passes(stage, STARVES + 8)

    assert [len(report.ids()["starved"]) for report in reports[-3:]] == [0, 100, 50]
    assert any("100 events of tasks that starve" in limit for limit in reports[-2].limits)


def test_a_task_whose_claims_are_refused_again_and_again_starves_too(tmp_path: Path) -> None:
    """An agent has a free slot all the time."""
    stage = a_stage(tmp_path, agents=[DEV])
    stage.server.create(queue="dev")
    stage.server.refuse_writes = True

    passes(stage, STARVES + 9)

    (event,) = events(stage, "task_starved")
    assert event["reason"] == "the fake server refuses"
    assert stage.engine.wrappers == []
