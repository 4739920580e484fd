"""Who lives, who belongs to a run, and how to end them: against real processes (laws 1 and 5, B2, B8)."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.model.order import LEASE_VARIABLE
from tinyscheduler.ports import RunRef

LIMIT_S = 20
TAG = f"state-{os.getpid()}:1:lease"
OTHER = f"state-{os.getpid()}:2:other"
PLAIN = {"PATH": "/usr/bin:/bin"}
TAGGED = {**PLAIN, LEASE_VARIABLE: TAG}


@pytest.fixture
def table() -> ProcessTable:
    return ProcessTable()


@pytest.fixture
def nursery(tmp_path: Path, table: ProcessTable) -> Iterator[Nursery]:
    """Starts processes and leaves none behind, wherever they went."""
    found = Nursery(tmp_path, table)
    try:
        yield found
    finally:
        found.end()


class Nursery:
    """Processes of one test. Scripts say which processes they made by writing their pids into files."""

    def __init__(self, folder: Path, table: ProcessTable) -> None:
        self._folder = folder
        self._table = table
        self._started: list[subprocess.Popen[bytes]] = []

    def sleeper(self, *, env: dict[str, str] = PLAIN, session: bool = True) -> ProcessRef:
        """A process that sleeps for a minute, and does so already: while a process execs, its
        environment is empty for a moment."""
        found = self._start(["sleep", "60"], env, session=session)
        wait_until(lambda: state_of(found.pid) == ("sleep", "S"))
        return found

    def script(self, text: str, *, env: dict[str, str] = TAGGED, session: bool = True) -> ProcessRef:
        """A shell in the test's folder; ``echo $$ > name`` tells ``pid_of(name)``."""
        return self._start(["sh", "-c", text], env, session=session)

    def named(self, name: str) -> ProcessRef:
        """The process whose pid a script has written there."""
        path = self._folder / name
        wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
        found = self._table.identify(int(path.read_text()))
        assert found is not None, f"{name} has ended already"
        return found

    def reap(self, process: ProcessRef) -> None:
        """Wait for a child of ours that has been told to end."""
        for started in self._started:
            if started.pid == process.pid:
                started.wait(LIMIT_S)

    def end(self) -> None:
        """Whatever stands in the test's folder was started here, whoever its parent is by now."""
        while left := self._standing_here():
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._reap_all()
        self._reap_all()

    def _reap_all(self) -> None:
        for started in self._started:
            started.wait(LIMIT_S)

    def _standing_here(self) -> list[int]:
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with suppress(OSError):
                if os.readlink(f"/proc/{pid}/cwd") == str(self._folder):
                    found.append(int(pid))
        return found

    def _start(self, argv: list[str], env: dict[str, str], *, session: bool) -> ProcessRef:
        """It waits for a line before it does anything, so that it lives when it is looked at."""
        gated = ["sh", "-c", 'read go; exec "$@"', "gate", *argv]
        started = subprocess.Popen(
            gated, env=env, cwd=self._folder, start_new_session=session, stdin=subprocess.PIPE
        )
        self._started.append(started)
        found = self._table.identify(started.pid)
        assert found is not None
        wait_until(lambda: state_of(started.pid) == ("sh", "S"))
        assert started.stdin is not None
        started.stdin.write(b"go\n")
        started.stdin.close()
        return found


def state_of(pid: int) -> tuple[str, str]:
    """Its name, and what it does: S sleeps, T is stopped."""
    before, _, after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    return before.partition("(")[2], after.split()[0]


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not is_true():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.01)


@contextmanager
def a_zombie() -> Iterator[int]:
    """The pid of a child that has ended and is not waited for."""
    ended = subprocess.Popen(["true"])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    try:
        yield ended.pid
    finally:
        ended.wait(LIMIT_S)


def pids(processes: tuple[ProcessRef, ...]) -> set[int]:
    return {process.pid for process in processes}


# --- who is who -------------------------------------------------------------------------------------


def test_this_process_is_alive(table: ProcessTable) -> None:
    me = table.me()

    assert me.pid == os.getpid()
    assert table.liveness(me) == "alive"
    assert table.identify(os.getpid()) == me


