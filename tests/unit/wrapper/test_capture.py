"""The output on disk: capped, private, and honest about what is missing."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinyscheduler.wrapper.capture import Capture
from tinyscheduler.wrapper.redact import Redactor


def a_capture(path: Path, *, bytes_max: int = 1_000_000, files_max: int = 5) -> Capture:
    return Capture(str(path), Redactor([]), bytes_max=bytes_max, files_max=files_max)


def parts_of(path: Path) -> list[Path]:
    return sorted(path.parent.iterdir())


def test_output_is_for_its_owner_only(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    capture = a_capture(log)
    capture.feed(b"hello\n", stamp="T1")
    capture.close(stamp="T1")

    assert log.read_text() == "T1 hello\n"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_an_agent_that_says_nothing_leaves_no_file(tmp_path: Path) -> None:
    a_capture(tmp_path / "output.log").close(stamp="T1")

    assert parts_of(tmp_path / "output.log") == []


def test_full_files_move_on_and_the_oldest_goes(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    capture = a_capture(log, bytes_max=200, files_max=3)
    for number in range(100):
        capture.feed(f"line {number:03}\n".encode(), stamp="T1")
    capture.close(stamp="T1")

    assert [path.name for path in parts_of(log)] == ["output.log", "output.log.1", "output.log.2"]
    assert max(path.stat().st_size for path in parts_of(log)) <= 200
    assert log.read_text().endswith("T1 line 099\n")


def test_lines_are_whole_in_every_part(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    capture = a_capture(log, bytes_max=100, files_max=50)
    capture.feed(b"".join(b"line %03d\n" % n for n in range(60)), stamp="T1")
    capture.close(stamp="T1")

    assert all(path.read_text().endswith("\n") for path in parts_of(log))
    assert sum(len(path.read_text().splitlines()) for path in parts_of(log)) == 60


def test_what_was_removed_is_told(tmp_path: Path) -> None:
    """A limit that is reached is never silent (law 10)."""
    log = tmp_path / "output.log"
    capture = a_capture(log, bytes_max=300, files_max=1)
    for number in range(60):
        capture.feed(f"line {number:03}\n".encode(), stamp="T1")
    capture.close(stamp="T1")

    assert [path.name for path in parts_of(log)] == ["output.log"]
    assert "bytes of the oldest output were removed: size limit" in log.read_text()


def test_a_line_longer_than_a_file_is_cut_and_not_turned_for_ever(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    capture = a_capture(log, bytes_max=50, files_max=9)
    capture.feed(b"x" * 200 + b"\n", stamp="T1")
    capture.close(stamp="T1")

    assert sum(path.stat().st_size for path in parts_of(log)) == 204
    assert max(path.stat().st_size for path in parts_of(log)) <= 50


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    """The agent can write into its run folder; our log must not go where it points."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "output.log").symlink_to(victim)
    capture = a_capture(tmp_path / "output.log")
    capture.feed(b"hello\n", stamp="T1")
    capture.close(stamp="T1")

    assert victim.read_text() == "mine"
    assert capture.dropped_bytes == len("T1 hello\n")


def test_output_goes_on_when_the_folder_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    capture = a_capture(folder / "output.log")
    capture.feed(b"lost\n", stamp="T1")
    folder.mkdir()
    capture.feed(b"kept\n", stamp="T2")
    capture.close(stamp="T2")

    lines = (folder / "output.log").read_text().splitlines()
    assert lines[0].startswith("T2 [tinyscheduler] 8 bytes of output are missing here: ")
    assert lines[1:] == ["T2 kept"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """64 KiB of room. Mounting needs root: elsewhere the folder that goes away has to do."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=65536", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small file system can only be mounted by root, outside a container")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_drops_output_counts_it_and_says_so_later(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"b" * 40_960)
    log = small_disk / "output.log"
    capture = a_capture(log)
    fed = 0
    for number in range(2_000):
        line = f"line {number:04} {'x' * 20}"
        capture.feed(line.encode() + b"\n", stamp="T1")
        fed += len(f"T1 {line}\n")
    dropped = capture.dropped_bytes
    ballast.unlink()
    capture.feed(b"again\n", stamp="T2")
    capture.close(stamp="T2")

    text = log.read_text()
    assert dropped > 0
    assert f"T2 [tinyscheduler] {dropped} bytes of output are missing here: No space left" in text
    assert text.endswith("\nT2 again\n")
    assert text.index("[tinyscheduler]") in (fed - dropped + 3, fed - dropped + 4)
