"""What agents say, through a real wrapper: complete, private, capped, and never in the way."""

import os
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.integration.wrapping import RESULT, Stage
from tests.waiting import wait_until
from tinyscheduler.model.lease import AGENT_ENV_PREFIX


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.clear()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """256 KiB of room. Mounting needs root: elsewhere nothing stands in for a disk that is full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=262144", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small file system can only be mounted by root, outside a container")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_left_over_process_that_holds_the_pipe_does_not_hold_the_wrapper(stage: Stage) -> None:
    outcome = stage.run(stage.sh("(trap '' TERM; echo started; exec sleep 99) & echo done", grace_s=1))

    assert outcome.kind == "succeeded"
    assert "done" in stage.output()
    assert stage.tree() == ()


def test_an_agent_that_closes_its_output_costs_nothing_and_is_waited_for(stage: Stage) -> None:
    """A pipe at its end is always readable: a loop that polls it would turn on the spot."""
    stage.start(stage.sh("exec >/dev/null 2>&1; sleep 2; exit 5"))
    stage.wait_for_agent()
    stage.wait_for_beat()
    ticks = stage.cpu_ticks()
    stage.wrappers[0].wait(20)

    assert stage.outcome().code == 5
    assert ticks <= 30


def test_a_flood_of_output_delays_no_beat_and_stays_within_its_files(stage: Stage) -> None:
    stage.start(stage.order("/usr/bin/yes", output_max_bytes=200_000, output_files=3))
    stage.wait_for_agent()
    wait_until((stage.run_folder / "output.log.2").exists, "rotated output")

    beats = {stage.lease().heartbeat_monotonic}
    for _ in range(3):
        stage.wait_for_beat()
        beats.add(stage.lease().heartbeat_monotonic)

    ordered = sorted(beats)
    assert max(b - a for a, b in pairwise(ordered)) < 2.5
    stage.wrappers[0].terminate()
    stage.wrappers[0].wait(20)
    parts = sorted(stage.run_folder.glob("output.log*"))
    assert [p.name for p in parts] == ["output.log", "output.log.1", "output.log.2"]
    assert max(p.stat().st_size for p in parts) <= 200_000


def test_a_secret_in_the_output_is_cut_out_even_when_it_comes_in_two_halves(stage: Stage) -> None:
    order = stage.py(
        "import os, sys, time; key = os.environ['KEY']\n"
        "print('whole', key)\n"
        "sys.stdout.write('half ' + key[:9]); sys.stdout.flush(); time.sleep(0.8)\n"
        "print(key[9:], 'end')",
        env_names=("PATH", "KEY"),
        secret_names=("KEY",),
    )

    stage.run(order, {f"{AGENT_ENV_PREFIX}KEY": "correct-horse-battery"})

    assert [line.split(" ", 1)[1] for line in stage.output().splitlines()] == [
        "whole [redacted]",
        "half [redacted] end",
    ]
    everything = b"".join(p.read_bytes() for p in stage.folder.rglob("*") if p.is_file())
    assert b"correct-horse" not in everything


def test_a_secret_in_the_result_does_not_reach_the_lease(stage: Stage) -> None:
    order = stage.sh(
        f"""printf '{{"status": "failed", "summary": "login with %s"}}' $KEY > {RESULT}""",
        env_names=("PATH", "KEY"),
        secret_names=("KEY",),
    )

    outcome = stage.run(order, {f"{AGENT_ENV_PREFIX}KEY": "correct-horse-battery"})

    assert outcome.summary == "login with [redacted]"


def test_an_unfinished_line_is_visible_while_the_agent_waits(stage: Stage) -> None:
    stage.start(stage.sh("printf 'continue? [y/n] '; sleep 99"))

    stage.wait_for_output("continue? [y/n]")


def test_a_full_disk_neither_ends_the_wrapper_nor_blocks_the_agent(stage: Stage, small_disk: Path) -> None:
    order = stage.sh("yes | head -c 3000000; echo end >&2", log=str(small_disk / "output.log"))

    outcome = stage.run(order._replace(limits=order.limits._replace(output_max_bytes=10_000_000)))

    assert outcome.kind == "succeeded"
    assert "could not be written and are lost" in stage.words()


def test_an_outcome_waits_for_room_and_the_beat_goes_on_without_any(small_disk: Path) -> None:
    """Nothing is lost: the lease keeps its task while the disk is full, and says so by its time."""
    stage = Stage(small_disk)
    stage.start(stage.sh("while [ ! -e go ]; do sleep 0.05; done; exit 4"))
    try:
        stage.wait_for_agent()
        lease = small_disk / "running" / "task_7.json"
        fill(small_disk / "ballast")
        then_ns = lease.stat().st_mtime_ns
        wait_until(lambda: lease.stat().st_mtime_ns > then_ns, "a beat on a full disk")
        os.link(lease, stage.workspace / "go")
        wait_until(lambda: lease.stat().st_mtime_ns > then_ns + 3_000_000_000, "beats after the end")
        assert stage.lease().state == "running"

        (small_disk / "ballast").unlink()
        stage.wrappers[0].wait(20)

        assert (stage.outcome().kind, stage.outcome().code) == ("failed", 4)
    finally:
        stage.clear()


def fill(path: Path) -> None:
    """Until nothing goes in any more."""
    with path.open("ab", buffering=0) as ballast:
        try:
            while True:
                ballast.write(b"b" * 4096)
        except OSError:
            return