def test_a_process_is_alive_until_it_has_ended(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()
    assert table.liveness(sleeper) == "alive"

    os.kill(sleeper.pid, signal.SIGKILL)
    nursery.reap(sleeper)

    assert table.liveness(sleeper) == "dead"
    assert table.identify(sleeper.pid) is None


def test_two_looks_at_one_process_give_one_identity(table: ProcessTable, nursery: Nursery) -> None:
    """Also from another process and at another time: ticks since boot do not move with the clock."""
    sleeper = nursery.sleeper()

    assert table.identify(sleeper.pid) == sleeper
    assert ProcessTable().identify(sleeper.pid) == sleeper


def test_a_recycled_pid_is_a_dead_process(table: ProcessTable, nursery: Nursery) -> None:
    """Law 5: the same number, another start time."""
    sleeper = nursery.sleeper()

    assert table.liveness(sleeper._replace(start=sleeper.start - 1)) == "dead"
    assert table.liveness(sleeper._replace(start=sleeper.start + 1)) == "dead"


def test_a_zombie_is_dead(table: ProcessTable) -> None:
    with a_zombie() as pid:
        start = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        zombie = table.me()._replace(pid=pid, start=start)

        assert table.liveness(zombie) == "dead"
        assert table.identify(pid) is None


def test_after_a_reboot_everybody_is_dead(table: ProcessTable) -> None:
    assert table.liveness(table.me()._replace(boot_id="another")) == "dead"


def test_in_another_pid_namespace_nobody_is_known(table: ProcessTable) -> None:
    """Our numbers mean nothing there (law 4)."""
    assert table.liveness(table.me()._replace(pid_namespace="pid:[1]")) == "unknown"


def test_a_reboot_beats_another_pid_namespace(table: ProcessTable) -> None:
    """Containers get a new namespace at each start; after a boot there is no doubt."""
    assert table.liveness(table.me()._replace(boot_id="another", pid_namespace="pid:[1]")) == "dead"


def test_a_pid_nobody_has_is_dead(table: ProcessTable) -> None:
    beyond = int(Path("/proc/sys/kernel/pid_max").read_text()) + 1

    assert table.identify(beyond) is None
    assert table.liveness(table.me()._replace(pid=beyond)) == "dead"


def test_a_name_with_blanks_and_parentheses_is_read_right(
    table: ProcessTable, nursery: Nursery, tmp_path: Path
) -> None:
    """The command name stands in the middle of /proc/PID/stat, unquoted (proc(5))."""
    odd = tmp_path / ") Z 1 (a b"
    odd.symlink_to("/bin/sleep")
    process = nursery._start([str(odd), "60"], PLAIN, session=True)
    wait_until(lambda: ") Z 1" in Path(f"/proc/{process.pid}/comm").read_text())

    assert table.liveness(process) == "alive"


def test_a_stopped_process_lives(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()
    os.kill(sleeper.pid, signal.SIGSTOP)
    wait_until(lambda: state_of(sleeper.pid) == ("sleep", "T"))

    assert table.liveness(sleeper) == "alive"


# --- who belongs to a run ---------------------------------------------------------------------------


def test_the_tree_of_nobody_is_empty(table: ProcessTable) -> None:
    assert table.tree(TAG, ()) == ()


def test_a_process_with_the_tag_belongs_to_the_run(table: ProcessTable, nursery: Nursery) -> None:
    tagged, stranger = nursery.sleeper(env=TAGGED), nursery.sleeper()

    assert pids(table.tree(TAG, ())) == {tagged.pid}
    assert table.liveness(stranger) == "alive"


def test_a_grandchild_in_a_session_of_its_own_is_found_by_its_tag(
    table: ProcessTable, nursery: Nursery
) -> None:
    """Features B8: double fork and setsid, as daemons do; its parent is init now."""
    root = nursery.script("(setsid sh -c 'echo $$ > daemon; exec sleep 60' &) ; sleep 60")
    daemon = nursery.named("daemon")

    assert {root.pid, daemon.pid} <= pids(table.tree(TAG, ()))
    assert daemon in table.tree(TAG, [root])


def test_a_daemon_is_found_after_all_its_ancestors_are_gone(table: ProcessTable, nursery: Nursery) -> None:
    root = nursery.script("(setsid sh -c 'echo $$ > daemon; exec sleep 60' &)")
    nursery.reap(root)
    daemon = nursery.named("daemon")

    assert table.tree(TAG, [root]) == (daemon,)


def test_a_descendant_that_cleared_its_environment_is_found_by_its_parent(
    table: ProcessTable, nursery: Nursery
) -> None:
    root = nursery.script("env -i setsid sh -c 'echo $$ > cleared; sleep 60' ; :")
    cleared = nursery.named("cleared")

    tree = table.tree(TAG, [root])
    assert {root.pid, cleared.pid} <= pids(tree)


def test_the_child_of_a_cleared_process_is_found_too(table: ProcessTable, nursery: Nursery) -> None:
    root = nursery.script("env -i sh -c 'sh -c \"echo \\$\\$ > deep; exec sleep 60\" ; :' ; :")
    deep = nursery.named("deep")

    assert deep in table.tree(TAG, [root])


def test_a_member_of_the_group_is_found_though_its_parent_is_gone(
    table: ProcessTable, nursery: Nursery
) -> None:
    """Reparented to init, environment cleared: only the group and the session tell."""
    root = nursery.script("(env -i sh -c 'echo $$ > orphan; exec sleep 60' &) ; exec sleep 60")
    orphan = nursery.named("orphan")
    wait_until(lambda: parent_of(orphan.pid) != root.pid)

    assert orphan in table.tree(TAG, [root])


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_zombie_leader_still_names_its_group(table: ProcessTable, nursery: Nursery) -> None:
    """The agent has ended and its wrapper has not reaped it yet; what it left behind is found."""
    root = nursery.script("(env -i sh -c 'echo $$ > left; exec sleep 60' &)")
    left = nursery.named("left")
    os.waitid(os.P_PID, root.pid, os.WEXITED | os.WNOWAIT)

    assert table.tree(TAG, [root]) == (left,)


def test_a_process_with_another_tag_belongs_to_another_run(table: ProcessTable, nursery: Nursery) -> None:
    """An agent may run a pass, and that pass start wrappers of its own."""
    root = nursery.script(
        f"{LEASE_VARIABLE}={OTHER} setsid sh -c '"
        'echo $$ > other; env -i sh -c "echo \\$\\$ > below; exec sleep 60"; :\' ; :'
    )
    other, below = nursery.named("other"), nursery.named("below")

    tree = table.tree(TAG, [root])
    assert root in tree
    assert other not in tree
    assert below not in tree
    assert {other.pid, below.pid} <= pids(table.tree(OTHER, ()))


def test_several_runs_looked_at_together_are_the_same_trees_in_their_order(
    table: ProcessTable, nursery: Nursery
) -> None:
    one, other = nursery.sleeper(env=TAGGED), nursery.sleeper(env={**PLAIN, LEASE_VARIABLE: OTHER})
    plain = nursery.sleeper()

    runs = [RunRef(OTHER), RunRef(TAG, [one]), RunRef("nobody"), RunRef("nobody", [plain])]
    trees = table.trees(runs)

    assert trees == ((other,), (one,), (), (plain,))


def test_a_root_that_was_recycled_is_no_root(table: ProcessTable, nursery: Nursery) -> None:
    """Features B2: the stranger is not touched, nor are its children."""
    stranger = nursery.script("sh -c 'echo $$ > child; exec sleep 60' ; :", env=PLAIN)
    nursery.named("child")

    assert table.tree(TAG, [stranger._replace(start=stranger.start - 1)]) == ()


@pytest.mark.parametrize("change", [{"boot_id": "another"}, {"pid_namespace": "pid:[1]"}])
def test_a_root_of_elsewhere_is_no_root(
    table: ProcessTable, nursery: Nursery, change: dict[str, str]
) -> None:
    sleeper = nursery.sleeper()

    assert table.tree(TAG, [sleeper._replace(**change)]) == ()  # type: ignore[arg-type]


def test_the_tree_never_contains_who_asks(table: ProcessTable, nursery: Nursery) -> None:
    """The pass may be a child of the run it ends: a wrapper becomes a pass."""
    child = nursery.sleeper(env=TAGGED, session=False)

    tree = table.tree(TAG, [table.me()])
    assert child in tree
    assert os.getpid() not in pids(tree)


def test_a_wrapper_and_its_agent_in_two_sessions_are_one_tree(table: ProcessTable, nursery: Nursery) -> None:
    wrapper = nursery.script("setsid env -i sh -c 'echo $$ > agent; sleep 60; :' ; :")
    agent = nursery.named("agent")
    os.kill(wrapper.pid, signal.SIGKILL)
    nursery.reap(wrapper)

    tree = table.tree(TAG, [wrapper, agent])
    assert agent in tree
    assert len(tree) == 2, "the agent and its sleep"


# --- signals ----------------------------------------------------------------------------------------


def test_a_signal_reaches_the_process(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()

    assert table.signal(sleeper, signal.SIGTERM)
    nursery.reap(sleeper)
    assert table.liveness(sleeper) == "dead"


def test_a_process_of_another_start_time_is_not_signalled(table: ProcessTable, nursery: Nursery) -> None:
    """Law 5: it is a stranger that has got the number."""
    stranger = nursery.sleeper()

    assert not table.signal(stranger._replace(start=stranger.start - 1), signal.SIGKILL)
    assert not table.signal(stranger._replace(boot_id="another"), signal.SIGKILL)
    assert not table.signal(stranger._replace(pid_namespace="pid:[1]"), signal.SIGKILL)
    assert table.liveness(stranger) == "alive"


def test_signalling_who_is_gone_is_no_error(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()
    os.kill(sleeper.pid, signal.SIGKILL)
    nursery.reap(sleeper)

    assert not table.signal(sleeper, signal.SIGTERM)


@pytest.mark.parametrize("pid", [0, -1, -2])
def test_numbers_that_mean_groups_or_everybody_are_nobody(table: ProcessTable, pid: int) -> None:
    """kill(2) would end the world."""
    nobody = table.me()._replace(pid=pid)

    assert table.liveness(nobody) != "alive"
    assert table.tree(TAG, [nobody]) == ()
    assert not table.signal(nobody, signal.SIGTERM)


def test_no_descriptor_is_left_open(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        table.signal(sleeper, 0)
        table.signal(sleeper._replace(start=1), 0)
        table.wait_gone([sleeper], 0.01)
        table.tree(TAG, [sleeper])

    assert len(os.listdir("/proc/self/fd")) == before


# --- waiting ----------------------------------------------------------------------------------------


def test_waiting_for_nobody_takes_no_time(table: ProcessTable) -> None:
    began = time.monotonic()

    assert table.wait_gone([], 10) == ()
    assert time.monotonic() - began < 5


def test_waiting_ends_when_the_last_one_has_ended(table: ProcessTable, nursery: Nursery) -> None:
    sleepers = [nursery.sleeper() for _ in range(3)]
    for sleeper in sleepers:
        table.signal(sleeper, signal.SIGTERM)
    began = time.monotonic()

    assert table.wait_gone(sleepers, LIMIT_S) == ()
    assert time.monotonic() - began < LIMIT_S / 2


def test_a_zombie_is_gone(table: ProcessTable, nursery: Nursery) -> None:
    """Nobody reaps the children of a pass that has ended but init; nobody waits for that here."""
    sleeper = nursery.sleeper()
    table.signal(sleeper, signal.SIGKILL)

    assert table.wait_gone([sleeper], LIMIT_S) == ()


def test_waiting_comes_back_in_time_with_those_that_are_left(table: ProcessTable, nursery: Nursery) -> None:
    stays, goes = nursery.sleeper(), nursery.sleeper()
    table.signal(goes, signal.SIGTERM)
    began = time.monotonic()

    left = table.wait_gone([stays, goes], 0.3)

    took_s = time.monotonic() - began
    assert left == (stays,)
    assert 0.3 <= took_s < 5


def test_those_we_cannot_see_are_left(table: ProcessTable) -> None:
    elsewhere = table.me()._replace(pid_namespace="pid:[1]")

    assert table.wait_gone([elsewhere], 0.05) == (elsewhere,)


def test_waiting_sleeps_and_does_not_spin(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()
    before_s = time.process_time()

    table.wait_gone([sleeper], 0.5)

    assert time.process_time() - before_s < 0.2


def test_a_wait_longer_than_the_kernel_counts_is_a_wait(table: ProcessTable, nursery: Nursery) -> None:
    """A grace from a file may be any number."""
    sleeper = nursery.sleeper()
    table.signal(sleeper, signal.SIGTERM)
    stopped = nursery.script("sleep 0.2", env=PLAIN)

    assert table.wait_gone([sleeper, stopped], 1e10) == ()


def test_this_machine_has_a_name_and_a_boot(table: ProcessTable) -> None:
    host = table.host()

    assert host.name == os.uname().nodename
    assert len(host.boot_id) == 36
    assert host.pid_namespace.startswith("pid:[")
    assert table.me().boot_id == host.boot_id
