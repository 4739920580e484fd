"""A real wrapper and its lease: adopted once, beaten, mended, and given up when it is lost."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.wrapping import REPOSITORY, Stage, is_alive
from tests.waiting import wait_until
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.lease import AGENT_ENV_PREFIX, LEASE_VARIABLE, Owner

LIBRARIES_ALLOWED = {
    "datetime", "json", "re", "select", "signal", "typing", "contextlib", "enum", "functools",
    "collections", "math", "errno", "time", "types", "warnings", "copyreg", "reprlib", "keyword",
    "operator", "itertools", "heapq", "stat", "os", "posixpath", "genericpath", "codecs", "io", "abc",
    "encodings", "site", "zipimport", "marshal", "posix", "builtins", "sys", "ctypes", "struct",
    "resource", "binascii",
}  # fmt: skip
"""What a wrapper may hold in memory for as long as its agent lives. A new name here is paid for once
per running agent: think first."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.clear()


def lease_path(stage: Stage) -> Path:
    return stage.folder / "running" / f"task_{stage.task_id}.json"


def owner_path(stage: Stage) -> Path:
    return stage.folder / "running" / f"task_{stage.task_id}.owner"


def test_the_owner_file_names_the_wrapper(stage: Stage) -> None:
    wrapper = stage.start(stage.sh("sleep 99"))
    stage.wait_for_agent()

    owner = stage.leases.owner(stage.task_id)
    assert owner is not None
    assert (owner.lease_id, owner.by, owner.process) == (
        stage.lease_id, "wrapper", ProcessTable().identify(wrapper.pid),
    )  # fmt: skip
    assert stage.lease().wrapper == owner.process


def test_beats_and_progress_are_two_things(stage: Stage) -> None:
    """Features B5: a silent agent is alive, and says so only by its wrapper."""
    stage.start(stage.sh("echo once; sleep 99"))
    stage.wait_for_output("once")
    stage.wait_for_beat()
    progress = stage.lease().progress_at
    stage.wait_for_beat()

    assert progress is not None
    assert stage.lease().progress_at == progress
    assert stage.lease().heartbeat_at > progress


def test_a_revoked_start_is_left_alone(stage: Stage) -> None:
    path = stage.lay(stage.sh("touch started"))
    stage.leases.take(stage.task_id, Owner(stage.lease_id, "revoked", None))
    before = (lease_path(stage).read_bytes(), owner_path(stage).read_bytes())

    assert stage.wrap(path).wait(20) == 0

    assert (lease_path(stage).read_bytes(), owner_path(stage).read_bytes()) == before
    assert not (stage.workspace / "started").exists()
    assert "revoked" in stage.words()


@pytest.mark.parametrize("found", ["none", "another", "claiming", "garbled"])
def test_a_wrapper_that_has_nothing_to_adopt_leaves_nothing_behind(stage: Stage, found: str) -> None:
    """A slow wrapper cannot revive a lease that was undone, nor take its successor."""
    path = stage.lay(stage.sh("touch started"))
    lease = stage.new_lease()
    match found:
        case "none":
            lease_path(stage).unlink()
        case "another":
            stage.leases.write(lease._replace(lease_id=LeaseId("another")))
        case "claiming":
            stage.leases.write(lease._replace(state="claiming"))
        case "garbled":
            lease_path(stage).write_text("{")
    before = lease_path(stage).read_bytes() if found != "none" else None

    assert stage.wrap(path).wait(20) == 0

    assert (lease_path(stage).read_bytes() if lease_path(stage).exists() else None) == before
    assert not owner_path(stage).exists()
    assert not (stage.workspace / "started").exists()


def test_of_wrappers_that_race_exactly_one_runs_the_agent(stage: Stage) -> None:
    path = stage.lay(stage.sh("echo $$ >> started; sleep 0.5"))

    for wrapper in [stage.wrap(path) for _ in range(6)]:
        assert wrapper.wait(20) == 0

    assert len((stage.workspace / "started").read_text().splitlines()) == 1
    assert stage.outcome().kind == "succeeded"


