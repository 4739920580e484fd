"""Reading /proc: one process at a time, whatever it is called and whoever made it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tinyscheduler.adapters.processes import proc
from tinyscheduler.model.lease import LEASE_VARIABLE

LIMIT_S = 20


@contextmanager
def a_process(argv: list[str], env: dict[str, str] | None = None) -> Iterator[int]:
    """Its pid; it waits for input and ends with the block."""
    started = subprocess.Popen(argv, env=env or {}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield started.pid
    finally:
        started.communicate(timeout=LIMIT_S)


def test_the_facts_about_this_process() -> None:
    stat = proc.read_stat(os.getpid())

    assert stat is not None
    assert (stat.pid, stat.parent) == (os.getpid(), os.getppid())
    assert (stat.group, stat.session) == (os.getpgid(0), os.getsid(0))
    assert stat.start > 0
    assert not stat.is_zombie
    assert os.getpid() in proc.all_pids()


@pytest.mark.parametrize("name", ["cat", ") Z 1 (x", "((((", "a\nb", "\u00e4\u65e5", "  "])
def test_no_name_of_a_program_confuses_us(tmp_path: Path, name: str) -> None:
    """It stands unquoted in the middle of the line."""
    program = tmp_path / name
    program.symlink_to("/bin/cat")
    with a_process([str(program)]) as pid:
        stat = proc.read_stat(pid)

    assert stat is not None
    assert (stat.pid, stat.parent) == (pid, os.getpid())
    assert not stat.is_zombie


def test_nobody_has_no_facts() -> None:
    beyond = int(Path("/proc/sys/kernel/pid_max").read_text()) + 1

    assert proc.read_stat(beyond) is None
    assert proc.read_tag(beyond) is None


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, None),
        ({LEASE_VARIABLE: "state:1:lease"}, "state:1:lease"),
        ({"A": "x" * 100_000, LEASE_VARIABLE: "state:1:lease"}, "state:1:lease"),
        ({"X" + LEASE_VARIABLE: "state:1:lease"}, None),
        ({LEASE_VARIABLE + "_X": "state:1:lease"}, None),
        ({"A": f"b\n{LEASE_VARIABLE}=state:1:lease"}, None),
        ({LEASE_VARIABLE: ""}, ""),
    ],
    ids=["none", "tag", "behind a long one", "longer name", "name as prefix", "inside a value", "empty"],
)
def test_the_tag_is_the_variable_and_nothing_like_it(env: dict[str, str], expected: str | None) -> None:
    with a_process(["/bin/cat"], env) as pid:
        # Before its exec it shows its parent's environment, during it none; it waits for input after.
        while Path(f"/proc/{pid}/stat").read_text().split()[1:3] != ["(cat)", "S"]:
            os.sched_yield()

        assert proc.read_tag(pid) == expected


def test_this_machine() -> None:
    assert len(proc.boot_id()) == 36
    assert proc.boot_id() == proc.boot_id()
    assert proc.pid_namespace() == os.readlink("/proc/self/ns/pid")
    assert "\n" not in proc.machine_id()
