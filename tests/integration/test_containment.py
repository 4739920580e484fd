"""Whoever leaves session, group, parent and environment behind ends with its run all the same (B8)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from tests.integration.escape import escaping, no_cgroups, pid_in
from tests.integration.wrapping import Stage, is_alive
from tests.rigs import tools
from tests.waiting import wait_until
from tinyscheduler.adapters.processes import ProcessTable, cgroups
from tinyscheduler.adapters.processes.containment import WrapperContainment
from tinyscheduler.model.lease import Rung, cgroup_of, containment_name
from tinyscheduler.ports import Enclosure, RunRef

NO_CGROUPS = no_cgroups()
needs_cgroups = pytest.mark.skipif(bool(NO_CGROUPS), reason=NO_CGROUPS)
NOT_MOUNTED = 99
HOLDING = [pytest.param("cgroup", marks=needs_cgroups), "subreaper"]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.clear()


@pytest.mark.parametrize("rung", HOLDING)
def test_a_daemon_of_the_agent_ends_when_the_run_is_stopped(stage: Stage, rung: Rung) -> None:
    order = stage.sh(f"{escaping(stage.folder / 'daemon')}; sleep 99", containment=rung)
    wrapper = stage.start(order)
    daemon = pid_in(stage.folder / "daemon")
    assert stage.lease().containment == rung

    wrapper.send_signal(signal.SIGTERM)
    wrapper.wait(20)

    assert not is_alive(daemon)
    assert stage.outcome().kind == "interrupted"


@pytest.mark.parametrize("rung", HOLDING)
def test_a_daemon_that_the_agent_leaves_behind_is_gone_before_the_run_counts_as_finished(
    stage: Stage, rung: Rung
) -> None:
    outcome = stage.run(stage.sh(escaping(stage.folder / "daemon"), containment=rung))

    assert outcome.kind == "succeeded"
    assert not is_alive(pid_in(stage.folder / "daemon"))


@needs_cgroups
def test_empty_cgroups_are_swept_by_their_name(tmp_path: Path) -> None:
    home = f"{cgroups.mount_point()}{cgroups.home_of(cgroups.own_paths()[''])}".rstrip("/")
    prefix = f"tinyscheduler-{os.urandom(4).hex()}-"
    empty, starting, used = (Path(home, f"{prefix}{task}-00c0ffee") for task in (1, 2, 3))
    for folder in (empty, starting, used):
        folder.mkdir()
    (empty / "divided").mkdir()
    with subprocess.Popen(["sleep", "99"]) as somebody:
        (used / "cgroup.procs").write_text(str(somebody.pid))
        ProcessTable().sweep_cgroups(prefix, {starting.name})
        left = [folder for folder in (empty, starting, used) if folder.exists()]
        somebody.kill()
    ProcessTable().sweep_cgroups(prefix, ())

    assert left == [starting, used]
    assert not starting.exists()
    assert not used.exists()


@needs_cgroups
def test_when_the_wrapper_is_killed_the_cgroup_still_tells_who_belongs_to_the_run(stage: Stage) -> None:
    """Nothing else does: the daemon has neither tag nor mark nor session nor a parent that we know."""
    leaving = escaping(stage.folder / "daemon", is_marked=False)
    order = stage.sh(f"{leaving}; exec sleep 99", containment="cgroup")
    wrapper = stage.start(order)
    daemon, agent = pid_in(stage.folder / "daemon"), stage.wait_for_agent()
    lease = stage.lease()
    wrapper.kill()
    wrapper.wait()
    os.kill(agent, signal.SIGKILL)
    wait_until(lambda: not is_alive(agent), "the agent is dead")
    table = ProcessTable()
    # The sleep between two looks of the agent for its daemon may outlive it for a moment.
    wait_until(lambda: len(table.tree(stage.tag, (), lease.cgroup)) < 2, "the agent's last sleep is over")

    assert lease.cgroup == cgroup_of(lease, stage.tag.split(":")[0]) != ""
    assert daemon not in [process.pid for process in table.tree(stage.tag, ())]
    assert table.cgroup_named(containment_name(stage.tag), ()) == lease.cgroup
    assert [process.pid for process in table.tree(stage.tag, (), lease.cgroup)] == [daemon]


@needs_cgroups
def test_a_run_leaves_no_cgroup_behind(stage: Stage) -> None:
    seen = stage.folder / "cgroup"
    stage.run(stage.sh(f"cat /proc/self/cgroup > {seen}", containment="cgroup"))

    cgroup = stage.lease().cgroup
    assert f"0::{cgroup}\n" in seen.read_text()
    assert cgroup.endswith(f"/{containment_name(stage.tag)}")
    assert not os.path.exists(f"{cgroups.mount_point()}{cgroup}")


@needs_cgroups
def test_the_wrapper_is_not_in_the_cgroup_of_its_agent(stage: Stage) -> None:
    """So whoever ends all that is in it ends no wrapper before it has said how the run ended."""
    wrapper = stage.start(stage.sh("exec sleep 99", containment="cgroup"))
    agent = stage.wait_for_agent()
    cgroup = stage.lease().cgroup

    wait_until(lambda: cgroups.members(cgroup) == {agent}, "the agent is alone")
    assert cgroups.path_of(wrapper.pid) != cgroup


@pytest.mark.parametrize("rung", get_args(Rung))
def test_a_rung_that_is_not_to_be_had_is_replaced_by_a_lower_one(rung: Rung) -> None:
    """Never the other way round."""
    rungs = get_args(Rung)

    plan = WrapperContainment().plan("tinyscheduler-none-1-none", rung)

    assert rungs.index(plan.rung) >= rungs.index(rung)
    assert bool(plan.cgroup) == (plan.rung == "cgroup")


def test_a_cgroup_that_cannot_be_made_leaves_the_next_rung() -> None:
    containment = WrapperContainment()
    plan = Enclosure("cgroup", "/no such parent/tinyscheduler-none-1-none")

    try:
        assert containment.enter(plan) == Enclosure("subreaper")
        assert containment.inherits_orphans()
    finally:
        containment.leave()
        containment.close()
    assert not containment.inherits_orphans()


@needs_cgroups
def test_a_cgroup_that_somebody_else_has_made_is_neither_entered_nor_removed() -> None:
    """Who is in there has nothing to do with the run, and would be ended with it."""
    containment, cgroup = WrapperContainment(), f"/tinyscheduler-test-{os.getpid()}"
    folder = f"{cgroups.mount_point()}{cgroup}"
    os.mkdir(folder)
    try:
        assert containment.enter(Enclosure("cgroup", cgroup)) == Enclosure("subreaper")
        containment.leave()
        containment.close()
        assert os.path.isdir(folder)
    finally:
        # The kernel takes a moment to forget who was started in it.
        wait_until(lambda: is_removed(cgroup), "the cgroup is empty")


def is_removed(cgroup: str) -> bool:
    """It is tried."""
    cgroups.remove(cgroup)
    return not os.path.exists(f"{cgroups.mount_point()}{cgroup}")


def test_orphans_that_have_ended_are_reaped(stage: Stage) -> None:
    """An agent may leave thousands of short-lived ones; each zombie would hold a pid."""
    leave = "i=0; while [ $i -lt 40 ]; do (sh -c 'exit 0' &); i=$((i+1)); done"
    wrapper = stage.start(stage.sh(f"{leave}; sleep 99", containment="subreaper"))
    stage.wait_for_agent()

    wait_until(lambda: len(children(wrapper.pid)) == 1, "only the agent is left")


def children(pid: int) -> list[str]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


@needs_cgroups
def test_who_carries_another_tag_is_not_of_the_run_also_not_with_what_it_has_started() -> None:
    """An agent may start a pass: the wrappers of that pass begin in its cgroup."""
    table, cgroup = ProcessTable(), f"/tinyscheduler-test-{os.getpid()}"
    folder = f"{cgroups.mount_point()}{cgroup}"
    os.mkdir(folder)
    script = f"echo $$ > {folder}/cgroup.procs; env -i sleep 98 & echo; exec sleep 99"
    runs = [
        subprocess.Popen(
            ["/bin/sh", "-c", script], env={**env, "PATH": os.environ["PATH"]}, stdout=subprocess.PIPE
        )
        for env in ({"TINYSCHEDULER_LEASE": "other:2:run"}, {})
    ]
    try:
        for run in runs:
            assert run.stdout is not None
            run.stdout.readline()
        wait_until(lambda: len(cgroups.members(cgroup)) == 4, "both and what they have started")
        (tree,) = table.trees([RunRef("this:1:run", (), cgroup)])

        pids = {process.pid for process in tree}
        assert runs[1].pid in pids
        assert runs[0].pid not in pids
        assert len(pids) == 2
    finally:
        for pid in cgroups.members(cgroup):
            os.kill(pid, signal.SIGKILL)
        for run in runs:
            run.communicate()
        wait_until(lambda: not cgroups.members(cgroup), "the cgroup is empty")
        table.remove_cgroup(cgroup)
    assert not os.path.exists(folder)


@pytest.mark.parametrize(
    "cgroup", ["", "/", "/system.slice", "/tinyscheduler-other-7-00c0ffee", "tinyscheduler-s"]
)
def test_a_lease_that_names_a_foreign_cgroup_names_none(stage: Stage, cgroup: str) -> None:
    """Everybody in it would be ended."""
    lease = stage.new_lease()._replace(cgroup=cgroup)

    assert cgroup_of(lease, "s") == ""
    named = lease._replace(cgroup=f"/a/{containment_name(f's:7:{stage.lease_id}')}")
    assert cgroup_of(named, "s") == named.cgroup
    assert cgroup_of(named._replace(cgroup=f"/..{named.cgroup}"), "s") == ""


@pytest.mark.parametrize(
    ("own", "home"),
    [
        ("/", "/"),
        ("/system.slice/cron.service", "/system.slice/cron.service"),
        ("/cron/tinyscheduler-a-1-b", "/cron"),
        ("/system.slice/tinyscheduler-a-1-b.scope/tinyscheduler-a-2-c", "/system.slice"),
        ("/tinyscheduler-a-1-b", ""),
    ],
)
def test_the_cgroup_of_a_run_is_never_made_inside_anothers(own: str, home: str) -> None:
    """An agent may run a pass, and its end must not end what that pass has started."""
    assert cgroups.home_of(own) == home


@pytest.mark.slow
def test_the_same_with_a_mount_of_our_own_where_the_machines_is_not_writable(tmp_path: Path) -> None:
    """As in containers that show the hierarchy read-only; what is mounted is seen by this test alone."""
    if not NO_CGROUPS:
        pytest.skip("cgroups can be made here without")
    tools.root()
    mount = cgroups.mount_point()
    if mount is None:
        pytest.skip(NO_CGROUPS)
    over = f"mount -t cgroup2 none {tmp_path} && mount --bind {tmp_path} {mount} || exit {NOT_MOUNTED}"
    run = f'{over}; exec {sys.executable} -m pytest -q -n 0 -m "not slow" {__file__}'

    done = subprocess.run(
        [*tools.private_mounts(), "/bin/sh", "-c", run], capture_output=True, text=True, check=False
    )

    if done.returncode == NOT_MOUNTED:
        pytest.skip(f"this machine mounts no cgroup2: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout
