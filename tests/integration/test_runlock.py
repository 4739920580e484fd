"""One pass at a time: a real flock between real processes (features A5)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import an_order
from tests.integration.racers import ROOT, race, signature
from tests.waiting import wait_until
from tinyscheduler.adapters.engines.local import LocalEngine
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.adapters.runlock import FlockRunLock
from tinyscheduler.errors import StateError

LIMIT_S = 20
HOLDER = """
import sys
from tests.integration.racers import signature
from tinyscheduler.adapters.runlock import FlockRunLock
lock = FlockRunLock(sys.argv[1], sys.argv[2], signature)
assert lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def a_lock(folder: Path) -> FlockRunLock:
    return FlockRunLock(str(folder / "state/lock"), str(folder / "state/poke"), signature)


def a_holder(folder: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until its input ends."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder / "state/lock"), str(folder / "state/poke")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


# --- holders ----------------------------------------------------------------------------------------


def test_of_fifty_passes_never_two_hold_it_and_the_others_leave_at_once(tmp_path: Path) -> None:
    """A second holder would find the flag of the first; and the text in the file stays the holder's."""
    seen = race("lock", tmp_path, 50)

    holders = [racer for racer in seen if racer["won"]]
    losers = [racer for racer in seen if not racer["won"]]
    assert holders
    assert all(racer["is_untouched"] for racer in holders)
    assert all(float(str(racer["took_s"])) < 1 for racer in losers)


def test_the_lock_is_one_lock_for_two_objects_of_one_process(tmp_path: Path) -> None:
    first, second = a_lock(tmp_path), a_lock(tmp_path)

    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_acquiring_and_releasing_twice_is_no_error(tmp_path: Path) -> None:
    lock = a_lock(tmp_path)
    lock.release()

    assert lock.acquire()
    assert lock.acquire()
    lock.release()
    lock.release()
    assert a_lock(tmp_path).acquire()


def test_a_loser_neither_unlinks_nor_truncates_the_file(tmp_path: Path) -> None:
    holder = a_holder(tmp_path)
    path = tmp_path / "state/lock"
    before = (path.stat().st_ino, path.read_text())

    assert not a_lock(tmp_path).acquire()
    after = (path.stat().st_ino, path.read_text())
    holder.communicate("", timeout=LIMIT_S)

    assert before == after
    assert f'"pid":{holder.pid},' in before[1]


def test_a_holder_that_leaves_keeps_the_file(tmp_path: Path) -> None:
    """Unlinking a lock file lets two processes lock two files of one name."""
    lock = a_lock(tmp_path)
    lock.acquire()
    inode = (tmp_path / "state/lock").stat().st_ino
    lock.release()

    assert (tmp_path / "state/lock").stat().st_ino == inode


def test_a_holder_that_is_killed_lets_go(tmp_path: Path) -> None:
    holder = a_holder(tmp_path)
    assert not a_lock(tmp_path).acquire()

    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=LIMIT_S)

    lock = a_lock(tmp_path)
    assert lock.acquire()
    lock.release()


def test_a_text_longer_than_ours_in_the_file_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/lock").write_text("x" * 1000)
    lock = a_lock(tmp_path)

    assert lock.acquire()
    held = lock.holder()
    assert held is not None
    assert held.process == ProcessTable().me()
    lock.release()


