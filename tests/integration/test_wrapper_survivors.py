"""What cannot be killed holds the slot and the task: never requeue before proven gone (law 1)."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.containment import OpenField
from tests.fakes.haunted import HauntedProcesses
from tests.integration.wrapping import Stage, is_alive
from tests.waiting import wait_until
from tinyscheduler.adapters.clock import SystemClock
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.wrapper.supervise import supervise


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.clear()


@pytest.fixture
def ghost() -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(99)"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
def test_a_run_is_not_finished_while_a_process_of_it_survives(
    stage: Stage, ghost: "subprocess.Popen[bytes]", capfd: pytest.CaptureFixture[str]
) -> None:
    """The lease goes on beating as ``running`` until the last one is gone, and the log says who."""
    order = stage.sh("exit 3", grace_s=0)
    stage.lay(order)
    ref = ProcessTable().identify(ghost.pid)
    assert ref is not None
    seen: list[str] = []
    witness = threading.Thread(target=exorcise, args=(stage, ghost, seen))
    witness.start()

    after_argv = supervise(
        order,
        leases=stage.leases,
        processes=HauntedProcesses(ref),
        clock=SystemClock(),
        runs=stage.runs,
        containment=OpenField(),
        environ={"PATH": "/usr/bin:/bin"},
    )
    witness.join()

    assert after_argv == ()
    assert seen == ["running"]
    assert (stage.outcome().kind, stage.outcome().code) == ("failed", 3)
    assert f"SIGKILL did not end {ghost.pid}" in capfd.readouterr().err


def exorcise(stage: Stage, ghost: "subprocess.Popen[bytes]", seen: list[str]) -> None:
    """End the survivor once the lease has been beaten for longer than a KILL needs."""
    agent = stage.wait_for_agent()
    wait_until(lambda: not is_alive(agent), "the agent has ended")
    began_s = stage.lease().heartbeat_monotonic
    wait_until(lambda: stage.lease().heartbeat_monotonic > began_s + 6.5, "beats beyond the verdict")
    seen.append(stage.lease().state)
    ghost.kill()
    ghost.wait()
