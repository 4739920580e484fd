"""Who lives and who is dead, and of whom nobody can tell: against real processes (laws 1 and 5, B2)."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.nursery import PLAIN, Nursery, a_zombie, state_of
from tests.waiting import wait_until
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.errors import Blind
from tinyscheduler.model.lease import LEASE_VARIABLE
from tinyscheduler.ports import RunRef
from tinyscheduler.wrapper.tree import RunTree


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


@pytest.mark.parametrize("pid", [2**22 + 1, 2**31 - 1, 2**31, 10**12])
def test_a_number_that_no_kernel_gives_is_nobody(table: ProcessTable, pid: int) -> None:
    """Damaged state must not stop a house: os.kill and pidfd_open raise OverflowError for some of them."""
    nobody = table.me()._replace(pid=pid)

    assert table.liveness(nobody) == "dead"
    assert not table.signal(nobody, signal.SIGKILL)
    assert table.wait_gone([nobody], 1.0) == ()


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


def test_what_nobody_could_read_is_no_reboot(table: ProcessTable) -> None:
    """A chroot or a container may hide the boot id (law 4)."""
    assert table.liveness(table.me()._replace(boot_id="")) == "unknown"
    assert table.liveness(table.me()._replace(pid_namespace="")) == "unknown"


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


def test_this_machine_has_a_name_and_a_boot(table: ProcessTable) -> None:
    host = table.host()

    assert host.name == os.uname().nodename
    assert len(host.boot_id) == 36
    assert host.pid_namespace.startswith("pid:[")
    assert table.me().boot_id == host.boot_id


def test_who_is_stopped_by_a_signal_is_alive_and_stopped(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()
    assert not table.is_stopped(sleeper)

    os.kill(sleeper.pid, signal.SIGSTOP)
    wait_until(lambda: table.is_stopped(sleeper))
    assert table.liveness(sleeper) == "alive"

    os.kill(sleeper.pid, signal.SIGCONT)
    wait_until(lambda: not table.is_stopped(sleeper))


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    """Of this process, as on a machine that has used them up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_cannot_look_calls_nobody_gone(table: ProcessTable, nursery: Nursery) -> None:
    """Law 4. A pass says so and does nothing; a wrapper goes on beating."""
    sleeper = nursery.sleeper(env={LEASE_VARIABLE: "s:1:l"})
    run = RunRef("s:1:l", [sleeper])
    table.trees([run])
    tree = RunTree(table, run)
    table.host()

    with no_descriptors_left():
        assert table.liveness(sleeper) == "unknown"
        assert not table.signal(sleeper, signal.SIGKILL)
        with pytest.raises(Blind):
            table.trees([run])
        with pytest.raises(Blind):
            table.tagged("s")
        assert tree.survivors()
        tree.signal(signal.SIGTERM)

    assert [process.pid for process in tree.survivors()] == [sleeper.pid]