def test_a_wrapper_does_not_inherit_the_lock(tmp_path: Path) -> None:
    """The lock is free while agents run (law 10)."""
    lock = a_lock(tmp_path)
    assert lock.acquire()
    folder = tmp_path / "run"
    folder.mkdir()
    order = an_order(folder=str(folder))
    wait = (sys.executable, "-c", "import sys; open(sys.argv[1], 'w').close(); import time; time.sleep(60)")
    engine = LocalEngine({"PATH": "/usr/bin:/bin"}, wait)

    pid = int(engine.start(str(folder / "order.json"), order, {}))
    try:
        wait_until((folder / "order.json").exists)
        lock.release()
        again = a_lock(tmp_path)

        assert again.acquire()
        again.release()
        inherited = {os.path.realpath(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        assert not {path for path in inherited if str(tmp_path / "state") in path}
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


# --- who holds it ---------------------------------------------------------------------------------------


def test_a_reader_learns_who_holds_it_without_taking_it(tmp_path: Path) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    holder = a_holder(tmp_path)
    reader = a_lock(tmp_path)

    found = reader.holder()

    assert found is not None
    assert found.process == ProcessTable().identify(holder.pid)
    assert before <= found.at <= datetime.now(UTC)
    assert not reader.acquire()
    holder.communicate("", timeout=LIMIT_S)


def test_who_has_let_go_is_named_no_more(tmp_path: Path) -> None:
    """A daemon lives on between its passes."""
    lock = a_lock(tmp_path)
    lock.acquire()
    lock.release()

    assert a_lock(tmp_path).holder() is None


def test_a_holder_that_was_killed_is_named_as_who_is_dead(tmp_path: Path) -> None:
    holder = a_holder(tmp_path)
    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=LIMIT_S)

    found = a_lock(tmp_path).holder()

    assert found is not None
    assert ProcessTable().liveness(found.process) == "dead"


SIGNED = '{"pid":%s,"pid_start":1,"boot_id":"b","pid_namespace":"p","at":"2026-11-21T12:00:00Z"}'


@pytest.mark.parametrize(
    "text",
    ["", "12345\n", "whoever\n", "{}", "[" * 5000, '{"pid":1,"at":"soon"}', SIGNED % 10**12, SIGNED % -1],
)
def test_a_text_that_is_no_signature_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/lock").write_text(text)

    assert a_lock(tmp_path).holder() is None


def test_where_no_pass_has_ever_been_nobody_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    assert a_lock(tmp_path).holder() is None
    assert list(tmp_path.iterdir()) == []


# --- trouble ----------------------------------------------------------------------------------------


def test_a_link_in_the_place_of_the_lock_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/lock").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StateError) as trouble:
        a_lock(tmp_path).acquire()

    assert "lock" in trouble.value.message
    assert trouble.value.hint
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("way", ["the lock is a folder", "the folder is a file"])
def test_a_lock_that_cannot_be_opened_is_an_error_that_says_what_to_do(tmp_path: Path, way: str) -> None:
    if way == "the folder is a file":
        (tmp_path / "state").write_text("")
    else:
        (tmp_path / "state/lock").mkdir(parents=True)

    with pytest.raises(StateError) as trouble:
        a_lock(tmp_path).acquire()

    assert trouble.value.hint


def test_the_lock_file_is_for_its_owner_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        lock = a_lock(tmp_path)
        lock.acquire()
        lock.poke()
        lock.release()
    finally:
        os.umask(old)

    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "state").iterdir()} == {0o600}
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


# --- pokes ------------------------------------------------------------------------------------------


def test_a_poke_is_seen_once(tmp_path: Path) -> None:
    lock = a_lock(tmp_path)
    lock.acquire()
    assert not lock.was_poked()

    a_lock(tmp_path).poke()
    a_lock(tmp_path).poke()

    assert lock.was_poked()
    assert not lock.was_poked()
    lock.release()


def test_a_poke_from_another_process_is_seen(tmp_path: Path) -> None:
    lock = a_lock(tmp_path)
    lock.acquire()
    poke = """
import sys
from tinyscheduler.adapters.runlock import FlockRunLock
FlockRunLock(*sys.argv[1:], None).poke()
"""
    paths = [str(tmp_path / "state/lock"), str(tmp_path / "state/poke")]

    subprocess.run(
        [sys.executable, "-c", poke, *paths],
        check=True,
        timeout=LIMIT_S,
        env={"PYTHONPATH": str(ROOT / "src")},
    )

    assert lock.was_poked()
    lock.release()


def test_poking_where_nothing_can_be_written_is_no_error(tmp_path: Path) -> None:
    """Best effort: the next pass comes by the clock."""
    lock = a_lock(tmp_path)

    lock.poke()

    assert not lock.was_poked()
