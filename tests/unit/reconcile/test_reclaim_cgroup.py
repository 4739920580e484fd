"""Ending runs by what holds them: who is only in the cgroup, and when the cgroup goes (features B8)."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.fakes.processes import FakeProcess
from tests.fakes.stage import Stage
from tests.unit.reconcile.intent_scenes import ask
from tests.unit.reconcile.reclaim_scenes import TASK, a_running_stage, agent_of, newest
from tinyscheduler.model.lease import containment_name


def a_held_run(base: Path) -> tuple[Stage, FakeProcess]:
    """A running agent in a cgroup of its own, and a daemon that nothing else leads to."""
    stage = a_running_stage(base)
    lease = stage.lease()
    assert lease is not None
    cgroup = f"/cron/{containment_name(newest(stage).order.tag)}"
    stage.leases().write(lease._replace(containment="cgroup", cgroup=cgroup))
    daemon = stage.processes.spawn()
    agent_of(newest(stage)).cgroup = daemon.cgroup = cgroup
    return stage, daemon


def test_who_is_only_in_the_cgroup_is_ended_with_the_run_and_then_the_cgroup_goes(tmp_path: Path) -> None:
    stage, daemon = a_held_run(tmp_path)
    stage.engine.die(newest(stage))

    report = stage.run()

    assert [(r.kind, r.result) for r in report.results] == [("reclaim", "done"), ("settle", "done")]
    assert stage.processes.living() == []
    assert (daemon.ref.pid, signal.SIGTERM) in stage.processes.signals
    assert stage.processes.removed_cgroups == [daemon.cgroup]


def test_a_survivor_in_the_cgroup_holds_task_and_slot(tmp_path: Path) -> None:
    """Hung in the kernel, or another user's."""
    stage, daemon = a_held_run(tmp_path)
    daemon.ignores = {signal.SIGTERM, signal.SIGKILL}
    stage.engine.die(newest(stage))

    first, second = stage.run(), stage.run()
    held = stage.lease()
    daemon.ignores = set()
    third = stage.run()

    assert [first.exit_code, second.exit_code, third.exit_code] == [1, 1, 0]
    assert held is not None
    assert held.state == "running"
    assert stage.lease() is None
    assert stage.server.task(TASK).status == "idle"
    assert stage.processes.removed_cgroups == [daemon.cgroup]


def test_a_cgroup_that_does_not_bear_the_runs_name_is_not_believed(tmp_path: Path) -> None:
    """A lease that was edited, or damaged, must not end strangers."""
    stage, stranger = a_held_run(tmp_path)
    lease = stage.lease()
    assert lease is not None
    stage.leases().write(lease._replace(cgroup="/system.slice/ssh.service"))
    stranger.cgroup = "/system.slice/ssh.service"
    stage.engine.die(newest(stage))

    stage.run()

    assert stage.processes.living() == [stranger]
    assert stage.processes.removed_cgroups == []


def test_what_is_left_of_a_run_that_was_given_up_is_swept_when_nobody_is_in_it(tmp_path: Path) -> None:
    """A release does not wait for survivors, and nobody else would come back for their cgroup."""
    stage, daemon = a_held_run(tmp_path)
    daemon.ignores = {signal.SIGTERM, signal.SIGKILL}
    own, strangers = daemon.cgroup, "/cron/tinyscheduler-0c0ffee0-1-12345678"
    stage.processes.left_cgroups |= {own, strangers}
    stage.engine.die(newest(stage))
    ask(stage, "release")
    stage.run()
    held = set(stage.processes.left_cgroups)
    stage.processes.end(daemon.ref)
    stage.clock.advance(86_400)

    stage.run()

    assert stage.lease() is None
    assert held == {own, strangers}
    assert stage.processes.left_cgroups == {strangers}


def test_the_cgroup_of_a_run_that_is_being_started_is_not_swept(tmp_path: Path) -> None:
    """Nobody may be in it yet."""
    stage, daemon = a_held_run(tmp_path)
    own = daemon.cgroup
    agent_of(newest(stage)).cgroup = daemon.cgroup = ""
    stage.processes.left_cgroups.add(own)

    stage.run()

    assert stage.processes.left_cgroups == {own}