def test_a_wrapper_whose_lease_is_removed_stops_its_agent_and_writes_nothing(stage: Stage) -> None:
    stage.start(stage.sh("trap '' TERM; while :; do sleep 0.1; done"))
    agent = stage.wait_for_agent()

    lease_path(stage).unlink()
    began = time.monotonic()
    assert stage.wrappers[0].wait(20) == 0

    assert time.monotonic() - began < 5.0
    assert not is_alive(agent)
    assert not lease_path(stage).exists()


def test_a_wrapper_whose_lease_is_anothers_leaves_it_byte_for_byte(stage: Stage) -> None:
    """Features B10: reclaim, restart, wake the old wrapper."""
    stage.start(stage.sh("setsid sleep 99 & sleep 99"))
    stage.wait_for_agent()
    stage.leases.write(stage.new_lease()._replace(lease_id=LeaseId("another"), generation=4))
    before = lease_path(stage).read_bytes()

    assert stage.wrappers[0].wait(20) == 0

    assert lease_path(stage).read_bytes() == before
    assert stage.tree() == ()


def test_a_wrapper_woken_after_a_new_start_leaves_the_new_lease_as_it_is(stage: Stage) -> None:
    """Features B10. It was stopped for so long that a person has released its lease, and the task was
    started again; within a beat its agent is gone."""
    wrapper = stage.start(stage.sh("trap '' TERM; while :; do sleep 0.1; done"))
    agent = stage.wait_for_agent()
    wrapper.send_signal(signal.SIGSTOP)
    stage.leases.remove(stage.lease())
    new = stage.new_lease()._replace(lease_id=LeaseId("feed"), generation=4)
    assert stage.leases.create(new)
    before = lease_path(stage).read_bytes()

    wrapper.send_signal(signal.SIGCONT)
    wrapper.wait(20)

    assert lease_path(stage).read_bytes() == before
    assert not is_alive(agent)
    assert stage.tree() == ()
    assert sorted(os.listdir(stage.folder / "running")) == ["task_7.json"]


def test_a_lost_lease_is_followed_by_no_pass(stage: Stage) -> None:
    mark = stage.folder / "pass"
    stage.start(stage.sh("sleep 99", after_argv=("/usr/bin/touch", str(mark))))
    stage.wait_for_agent()

    lease_path(stage).unlink()
    stage.wrappers[0].wait(20)

    assert not mark.exists()


def test_a_garbled_lease_is_written_anew_and_the_old_bytes_are_kept(stage: Stage) -> None:
    """Features B9: the same agent goes on. The wrapper is the lease's one writer (law 6)."""
    stage.start(stage.sh("sleep 99"))
    agent = stage.wait_for_agent()

    lease_path(stage).write_text("{ garbled")
    wait_until(lambda: lease_path(stage).read_text() != "{ garbled", "the lease is mended")

    assert stage.lease().agent_pid == agent
    assert is_alive(agent)
    assert (stage.run_folder / "lease.broken.json").read_text() == "{ garbled"


def test_an_older_lease_that_is_put_back_is_written_over(stage: Stage) -> None:
    """Out of a backup. The same agent goes on, and no attempt is lost."""
    stage.start(stage.sh("sleep 99"))
    agent = stage.wait_for_agent()
    older = stage.new_lease()._replace(lease_id=LeaseId("older"), generation=1)

    stage.leases.write(older)
    wait_until(lambda: stage.leases.read(stage.task_id) != older, "the lease is mended")

    assert (stage.lease().lease_id, stage.lease().agent_pid) == (stage.lease_id, agent)
    assert is_alive(agent)


def test_an_older_lease_that_came_with_its_owner_is_not_written_over(stage: Stage) -> None:
    """Then nothing on the disk says any more that the task is ours."""
    stage.start(stage.sh("sleep 99"))
    agent = stage.wait_for_agent()
    owner_path(stage).write_text(json.dumps({"lease_id": "older", "by": "revoked", "process": None}))
    older = stage.new_lease()._replace(lease_id=LeaseId("older"), generation=1)

    stage.leases.write(older)
    assert stage.wrappers[0].wait(20) == 0

    assert stage.leases.read(stage.task_id) == older
    assert not is_alive(agent)


def test_a_garbled_lease_of_somebody_else_is_not_written_over(stage: Stage) -> None:
    """Its owner file says whose it is; then it is not ours to mend."""
    stage.start(stage.sh("sleep 99"))
    agent = stage.wait_for_agent()

    owner_path(stage).write_text(json.dumps({"lease_id": "another", "by": "revoked", "process": None}))
    lease_path(stage).write_text("{ garbled")
    wait_until(lambda: "not ours by its owner file" in stage.words(), "the wrapper has looked")

    assert lease_path(stage).read_text() == "{ garbled"
    assert is_alive(agent)


def test_the_outcome_waits_for_a_disk_that_refuses(stage: Stage) -> None:
    """Nothing is lost: a read-only folder of leases holds the outcome back, not away."""
    stage.start(stage.sh("sleep 0.5; exit 4"))
    stage.wait_for_agent()
    running = stage.folder / "running"
    away = stage.folder / "away"
    running.rename(away)
    running.write_text("in the way")
    wait_until(lambda: "the run ended" in stage.words(), "the agent's end")
    wait_until(lambda: "could not be written" in stage.words(), "a refused write")

    running.unlink()
    away.rename(running)
    stage.wrappers[0].wait(20)

    assert (stage.outcome().kind, stage.outcome().code) == ("failed", 4)


def test_the_outcome_is_on_disk_before_the_wrapper_becomes_a_pass(stage: Stage) -> None:
    """And the pass is clean: no tag, no value of the agent's, the pass's own environment."""
    copy, seen = stage.folder / "copy", stage.folder / "seen"
    script = f"cp {lease_path(stage)} {copy}; env > {seen}; ls -l /proc/self/fd/ >> {seen}; echo pass >&2"
    order = stage.sh("exit 0", after_argv=("/bin/sh", "-c", script))

    wrapper = stage.start(order, {f"{AGENT_ENV_PREFIX}KEY": "agent's", "KEY": "pass's"})
    assert wrapper.wait(20) == 0

    assert json.loads(copy.read_text())["state"] == "finished"
    text = seen.read_text()
    assert "KEY=pass's" in text
    assert LEASE_VARIABLE not in text
    assert AGENT_ENV_PREFIX not in text
    assert "0 -> /dev/null" in text
    assert f"1 -> {stage.run_folder}/wrapper.log" not in text  # the script's own redirection
    assert f"2 -> {stage.run_folder}/wrapper.log" in text
    assert stage.words().endswith("pass\n")


def test_a_pass_that_cannot_be_executed_is_no_failure(stage: Stage) -> None:
    wrapper = stage.start(stage.sh("exit 0", after_argv=("/nonexistent/python",)))

    assert wrapper.wait(20) == 0
    assert stage.outcome().kind == "succeeded"
    assert "/nonexistent/python" in stage.words()


def test_a_wrapper_is_small_and_knows_nothing_it_does_not_need(stage: Stage) -> None:
    """Features F1. The list, not the figure, is the guard that lasts."""
    modules = stage.folder / "modules"
    probe = stage.folder / "sitecustomize.py"
    probe.write_text(
        "import atexit, sys\n"
        f"atexit.register(lambda: open({str(modules)!r}, 'w').write('\\n'.join(sys.modules)))\n"
    )
    source = REPOSITORY / "src"
    order = stage.sh("echo password=hunter22; sleep 0.2")
    stage.start(order, {"PYTHONPATH": f"{stage.folder}{os.pathsep}{source}"}).wait(20)

    loaded = {name.partition(".")[0] for name in modules.read_text().splitlines()}
    foreign = {name for name in loaded if not name.startswith("_") and name != "tinyscheduler"}
    assert foreign - {"sitecustomize", "atexit"} <= LIBRARIES_ALLOWED
    assert not {n for n in modules.read_text().splitlines() if n.startswith("tinyscheduler.adapters.mcp")}


@pytest.mark.slow
def test_a_wrapper_sleeps_between_beats_and_stays_small(stage: Stage) -> None:
    stage.start(stage.sh("sleep 99", heartbeat_s=60))
    stage.wait_for_agent()
    ticks = stage.cpu_ticks()
    time.sleep(2)

    assert stage.cpu_ticks() == ticks
    assert memory_kib(stage.wrappers[0]) < 12_000


def memory_kib(process: "subprocess.Popen[bytes]") -> int:
    """Proportional set size: what this process costs the machine."""
    with open(f"/proc/{process.pid}/smaps_rollup") as rollup:
        lines = dict(line.split(":", 1) for line in rollup.readlines()[1:])
    return int(lines["Pss"].split()[0])
