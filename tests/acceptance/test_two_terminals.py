"""A loop of passes in one terminal, ``serve`` in another or nowhere: the agents of the examples do what is
added meanwhile, and ``status`` tells the truth at every moment (issue 2, "It is done when")."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from tests.acceptance.program import CALL_TIMEOUT_S, PROGRAM
from tests.acceptance.scene import Scene
from tests.integration.commands import ROOT
from tests.integration.wrapping import is_alive
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
SMALL = str(ROOT / "examples/agent-control/small.json")


class InFlight(NamedTuple):
    """One lease, by its file and its process."""

    task_id: int
    agent: object
    queue: object
    state: object
    attempt: object
    is_alive: bool


def in_flight(scene: Scene) -> list[InFlight]:
    leases = [scene.disk.lease(task_id) for task_id in scene.disk.leases()]
    return [
        InFlight(
            int(str(lease["task_id"])),
            lease["agent_name"],
            lease["queue"],
            lease["state"],
            lease["attempt"],
            is_alive(int(str(lease["pid"] or 0))),
        )
        for lease in leases
    ]


@contextmanager
def a_loop_of_passes(scene: Scene) -> Iterator[None]:
    """What cron does, faster; silent, or the test fails."""
    command = shlex.join([*PROGRAM, "run", "--once"])
    loop = subprocess.Popen(
        ["/bin/sh", "-c", f"while :; do {command}; sleep 0.3; done"],
        env=scene.environment(), cwd="/", stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield
    finally:
        loop.terminate()
        said, _ = loop.communicate(timeout=CALL_TIMEOUT_S)
    assert said == ""


def leases_at_a_moment(scene: Scene) -> int:
    """How many there are, once ``status`` has been compared at a moment at which nothing moved."""
    found: list[int] = []

    def look() -> bool:
        found.extend(agreed(scene))
        return bool(found)

    wait_until(look, "a moment at which nothing moves")
    return found[0]


def agreed(scene: Scene) -> list[int]:
    """``status`` against files, processes and the server: the number of leases. Empty: something moved
    meanwhile. No pass can be at work, so that only wrappers move."""
    with scene.pass_lock():
        before = in_flight(scene)
        told = json.loads(scene.well("status", "--json"))
        working = {int(n) for n, status in scene.statuses().items() if status == "working"}
        last = json.loads((scene.state / "passes" / "last.json").read_text())
        if in_flight(scene) != before:
            return []
    assert working == {lease.task_id for lease in before}, "law 2"
    assert told["last_pass"]["pass"] == last["pass"]
    assert (told["problems"], told["server_unknown"]) == ([], None)
    assert_leases(told, before)
    return [len(before)]


def assert_leases(told: dict[str, Any], found: list[InFlight]) -> None:
    rows = [
        (row["task_id"], row["agent"], row["queue"], row["state"], row["attempt"]) for row in told["leases"]
    ]
    assert sorted(rows) == sorted(lease[:5] for lease in found)
    taken = [lease for lease in found if lease.state != "finished"]
    assert told["slots"]["used"] == len(taken)
    assert {agent["agent"]: agent["used"] for agent in told["slots"]["agents"]} == {
        name: len([lease for lease in taken if lease.agent == name]) for name in ("dev-1", "dev-2", "qa-1")
    }
    alive = {row["task_id"] for row in told["leases"] if row["wrapper"] == "alive"}
    assert {lease.task_id for lease in taken if lease.is_alive} <= alive


@pytest.mark.slow
@pytest.mark.timeout(240)  # Each of its waits may take half a minute on a busy machine.
@pytest.mark.parametrize("is_served", [True, False])
def test_what_is_added_is_done_and_status_agrees_at_every_moment(a_scene: MakeScene, is_served: bool) -> None:
    scene = a_scene(AGENT_CONTROL_FILE=SMALL)
    if is_served:
        scene.serve()
    scene.once()
    at_rest = leases_at_a_moment(scene)
    with a_loop_of_passes(scene):
        first = scene.add("Write the parser, sleep: 4", queue="dev", priority=5)
        after = scene.add("Test the parser", queue="qa", blocked_by=first)
        scene.wait_for_running(first)
        at_work = leases_at_a_moment(scene)
        many = [scene.add(f"Part {n}, sleep: 0.4", queue="dev") for n in range(4)]
        failing = scene.add("Publish it, fail: 3", queue="dev", priority=-1)
        own = scene.add("For dev-2 alone", assign="dev-2")
        leases_at_a_moment(scene)
        goal = {first, after, *many, own}
        wait_until(lambda: goal <= complete(scene), "all the others are complete", 30)
        wait_until(lambda: scene.disk.outcomes(failing) == ["failed"], "the failing one has failed")
        leases_at_a_moment(scene)
    scene.wait_for_rest()

    assert (at_rest, at_work, leases_at_a_moment(scene)) == (0, 1, 0)
    assert scene.statuses()[failing] == "idle"
    assert scene.task(after)["assigned_to"] == "qa-1"
    assert scene.task(own)["assigned_to"] == "dev-2"
    assert len(scene.disk.events("run_started")) == len(goal) + 1, "one run each, and the failing one"
    assert scene.disk.lease_count_max() <= 4


def complete(scene: Scene) -> set[str]:
    return {task_id for task_id, status in scene.statuses().items() if status == "complete"}
