"""Output is read whole and in order, while a wrapper writes and rotates it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tinyscheduler.adapters.run_logs import RotatedTail, RunLogFiles
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.wrapper.rotation import RotatingFile

TASK = TaskId("7")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "task_7" / "2"
    made.mkdir(parents=True)
    return made


@pytest.fixture
def tail(tmp_path: Path) -> Iterator[RotatedTail]:
    with closing(RunLogFiles(str(tmp_path)).tail(TASK, 2)) as found:
        yield found


def everything(tail: RotatedTail) -> bytes:
    found = b""
    while data := tail.read():
        found += data
    return found


def test_attempts_are_numbers_in_their_order(tmp_path: Path) -> None:
    for name in ("10", "9", "1", "0", "01", "x", "-1"):
        (tmp_path / "task_7" / name).mkdir(parents=True)

    assert RunLogFiles(str(tmp_path)).attempts(TASK) == (1, 9, 10)


@pytest.mark.parametrize("task_id", ["8", "a/../7", "..", "", "x" * 65])
def test_task_that_has_not_run_or_cannot_be_one_has_no_attempts(tmp_path: Path, task_id: str) -> None:
    (tmp_path / "task_7" / "1").mkdir(parents=True)

    assert RunLogFiles(str(tmp_path)).attempts(TaskId(task_id)) == ()


def test_parts_come_oldest_first(folder: Path, tail: RotatedTail) -> None:
    for name, text in (
        ("output.log", "d"),
        ("output.log.1", "c"),
        ("output.log.2", "b"),
        ("output.log.10", "a"),
    ):
        (folder / name).write_text(text)
    (folder / "output.log.old").write_text("not ours")

    assert everything(tail) == b"abcd"


def test_nothing_is_there_until_something_is_written(folder: Path, tail: RotatedTail) -> None:
    assert tail.read() == b""

    (folder / "output.log").write_text("hello")

    assert tail.read() == b"hello"
    assert tail.read() == b""


def test_follower_misses_nothing_over_many_rotations(folder: Path, tail: RotatedTail) -> None:
    """The writer renames the part that is being read; two rotations between two reads are no loss."""
    log = RotatingFile(str(folder / "output.log"), bytes_max=100, files_max=5)
    expected, found = b"", b""
    for number in range(300):
        line = f"line {number} of a long run\n".encode()
        log.write(memoryview(line))
        expected += line
        if number % 11 == 0:
            found += everything(tail)
    log.close()
    found += everything(tail)

    assert found == expected
    assert tail.lost_parts == 0


def test_what_was_rotated_away_before_it_was_read_is_counted(folder: Path, tail: RotatedTail) -> None:
    (folder / "output.log").write_text("read\n")
    assert everything(tail) == b"read\n"
    log = RotatingFile(str(folder / "output.log"), bytes_max=10, files_max=2)
    for number in range(9):
        log.write(memoryview(f"line {number}\n".encode()))
    log.close()

    assert everything(tail) == b"line 7\nline 8\n"
    assert tail.lost_parts == 1


def test_a_link_in_the_logs_place_is_not_followed(folder: Path, tail: RotatedTail) -> None:
    """An agent may write into its run folder; it must not make us read somebody's file."""
    (folder / "secret").write_text("secret")
    os.symlink(folder / "secret", folder / "output.log")

    with pytest.raises(StateError, match=r"output\.log"):
        tail.read()


def test_a_pipe_in_the_logs_place_does_not_hang_us(folder: Path, tail: RotatedTail) -> None:
    os.mkfifo(folder / "output.log")

    with pytest.raises(StateError, match="not a regular file"):
        tail.read()


def test_part_that_is_removed_while_it_is_read_is_read_to_its_end(folder: Path, tail: RotatedTail) -> None:
    (folder / "output.log").write_bytes(b"x" * 100_000)
    first = tail.read()
    (folder / "output.log").unlink()

    assert len(first + everything(tail)) == 100_000


@pytest.mark.parametrize("depth", [0, 1], ids=["the run's folder", "the task's"])
def test_nothing_is_written_through_a_folder_that_has_become_a_link(
    folder: Path, tmp_path: Path, depth: int
) -> None:
    """An agent may do what it likes below its run folder; the wrapper follows it nowhere."""
    log = RotatingFile(str(folder / "output.log"), bytes_max=10, files_max=2)
    log.write(memoryview(b"line 1\n"))
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "2").mkdir(parents=True)
    replaced = (folder, folder.parent)[depth]
    replaced.rename(tmp_path / "aside")
    replaced.symlink_to((elsewhere / "2", elsewhere)[depth])

    with pytest.raises(NotADirectoryError):
        log.write(memoryview(b"line 2\n"))
    log.close()

    assert list((elsewhere / "2").iterdir()) == []
