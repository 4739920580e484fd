"""The mark of a run: who shows neither tag nor parent is found by his limits (ADR 0061)."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.escape import escaping, pid_in
from tests.integration.wrapping import Stage, is_alive
from tests.waiting import wait_until
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.kit.marks import mark_of, read_mark
from tinyscheduler.model.lease import Rung, containment_name


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.clear()


@pytest.mark.parametrize("rung", ["subreaper", "group"])
def test_when_the_wrapper_is_killed_the_mark_still_tells_who_belongs_to_the_run(
    stage: Stage, rung: Rung
) -> None:
    """Neither tag nor session nor a parent that we know, and no cgroup; but its limits are inherited."""
    order = stage.sh(f"{escaping(stage.folder / 'daemon')}; exec sleep 99", containment=rung)
    wrapper = stage.start(order)
    daemon, agent = pid_in(stage.folder / "daemon"), stage.wait_for_agent()
    wrapper.kill()
    wrapper.wait()
    os.kill(agent, signal.SIGKILL)
    wait_until(lambda: not is_alive(agent), "the agent is dead")
    # The sleep between two looks of the agent for its daemon may outlive it for a moment.
    wait_until(lambda: len(ProcessTable().tree(stage.tag, ())) < 2, "the agent's last sleep is over")

    found = ProcessTable().tree(stage.tag, ())
    other = ProcessTable().tree(f"0{stage.tag}", ())

    assert ([process.pid for process in found], other) == ([daemon], ())


def test_an_agent_may_write_files_and_its_wrapper_is_not_marked(stage: Stage) -> None:
    order = stage.sh("ulimit -f; dd if=/dev/zero of=big bs=1 count=1 seek=1T status=none && ls big; sleep 9")
    wrapper = stage.start(order)
    stage.wait_for_output("big")

    assert read_mark(wrapper.pid) is None
    assert read_mark(stage.wait_for_agent()) == mark_of(containment_name(stage.tag))


def test_where_file_sizes_are_limited_the_limit_stays(stage: Stage) -> None:
    """And nobody is marked."""
    order = stage.sh("cat /proc/self/limits; sleep 9")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**40, limit[1]))
    try:
        stage.start(order)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    stage.wait_for_output("Max file size")

    assert f" {2**40} " in stage.output()
    assert read_mark(stage.wait_for_agent()) is None
