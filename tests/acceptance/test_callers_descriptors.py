"""What whoever starts a pass has open is let go of when the pass ends, although its agents work on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence

from tests.acceptance.program import CALL_TIMEOUT_S, PROGRAM
from tests.acceptance.scene import Scene, gated
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
PASS = (*PROGRAM, "run", "--once")


def test_flock_in_a_crontab_is_free_for_the_next_minute(a_scene: MakeScene) -> None:
    """The commonest idiom there: with the lock in a wrapper no pass would run as long as any agent does."""
    scene = a_scene(gated("dev-1"))
    task_id = scene.add("t", queue="dev")
    locked = ("flock", "-n", str(scene.base / "crontab.lock"), *PASS)

    assert called(scene, locked).returncode == 0
    assert scene.disk.lease(task_id)["state"] in ("starting", "running")
    assert called(scene, locked).returncode == 0
    wait_until(lambda: scene.disk.lease(task_id)["state"] == "running", "the agent works")
    assert called(scene, locked).returncode == 0


def test_whoever_waits_for_the_end_of_a_pipe_waits_for_the_pass_only(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    task_id = scene.add("t", queue="dev")
    reading, writing = os.pipe()
    try:
        assert called(scene, PASS, pass_fds=[writing]).returncode == 0
    finally:
        os.close(writing)
    os.set_blocking(reading, False)

    # An error, and not the end, if anybody still had it open.
    assert os.read(reading, 1) == b""
    os.close(reading)
    wait_until(lambda: scene.disk.lease(task_id)["state"] == "running", "the agent works")


def called(
    scene: Scene, argv: Sequence[str], *, pass_fds: Sequence[int] = ()
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        argv, env=scene.environment(), cwd="/", pass_fds=pass_fds, timeout=CALL_TIMEOUT_S, check=False
    )
