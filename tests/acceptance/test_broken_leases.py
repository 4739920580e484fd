"""Leases that are garbled, replaced or removed by hand while real agents work (features B9)."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene, gated
from tests.acceptance.test_recovery import kill_wrapper
from tests.integration.cgroup_litter import cgroups_of, state_id_of
from tests.integration.commands import rows
from tests.integration.escape import escaping, no_cgroups
from tests.integration.wrapping import is_alive
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
LONG_AGO = (1, 1)
NO_CGROUPS = no_cgroups()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def another_tasks(path: Path) -> None:
    found = json.loads(path.read_text())
    path.write_text(json.dumps({**found, "task_id": 77}))


def rubbish(path: Path) -> None:
    path.write_bytes(os.urandom(1000) * 2_000)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "note.txt").write_text("mine")


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def running(a_scene: MakeScene, **settings: object) -> tuple[Scene, str, Path]:
    """One agent at work, its task, and the path of its lease."""
    scene = a_scene(gated("dev-1"), RETRY_BASE_SEC=3600, **settings)
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    return scene, task_id, scene.state / "running" / f"task_{task_id}.json"


def is_whole(path: Path) -> bool:
    try:
        return (
            bool(json.loads(path.read_text())["agent_pid"]) and json.loads(path.read_text())["task_id"] != 77
        )
    except (OSError, ValueError, KeyError):
        return False


def ends_well_once(scene: Scene, task_id: str) -> None:
    scene.open_gate()
    scene.wait_for_rest()
    assert scene.statuses() == {task_id: "complete"}
    assert scene.disk.begun() == [task_id]
    assert scene.disk.tagged() == []


@pytest.mark.parametrize("damage", [empty, cut_off, another_tasks, rubbish, link, folder])
def test_the_same_agent_goes_on_when_its_lease_is_garbled(
    a_scene: MakeScene, damage: Callable[[Path], None]
) -> None:
    """Whoever is first, the pass or the wrapper at its next beat."""
    scene, task_id, path = running(a_scene)
    before = scene.disk.lease(task_id)

    damage(path)
    codes = {scene.call("run", "--once").code}
    wait_until(lambda: is_whole(path), "the lease is whole again")
    codes |= {scene.call("run", "--once").code}

    after = scene.disk.lease(task_id)
    same = ("lease_id", "generation", "attempt", "claim", "pid", "pid_start", "agent_pid", "state")
    assert [after[name] for name in same] == [before[name] for name in same]
    assert codes <= {0, 1}
    ends_well_once(scene, task_id)


def test_a_wrapper_that_slept_while_its_lease_was_rebuilt_goes_on(a_scene: MakeScene) -> None:
    """It was silent for too long to be waited for, and not for so long that it would be ended."""
    scene, task_id, path = running(a_scene)
    before = scene.disk.lease(task_id)
    wrapper = int(str(before["pid"]))
    os.kill(wrapper, signal.SIGSTOP)
    path.write_bytes(b"garbled")
    os.utime(path, LONG_AGO)

    told = scene.once_json()
    rebuilt = scene.disk.lease(task_id)
    os.kill(wrapper, signal.SIGCONT)

    assert [(row["kind"], row["result"]) for row in rows(told["results"])] == [("rebuild", "done")]
    assert [rebuilt[name] for name in ("lease_id", "pid", "workspace", "run_dir", "max_runtime_sec")] == [
        before[name] for name in ("lease_id", "pid", "workspace", "run_dir", "max_runtime_sec")
    ]
    assert [fact["event"] for fact in scene.disk.journal()].count("lease_rebuilt") == 1
    ends_well_once(scene, task_id)


@pytest.mark.parametrize("damage", [empty, rubbish, folder])
def test_an_agent_without_wrapper_and_lease_is_ended_and_its_task_given_back(
    a_scene: MakeScene, damage: Callable[[Path], None]
) -> None:
    scene, task_id, path = running(a_scene)
    kill_wrapper(scene, task_id)
    damage(path)

    told = scene.once_json()

    assert [row["kind"] for row in rows(told["results"])] == ["rebuild", "reclaim", "settle"]
    assert (scene.disk.tagged(), scene.disk.leases()) == ([], [])
    assert scene.disk.outcomes(task_id) == ["lost"]
    assert scene.task(task_id)["status"] == "idle"
    assert os.listdir(scene.state / "quarantine") != []


@pytest.mark.parametrize("wrapper_lives", [True, False])
def test_whoever_works_without_a_lease_is_ended_by_the_next_pass(
    a_scene: MakeScene, *, wrapper_lives: bool
) -> None:
    """Before the wrapper finds out at its next beat, or when there is none."""
    scene, task_id, path = running(a_scene, HEARTBEAT_SEC=60)
    agent = int(str(scene.disk.lease(task_id)["agent_pid"]))
    if not wrapper_lives:
        kill_wrapper(scene, task_id)
    path.unlink()
    preview = scene.call("run", "--once", "--dry-run", "--json")
    status = scene.call("status")
    explained = scene.call("explain", task_id)
    still_there = is_alive(agent)

    told = scene.once_json()

    assert [row["kind"] for row in rows(preview.json()["tend"])] == ["stop_orphan"]
    assert f"task {task_id}: processes" in status.out
    assert "without a lease" in status.out
    assert "without a lease; the next pass ends them" in explained.out
    assert (preview.code, status.code, still_there) == (1, 1, True)
    assert [(row["kind"], row["result"]) for row in rows(told["results"])] == [("stop_orphan", "done")]
    assert scene.disk.tagged() == []
    assert scene.disk.begun() == [task_id]


def test_an_agent_may_run_a_pass_without_a_lease_and_is_not_ended_by_it(a_scene: MakeScene) -> None:
    """A pass never ends itself, nor those it was started by; the next one from elsewhere does."""
    scene, task_id, path = running(a_scene, HEARTBEAT_SEC=60)
    lease = scene.disk.lease(task_id)
    state_id = json.loads((scene.state / "format.json").read_text())["state_id"]
    tag = f"{state_id}:{task_id}:{lease['lease_id']}"
    path.unlink()

    inside = scene.call("run", "--once", environ={"TINYSCHEDULER_LEASE": tag})
    lived = is_alive(int(str(lease["agent_pid"])))
    scene.call("run", "--once")

    assert inside.code in (0, 1)
    assert lived
    assert scene.disk.tagged() == []


def test_a_copied_folder_leaves_the_originals_agents_alone(a_scene: MakeScene) -> None:
    """A copy gets another id, and the tags of the original are none of its own."""
    scene, task_id, _ = running(a_scene)
    copy = a_scene(gated("dev-1"), name="copy")
    shutil.copytree(scene.state, copy.state, dirs_exist_ok=True)
    shutil.rmtree(copy.state / "running")

    copy.call("run", "--once")

    assert is_alive(int(str(scene.disk.lease(task_id)["agent_pid"])))
    ends_well_once(scene, task_id)


@pytest.mark.skipif(bool(NO_CGROUPS), reason=NO_CGROUPS)
@pytest.mark.parametrize("damage", [empty, os.unlink], ids=["garbled", "removed"])
def test_what_an_agent_let_loose_is_found_by_its_cgroup_without_a_lease(
    a_scene: MakeScene, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """Neither tag nor session nor parent lead to it, and the lease that named its cgroup is gone."""
    scene = a_scene(gated(before=escaping(tmp_path / "base" / "daemon")), HEARTBEAT_SEC=60)
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    file = scene.base / "daemon"
    wait_until(file.exists, "the daemon has left")
    daemon = int(file.read_text())
    kill_wrapper(scene, task_id)
    damage(scene.state / "running" / f"task_{task_id}.json")
    lived = is_alive(daemon)

    scene.call("run", "--once")

    assert lived
    assert not is_alive(daemon)
    assert cgroups_of(state_id_of(scene.state)) == []
