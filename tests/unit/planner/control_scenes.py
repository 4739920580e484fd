"""Worlds in which a task waits for its hour, for the machine, or for a command to say yes."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import NOW, a_ledger, a_past_run, a_start_snapshot, a_task, ago
from tinyscheduler.model.hours import Closed, ClosedHours
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.machine import MachineState
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.snapshot import StartSnapshot

CLOSED = Closed("Mon-Fri 22:00-06:00", NOW + timedelta(hours=10))
DENIED = a_past_run("denied", at=ago(5))._replace(why="a release is on its way")

EXAMPLES_OF_CONTROL: list[tuple[str, StartSnapshot, HeldReason, str]] = [
    (
        "its agent works at night",
        a_start_snapshot(a_task())._replace(closed_hours=ClosedHours({AgentName("dev-1"): CLOSED})),
        "inactive_hours",
        "agent dev-1 works Mon-Fri 22:00-06:00",
    ),
    (
        "its queue works at night",
        a_start_snapshot(a_task())._replace(closed_hours=ClosedHours(queues={QueueName("dev"): CLOSED})),
        "inactive_hours",
        "queue dev works Mon-Fri 22:00-06:00",
    ),
    (
        "the machine has enough to do",
        a_start_snapshot(a_task(), policy=Policy(load_per_core_max=3))._replace(
            machine=MachineState(cores=2, load=9.0)
        ),
        "pressure",
        "load 9 on 2 cores",
    ),
    (
        "a command said no",
        a_start_snapshot(
            a_task(),
            ledgers=[a_ledger(outcomes=[DENIED], not_before=NOW + timedelta(seconds=55))],
            policy=Policy(pre_start=("may-start",)),
        ),
        "denied",
        "a release is on its way",
    ),
]
