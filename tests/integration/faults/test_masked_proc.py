"""Commands from where a part of the machine is hidden: a chroot, a container, a unit with ProcSubset=pid.

Nobody can be called dead from there, and nobody is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene, gated, scenes_in
from tests.integration.commands import rows
from tests.integration.wrapping import is_alive
from tests.rigs.tools import masked, other_pids
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
BLIND = pytest.mark.parametrize(
    "hide",
    ["mount -t proc -o subset=pid proc /proc", "mount -t tmpfs none /proc"],
    ids=["subset=pid", "no /proc"],
)


@pytest.fixture
def a_scene(tmp_path: Path) -> Iterator[MakeScene]:
    yield from scenes_in(tmp_path)


@BLIND
def test_a_pass_that_cannot_see_leaves_everything_as_it_is(a_scene: MakeScene, hide: str) -> None:
    scene, there = a_scene(gated("dev-1", slots=2)), masked(hide)
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    lease = scene.disk.lease(task_id)
    (waits,) = scene.seed(1)

    answer = scene.call("run", "--once", prefix=there)
    alive = [is_alive(int(str(lease[name]))) for name in ("pid", "agent_pid")]
    scene.once()

    assert answer.code == 1
    assert answer.err.startswith("tinyscheduler: nothing is done: /proc/sys/kernel/random/boot_id ")
    assert answer.err.count("\n") == 1
    assert alive == [True, True]
    assert scene.disk.lease(task_id)["lease_id"] == lease["lease_id"]
    scene.wait_for_running(waits)
    assert scene.disk.begun() == [task_id, waits]


@BLIND
@pytest.mark.parametrize("flags", [("status",), ("run", "--dry-run")], ids=["status", "dry run"])
def test_whoever_looks_from_there_says_so(a_scene: MakeScene, hide: str, flags: tuple[str, ...]) -> None:
    scene = a_scene(gated("dev-1"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)

    answer = scene.call(*flags, prefix=masked(hide))

    assert answer.code == 1
    assert "nobody can tell which processes live" in answer.out + answer.err
    assert not any(word in answer.out + answer.err for word in ("Traceback", "booted", "dead", "interrupted"))


def test_a_proc_of_another_pid_namespace_says_nothing_either(a_scene: MakeScene) -> None:
    """Its numbers are others' there: the first process of the namespace would be the machine's init."""
    scene = a_scene(gated("dev-1"))
    scene.seed(1)

    answer = scene.call("run", "--once", prefix=other_pids())

    assert (answer.code, answer.err.count("\n")) == (1, 1)
    assert answer.err.startswith("tinyscheduler: nothing is done: /proc/self/ns/pid says nothing here")
    assert scene.disk.leases() == []


@BLIND
def test_estop_can_be_asked_for_from_there(a_scene: MakeScene, hide: str) -> None:
    """It is a file, and the next pass that can see obeys."""
    scene = a_scene(gated("dev-1"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    agent = int(str(scene.disk.lease(task_id)["agent_pid"]))

    answer = scene.call("pause", "--reason", "enough", prefix=masked(hide))
    scene.call("estop", "--reason", "enough", prefix=masked(hide))
    wait_until(lambda: not is_alive(agent), "the wrapper obeys by itself")

    assert answer.code == 0
    assert (scene.state / "ESTOP").exists()


def test_a_run_that_cannot_be_seen_is_shown_as_unknown(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)

    told = scene.call("status", "--json", prefix=masked("mount -t tmpfs none /proc")).json()

    assert [(row["task_id"], row["wrapper"]) for row in rows(told["leases"])] == [(int(task_id), "unknown")]
