"""Under a real systemd: an agent outlives the service that started its pass, and nothing outlives the agent.

A service that runs once ends everything in its control group when it ends (systemd.kill(5)).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.acceptance.program import PROGRAM, cron_environment
from tests.acceptance.scene import Scene, gated
from tests.integration.cgroup_litter import state_id_of
from tests.integration.escape import escaping
from tests.rigs.systemd import SystemdMachine, a_systemd_machine
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


class Unit:
    """A scene whose passes are services of another machine."""

    def __init__(self, machine: SystemdMachine, base: Path) -> None:
        self.machine = machine
        self.base = base
        self.scene = Scene(base, gated(before=escaping(base / "daemon")))
        self._passes = 0

    def one_pass(self) -> str:
        """What it says."""
        self._passes += 1
        environ = cron_environment(str(self.base))
        done = self.machine.oneshot(f"pass-{self._passes}", *PROGRAM, "run", "--once", environ=environ)
        assert done.returncode == 0, done
        return done.stdout + done.stderr

    def pass_of(self, user: int) -> subprocess.CompletedProcess[str]:
        """As cron starts it."""
        environ = [f"{name}={value}" for name, value in cron_environment(str(self.base)).items()]
        become = ("setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups")
        return self.machine.call(*become, "env", "--ignore-environment", *environ, *PROGRAM, "run", "--once")

    def start(self) -> tuple[str, int]:
        """A task whose agent works, and the daemon that it has let loose."""
        task_id = self.scene.add("a task", queue="dev")
        self.one_pass()
        self.scene.wait_for_running(task_id)
        wait_until((self.base / "daemon").exists, "the daemon has left")
        return task_id, int((self.base / "daemon").read_text())

    def pid(self, task_id: str, name: str = "pid") -> int:
        return int(str(self.scene.disk.lease(task_id)[name]))

    def last_words(self, task_id: str) -> list[str]:
        """How the run ended: in the ledger, or still in its lease."""
        with suppress(FileNotFoundError):
            outcome = self.scene.disk.lease(task_id)["outcome"]
            return [str(outcome["class"])] if isinstance(outcome, dict) else []
        return self.scene.disk.outcomes(task_id)

    def is_alive(self, pid: int) -> bool:
        return self.machine.is_alive(pid)

    def scopes(self) -> list[str]:
        """Of this state folder."""
        names = f"tinyscheduler-{state_id_of(self.scene.state)[:8]}-*.scope"
        listed = self.machine.call("systemctl", "list-units", "--plain", "--no-legend", names)
        return [line.split()[0] for line in listed.stdout.splitlines()]

    def is_anybody_in(self, scope: str) -> bool:
        """By what each process says of itself. Whether the manager has noticed that a scope is empty is its
        own matter: with cgroup v1 in a container no release agent tells it."""
        return self.machine.call("sh", "-c", f"cat /proc/[0-9]*/cgroup | grep -qF /{scope}").returncode == 0

    def close(self) -> None:
        self.scene.close()
        for scope in self.scopes():
            self.machine.call("systemctl", "stop", scope)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SystemdMachine, Path]]:
    folder = tmp_path_factory.mktemp("systemd")
    shared = folder / "shared"
    shared.mkdir()
    with a_systemd_machine(folder, shared=shared) as booted:
        yield booted, shared


@pytest.fixture
def unit(machine: tuple[SystemdMachine, Path], request: pytest.FixtureRequest) -> Iterator[Unit]:
    booted, shared = machine
    unit = Unit(booted, shared / str(request.node.name))
    yield unit
    unit.close()


def test_an_agent_outlives_the_service_that_has_started_it(unit: Unit) -> None:
    task_id, daemon = unit.start()
    lease = unit.scene.disk.lease(task_id)
    wait_until(
        lambda: unit.machine.call("systemctl", "is-active", "pass-1").returncode, "the service is over"
    )

    assert lease["containment"] == "scope"
    assert str(lease["cgroup"]).endswith(".scope")
    (scope,) = unit.scopes()
    assert scope == str(lease["cgroup"]).rpartition("/")[2]
    assert all(unit.is_alive(pid) for pid in (unit.pid(task_id), unit.pid(task_id, "agent_pid"), daemon))

    unit.scene.open_gate()
    wait_until(lambda: unit.scene.disk.leases() == [], "the pass of the wrapper has settled it")
    assert unit.scene.statuses() == {task_id: "complete"}
    assert not unit.is_alive(daemon)
    wait_until(lambda: not unit.is_anybody_in(scope), "nobody is left in the scope")


def test_after_the_wrapper_was_killed_the_next_pass_finds_everybody_in_the_scope(unit: Unit) -> None:
    task_id, daemon = unit.start()
    wrapper, (scope,) = unit.pid(task_id), unit.scopes()
    assert unit.is_anybody_in(scope)
    unit.machine.call("kill", "-9", str(wrapper))
    wait_until(lambda: not unit.is_alive(wrapper), "the wrapper is dead")

    unit.one_pass()

    assert not unit.is_alive(daemon)
    assert unit.scene.disk.outcomes(task_id) == ["lost"]
    assert not unit.is_anybody_in(scope)


def test_a_scope_that_systemd_stops_is_an_interruption(unit: Unit) -> None:
    """As at a shutdown: TERM goes to wrapper and agent at once."""
    task_id, daemon = unit.start()
    (scope,) = unit.scopes()

    unit.machine.call("systemctl", "stop", scope)
    unit.one_pass()

    assert unit.scene.disk.outcomes(task_id) == ["interrupted"]
    assert not unit.is_alive(daemon)


def test_a_shutdown_of_the_machine_is_an_interruption(tmp_path: Path) -> None:
    """The wrapper still has the time to say so, and often the pass that it becomes to settle it."""
    shared = tmp_path / "shared"
    shared.mkdir()
    with a_systemd_machine(tmp_path, shared=shared) as machine:
        unit = Unit(machine, shared / "base")
        task_id, _ = unit.start()
        machine.power_off()
        wait_until(lambda: unit.last_words(task_id), "how it ended")

    assert unit.last_words(task_id) == ["interrupted"]
    unit.scene.close()


def test_a_users_own_manager_is_asked_where_the_system_is_not_theirs(unit: Unit) -> None:
    """From cron, which sets no XDG_RUNTIME_DIR: agents are not to see one either."""
    user = unit.machine.a_user()
    unit.scene.control(gated(before=f"env > {unit.base}/seen"))
    task_id = unit.scene.add("a task", queue="dev")
    unit.machine.call("chown", "--recursive", str(user), str(unit.base))

    done = unit.pass_of(user)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    unit.scene.wait_for_running(task_id)
    lease = unit.scene.disk.lease(task_id)
    assert lease["containment"] == "scope"
    assert f"/user@{user}.service/" in str(lease["cgroup"])
    assert "XDG_RUNTIME_DIR" not in (unit.base / "seen").read_text()


def test_a_users_manager_that_would_end_with_the_session_is_not_asked(unit: Unit) -> None:
    """It would take the agent along, ten seconds after the pass."""
    user = unit.machine.a_user()
    unit.machine.call("loginctl", "disable-linger", f"user-{user}")
    unit.machine.call("systemctl", "start", f"user@{user}.service")
    task_id = unit.scene.add("a task", queue="dev")
    unit.machine.call("chown", "--recursive", str(user), str(unit.base))

    done = unit.pass_of(user)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    unit.scene.wait_for_running(task_id)
    assert unit.scene.disk.lease(task_id)["containment"] == "subreaper"


def test_where_systemd_run_fails_the_start_goes_one_rung_down_and_says_so(unit: Unit) -> None:
    task_id = unit.scene.add("a task", queue="dev")
    broken = unit.base / "systemd-run"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    environ = cron_environment(str(unit.base))
    over = ["mount", "--bind", str(broken), "/usr/bin/systemd-run"]
    script = f'{" ".join(over)} && exec "$@"'

    done = unit.machine.call(
        "unshare", "--mount", "env", *(f"{name}={value}" for name, value in environ.items()),
        "/bin/sh", "-c", script, "sh", *PROGRAM, "run", "--once", "--json",
    )  # fmt: skip

    told = json.loads(done.stdout)
    assert (told["exit"], done.stderr) == (0, "")
    assert "systemd-run made no scope" in json.dumps(told)
    unit.scene.wait_for_running(task_id)
    assert unit.scene.disk.lease(task_id)["containment"] in ("cgroup", "subreaper")
