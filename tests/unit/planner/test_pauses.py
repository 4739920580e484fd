"""What a pause keeps from starting, and what it does not (features E1)."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_pause, a_start_snapshot, a_task, an_agent
from tinyscheduler.model.pause import Pause
from tinyscheduler.planner.pauses import in_force, pause_of_start
from tinyscheduler.planner.start import plan_start

TASK = a_task("7", queue="dev")


@pytest.mark.parametrize(
    ("pause", "lever"),
    [
        (a_pause(), "tinyscheduler resume"),
        (a_pause("queue", "dev"), "tinyscheduler resume --queue dev"),
        (a_pause("task", "7"), "tinyscheduler resume --task 7"),
        (a_pause("agent", "dev-1"), "tinyscheduler resume --agent dev-1"),
    ],
)
def test_what_is_paused_is_held_with_who_why_and_the_command_that_ends_it(pause: Pause, lever: str) -> None:
    pause = pause._replace(reason="a deployment", until=a_pause(until_s=600).until)

    plan = plan_start(a_start_snapshot(TASK, pauses=[pause]))

    (held,) = plan.held
    assert plan.starts == ()
    assert (held.reason, held.lever) == ("paused", lever)
    assert held.value.endswith("paused by sue: a deployment")
    assert (held.since, held.next_look_at, held.limit) == (pause.at, pause.until, "2026-01-31T12:10:00Z")


@pytest.mark.parametrize(
    "pause",
    [a_pause(until_s=0), a_pause("queue", "qa"), a_pause("task", "8"), a_pause("agent", "dev-2")],
)
def test_pause_that_is_over_or_of_something_else_holds_nothing(pause: Pause) -> None:
    plan = plan_start(a_start_snapshot(TASK, pauses=[pause]))

    assert [start.task.id for start in plan.starts] == ["7"]


def test_task_of_a_paused_agent_goes_to_another_one_of_its_queue() -> None:
    agents = [an_agent("dev-1", slots=9), an_agent("dev-2")]

    plan = plan_start(a_start_snapshot(TASK, agents=agents, pauses=[a_pause("agent", "dev-1")]))

    assert [start.agent.name for start in plan.starts] == ["dev-2"]


def test_task_that_is_assigned_to_a_paused_agent_waits_for_it() -> None:
    task = a_task(assigned_to="dev-1")
    agents = [an_agent("dev-1"), an_agent("dev-2")]

    plan = plan_start(a_start_snapshot(task, agents=agents, pauses=[a_pause("agent", "dev-1")]))

    assert [held.reason for held in plan.held] == ["paused"]


def test_pause_that_nobody_can_read_holds_what_its_name_says() -> None:
    pause = Pause("queue", "dev", trouble="it does not parse")

    plan = plan_start(a_start_snapshot(TASK, pauses=[pause]))

    assert [held.value for held in plan.held] == ["queue dev is paused: it does not parse"]


def test_widest_pause_is_named_first() -> None:
    pauses = [a_pause("agent", "dev-1"), a_pause("task", "7"), a_pause("queue", "dev"), a_pause()]
    found = in_force(pauses, NOW)

    assert [pause.scope for pause in found] == ["all", "queue", "task", "agent"]
    assert pause_of_start(TASK, an_agent("dev-1"), found) == a_pause()
    assert pause_of_start(TASK, an_agent("dev-1"), found[3:]) == a_pause("agent", "dev-1")
    assert pause_of_start(TASK, an_agent("dev-2"), found[3:]) is None
