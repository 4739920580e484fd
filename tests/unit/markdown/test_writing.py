"""What a person puts in the place of a page while it is being written, whatever it is (ADR 0029)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.adapters.markdown.writing import FILE_BYTES_MAX, RESCUED, digest, rewrite
from tinyscheduler.errors import TaskUnreadable
from tinyscheduler.model.desk import TaskDraft
from tinyscheduler.model.ids import TaskId

ONE, TWO = TaskId("1"), TaskId("2")
PAGE = "---\nqueue: dev\n---\n"
BOOK = b"A person's words.\n" + b"x" * FILE_BYTES_MAX
LEFT = f".1-one.md.{digest(b'read')}-{digest(b'wanted')}.swap"

Put = Callable[[Path], None]


def a_book(path: Path) -> None:
    path.write_bytes(BOOK)


def a_link(path: Path) -> None:
    path.symlink_to("elsewhere.txt")


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    path.mkdir()
    (path / "words").write_bytes(BOOK)


ANYTHING = pytest.mark.parametrize("put", [a_book, a_link, a_pipe, a_folder])


def which(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_ino, status.st_mode, status.st_size


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("1-one.md", "2-two.md"):
        (tmp_path / name).write_text(PAGE)
        os.utime(tmp_path / name, (1_000_000, 1_000_000))
    return tmp_path


@ANYTHING
def test_what_a_person_puts_there_meanwhile_stands_though_it_is_no_page(folder: Path, put: Put) -> None:
    """It came out of the exchange, and could not be compared."""
    path, theirs = folder / "1-one.md", folder / "theirs"
    put(theirs)
    mark = which(theirs)

    def while_a_person_works(seen: bytes) -> bytes:
        path.unlink()
        theirs.rename(path)
        return seen + b"ours"

    with pytest.raises(OSError, match=r"larger than|not a regular file|symbolic links"):
        rewrite(str(path), while_a_person_works, own=set())

    assert which(path) == mark
    assert sorted(os.listdir(folder)) == ["1-one.md", "2-two.md"]
    server = MarkdownTaskServer(str(folder))
    with pytest.raises(TaskUnreadable, match=r"1-one\.md"):
        server.update(ONE, status="working")
    assert server.update(TWO, status="working").status == "working"


@ANYTHING
def test_what_a_killed_writer_has_taken_out_is_kept_though_it_is_no_page(folder: Path, put: Put) -> None:
    """One of them made every task of the folder impossible to change, for ever."""
    put(folder / LEFT)
    mark = which(folder / LEFT)
    server = MarkdownTaskServer(str(folder))

    assert server.update(TWO, status="working").status == "working"

    (kept,) = [name for name in os.listdir(folder) if name.endswith(RESCUED)]
    assert which(folder / kept) == mark
    (gap,) = server.backlog([], [], 10).gaps
    assert kept in gap.why


def test_a_folder_with_the_name_of_an_unfinished_file_stops_nobody(folder: Path) -> None:
    (folder / ".1-one.md.12-345-6.tmp").mkdir()

    assert MarkdownTaskServer(str(folder)).update(TWO, status="working").status == "working"


def test_a_page_that_a_program_is_writing_is_neither_believed_nor_rewritten(folder: Path) -> None:
    """``command > page`` empties it first: the text that came later went into a file that was gone."""
    server = MarkdownTaskServer(str(folder))
    with (folder / "1-one.md").open("w") as theirs:
        with pytest.raises(TaskUnreadable, match="has it open for writing"):
            server.comment(ONE, "ours", "bob")
        with pytest.raises(TaskUnreadable, match="has it open for writing"):
            server.get(ONE)
        assert server.update(TWO, status="working").status == "working"
        theirs.write(PAGE)
        theirs.flush()
        with pytest.raises(TaskUnreadable, match="has it open for writing"):
            server.get(ONE)

    assert server.comment(ONE, "ours", "bob").text == "ours"


def test_a_page_that_is_opened_while_we_write_is_left_as_it_is(folder: Path) -> None:
    """As ``>>`` does: what came out of the exchange is as it was read, and somebody is about to add to it."""
    path = folder / "1-one.md"
    opened = []

    def while_a_program_opens_it(seen: bytes) -> bytes:
        opened.append(path.open("a"))
        return seen + b"ours"

    with pytest.raises(OSError, match="has it open for writing"):
        rewrite(str(path), while_a_program_opens_it, own=set())
    (theirs,) = opened
    theirs.write("theirs")
    theirs.close()

    assert path.read_text() == f"{PAGE}theirs"
    assert sorted(os.listdir(folder)) == ["1-one.md", "2-two.md"]


def test_an_empty_page_is_no_task_and_no_id_is_called_missing(folder: Path) -> None:
    """Which one it was stood in it, and may stand there again in a moment."""
    (folder / "1-one.md").write_text("\n")
    server = MarkdownTaskServer(str(folder))

    for task_id in (ONE, TaskId("7")):
        with pytest.raises(TaskUnreadable, match=r"1-one\.md: it is empty"):
            server.get(task_id)
    with pytest.raises(OSError, match="it is empty"):
        rewrite(str(folder / "1-one.md"), lambda seen: seen + b"ours", own=set())
    assert server.add(TaskDraft("next", "me")).id == "3"


def test_the_number_of_an_empty_page_is_not_given_again(folder: Path) -> None:
    (folder / "9-nine.md").write_text("")

    assert MarkdownTaskServer(str(folder)).add(TaskDraft("next", "me")).id == "10"
