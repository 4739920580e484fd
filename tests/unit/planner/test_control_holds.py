"""Active hours, a busy machine, and a command that says no (features D14, D18, D19)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import NOW, a_ledger, a_past_run, a_start_snapshot, a_task, an_agent
from tinyscheduler.model.hours import Closed, ClosedHours
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.machine import MachineState
from tinyscheduler.model.policy import Policy
from tinyscheduler.planner.start import plan_start

OPENS_AT = NOW + timedelta(hours=10)
CLOSED = Closed("Mon-Fri 22:00-06:00", OPENS_AT)
LIMITS = Policy(load_per_core_max=3.0, free_memory_min_mb=2_147, swap_used_max_percent=80)


def test_task_of_a_closed_queue_waits_until_it_opens() -> None:
    closed = ClosedHours(queues={QueueName("dev"): CLOSED})

    (held,) = plan_start(a_start_snapshot(a_task())._replace(closed_hours=closed)).held

    assert (held.reason, held.value) == ("inactive_hours", "queue dev works Mon-Fri 22:00-06:00")
    assert (held.next_look_at, held.limit) == (OPENS_AT, "2026-01-31T22:00:00Z")


def test_agent_outside_of_its_hours_leaves_its_tasks_to_others() -> None:
    closed = ClosedHours(agents={AgentName("dev-1"): CLOSED})
    agents = [an_agent("dev-1"), an_agent("dev-2")]

    both = plan_start(a_start_snapshot(a_task(), agents=agents)._replace(closed_hours=closed))
    alone = plan_start(a_start_snapshot(a_task(), agents=agents[:1])._replace(closed_hours=closed))

    assert [start.agent.name for start in both.starts] == ["dev-2"]
    assert [(held.reason, held.next_look_at) for held in alone.held] == [("inactive_hours", OPENS_AT)]


@pytest.mark.parametrize(
    ("machine", "value"),
    [
        (MachineState(cores=2, load=6.1), "load 6.1 on 2 cores is 3.05 a core"),
        (MachineState(memory_mb=16_000, free_memory_mb=2_146), "2146 MB of memory are free"),
        (MachineState(memory_mb=4_000, free_memory_mb=999), "999 MB of memory are free"),
        (MachineState(swap_mb=1_000, free_swap_mb=150), "85 % of the swap space are in use"),
    ],
)
def test_busy_machine_starts_nothing_and_says_what_is_too_much(machine: MachineState, value: str) -> None:
    plan = plan_start(a_start_snapshot(a_task(), policy=LIMITS)._replace(machine=machine))

    assert plan.starts == ()
    assert [(held.reason, held.value) for held in plan.held] == [("pressure", value)]


@pytest.mark.parametrize(
    "machine",
    [
        MachineState(),
        MachineState(cores=2, load=6.0),
        MachineState(memory_mb=16_000, free_memory_mb=2_147),
        # A small machine would never start anything: at most a quarter of it is kept free.
        MachineState(memory_mb=4_000, free_memory_mb=1_000),
        MachineState(swap_mb=0, free_swap_mb=0),
        MachineState(swap_mb=1_000, free_swap_mb=200),
    ],
)
def test_machine_with_room_or_of_which_nothing_is_known_starts(machine: MachineState) -> None:
    plan = plan_start(a_start_snapshot(a_task(), policy=LIMITS)._replace(machine=machine))

    assert len(plan.starts) == 1


def test_limits_that_are_off_hold_nothing() -> None:
    machine = MachineState(1, 99.0, 100, 0, 100, 0)

    assert len(plan_start(a_start_snapshot(a_task())._replace(machine=machine)).starts) == 1


def test_denied_task_shows_the_reason_until_it_is_asked_again() -> None:
    past = a_past_run("denied", at=NOW)._replace(why="no budget today", code=1)
    ledger = a_ledger(outcomes=[past], not_before=NOW + timedelta(seconds=60))
    world = a_start_snapshot(a_task(), ledgers=[ledger], policy=Policy(pre_start=("may-start",)))

    (held,) = plan_start(world).held
    later = plan_start(world._replace(now=NOW + timedelta(seconds=61)))

    assert (held.reason, held.value) == ("denied", "pre_start said: no budget today")
    assert held.next_look_at == NOW + timedelta(seconds=60)
    # Neither a cooldown nor an attempt: it has not run.
    assert [start.task.id for start in later.starts] == ["1"]
