"""Replaying the journal gives the set of leases, from its beginning and from any day (features A9)."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.builders import an_agent
from tests.fakes.engine import FakeWrapper
from tests.fakes.flaky import Way, line_to
from tests.fakes.stage import Stage, a_stage
from tests.folders import in_memory
from tinyscheduler.adapters.journal import JsonlJournal
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.ports import TaskServer, World
from tinyscheduler.reconcile.run import run_once

Leases = dict[str, str]
"""Task and lease_id."""

GONE = ("claim_lost", "lease_undone", "task_settled")
COME = ("lease_created", "lease_rebuilt")


def replayed(lines: Iterable[str]) -> Leases:
    """What a reader of the journal knows at its end."""
    known: Leases = {}
    for fact in map(json.loads, lines):
        task = str(fact.get("task_id"))
        if fact["event"] == "day_opened":
            known = {str(lease["task_id"]): lease["lease_id"] for lease in fact["leases"]}
        elif fact["event"] in COME:
            known[task] = fact["lease_id"]
        elif fact["event"] in GONE and known.get(task) == fact["lease_id"]:
            del known[task]
    return known


def days(stage: Stage) -> list[list[str]]:
    folder = Path(stage.configuration.places.journal)
    return [path.read_text().splitlines() for path in sorted(folder.iterdir())]


def on_disk(stage: Stage) -> Leases:
    return {str(lease.task_id): lease.lease_id for lease in stage.leases().scan().leases}


def a_world(stage: Stage, server: TaskServer | None = None) -> World:
    """With the journal as it is wired: each day opens with the leases."""

    def opening() -> list[dict[str, object]]:
        return [{"task_id": task, "lease_id": lease} for task, lease in on_disk(stage).items()]

    journal = JsonlJournal(
        stage.configuration.places.journal, pass_id="test", now=stage.clock.now, opening=opening
    )
    return stage.world(server=server)._replace(journal=journal)


def a_pass(stage: Stage, server: TaskServer | None = None) -> None:
    run_once(a_world(stage, server))


def living(stage: Stage, *, adopted: bool) -> list[FakeWrapper]:
    wrappers = [wrapper for wrapper in stage.engine.wrappers if stage.engine.is_alive(wrapper)]
    return [wrapper for wrapper in wrappers if (wrapper.agent is not None) == adopted][:1]


def with_one(*, adopted: bool, act: Callable[[Stage, FakeWrapper], object]) -> Callable[[Stage], None]:
    def happen(stage: Stage) -> None:
        for wrapper in living(stage, adopted=adopted):
            act(stage, wrapper)

    return happen


def passes_without_server(stage: Stage) -> None:
    stage.server.unavailable = True
    a_pass(stage)
    check(stage)
    stage.server.unavailable = False


def passes_over_a_broken_line(stage: Stage, way: Way) -> None:
    for at in (1, 2, 3):
        port, _ = line_to(stage.server, at=at, way=way)
        a_pass(stage, port)
        check(stage)


def pass_against_a_faster_hand(stage: Stage) -> None:
    """Whatever is claimed has just been taken by a person."""

    def take(_: int) -> None:
        for task_id in on_disk(stage):
            if stage.server.task(TaskId(task_id)).status == "idle":
                stage.server.assign(TaskId(task_id), "sue")

    stage.server.create(queue="dev")
    port, _ = line_to(stage.server, before=take)
    a_pass(stage, port)
    check(stage)


def check(stage: Stage) -> None:
    lines = days(stage)
    known = on_disk(stage)

    assert replayed(line for day in lines for line in day) == known
    assert replayed(lines[-1]) == known, "from this day's opening"


STEPS: Mapping[str, Callable[[Stage], object]] = {
    "nothing": lambda _: None,
    "task": lambda stage: stage.server.create(queue="dev"),
    "adopt": with_one(adopted=False, act=lambda stage, wrapper: stage.engine.adopt(wrapper)),
    "success": with_one(adopted=True, act=lambda stage, wrapper: stage.engine.finish(wrapper, "succeeded")),
    "failure": with_one(adopted=True, act=lambda stage, wrapper: stage.engine.finish(wrapper, "failed")),
    "death": with_one(adopted=True, act=lambda stage, wrapper: stage.engine.die(wrapper)),
    "reboot": lambda stage: stage.processes.reboot(),
    "a minute": lambda stage: stage.clock.advance(61),
    "a day": lambda stage: stage.clock.advance(86_400),
    "estop": lambda stage: stage.estop(),
    "go on": lambda stage: (
        os.path.exists(stage.configuration.places.estop_file) and stage.estop(is_there=False)
    ),
    "no server": passes_without_server,
    "somebody is faster": pass_against_a_faster_hand,
    "line not_sent": lambda stage: passes_over_a_broken_line(stage, "not_sent"),
    "line not_applied": lambda stage: passes_over_a_broken_line(stage, "not_applied"),
    "line applied": lambda stage: passes_over_a_broken_line(stage, "applied"),
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(["a day", "success"])
@example(["adopt", "estop", "go on", "a minute"])
@example(["a minute", "somebody is faster"])
@example(["line applied", "a minute", "a minute"])
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=20))
def test_the_journal_knows_every_lease_there_is(steps: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory(dir=in_memory()) as base:
        stage = a_stage(base, agents=[an_agent(slots=3)], policy=Policy(max_parallel=3))
        stage.server.create(queue="dev")
        stage.server.create(queue="dev", assigned_to="dev-1")
        a_pass(stage)
        for step in steps:
            STEPS[step](stage)
            a_pass(stage)

            check(stage)
