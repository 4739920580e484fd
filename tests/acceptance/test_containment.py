"""What an agent has let loose ends with its run, whoever else was killed before (features B8)."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.program import PROGRAM
from tests.acceptance.scene import Scene, gated
from tests.integration.cgroup_litter import cgroups_of, state_id_of
from tests.integration.escape import escaping, no_cgroups
from tests.integration.wrapping import is_alive
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
NO_CGROUPS = no_cgroups()


def daemon_of(scene: Scene) -> int:
    file = scene.base / "daemon"
    wait_until(file.exists, "the daemon has left")
    return int(file.read_text())


def lets_loose(tmp_path: Path) -> dict[str, object]:
    """An agent that starts a daemon and works on."""
    return gated(before=escaping(tmp_path / "base" / "daemon"))


@pytest.mark.skipif(bool(NO_CGROUPS), reason=NO_CGROUPS)
def test_after_the_wrapper_was_killed_the_next_pass_ends_what_its_agent_let_loose(
    a_scene: MakeScene, tmp_path: Path
) -> None:
    """Neither tag nor session nor parent lead to it."""
    scene = a_scene(lets_loose(tmp_path))
    task_id = scene.add("a task", queue="dev")
    scene.once()
    scene.wait_for_running(task_id)
    daemon, lease = daemon_of(scene), scene.disk.lease(task_id)
    os.kill(int(str(lease["pid"])), signal.SIGKILL)
    wait_until(lambda: not is_alive(int(str(lease["pid"]))), "the wrapper is dead")
    assert lease["containment"] == "cgroup"
    assert is_alive(daemon)

    told = scene.once_json()

    assert not is_alive(daemon)
    assert told["exit"] == 0
    assert cgroups_of(state_id_of(scene.state)) == []
    assert scene.disk.outcomes(task_id) == ["lost"]


def test_what_an_agent_let_loose_is_gone_when_its_task_is_complete(
    a_scene: MakeScene, tmp_path: Path
) -> None:
    scene = a_scene(lets_loose(tmp_path))
    task_id = scene.add("a task", queue="dev")
    scene.once()
    scene.wait_for_running(task_id)
    daemon = daemon_of(scene)

    scene.open_gate()
    scene.wait_for_rest()

    assert scene.statuses() == {task_id: "complete"}
    assert not is_alive(daemon)
    assert cgroups_of(state_id_of(scene.state)) == []


def test_status_says_what_holds_the_processes_of_a_run(a_scene: MakeScene) -> None:
    scene = a_scene(gated())
    task_id = scene.add("a task", queue="dev")
    scene.once()
    scene.wait_for_running(task_id)
    rung = scene.disk.lease(task_id)["containment"]

    (run,) = json.loads(scene.well("status", "--json"))["leases"]

    assert rung in ("scope", "cgroup", "subreaper")
    assert run["containment"] == rung
    assert f" {rung} " in scene.well("status")


def test_an_agent_that_runs_a_pass_takes_nobody_along_that_the_pass_has_started(a_scene: MakeScene) -> None:
    """Their wrappers begin inside its run, and are not of it."""
    run_a_pass = f'{shlex.join(PROGRAM)} run --once --base-path "$TINYSCHEDULER_BASE_PATH"'
    scene = a_scene(
        gated("dev-1", before=f'eval "$TINYSCHEDULER_TASK_CMD add second --queue qa"; {run_a_pass}'),
        gated("qa-1", queue="qa"),
    )
    first = scene.add("first", queue="dev")
    scene.once()
    wait_until(lambda: set(scene.disk.working()) == {first, "2"}, "both agents work")
    second = scene.disk.lease("2")

    scene.open_gate(first)
    wait_until(lambda: scene.disk.leases() == ["2"], "the first is settled")

    assert is_alive(int(str(second["pid"])))
    assert is_alive(int(str(second["agent_pid"])))
    assert scene.disk.lease("2")["lease_id"] == second["lease_id"]
    scene.open_gate()
    scene.wait_for_rest()
    assert scene.disk.outcomes("2") == ["succeeded"]
    assert cgroups_of(state_id_of(scene.state)) == []
