"""A writer that is killed, or refused by the disk, at any of its system calls (ADR 0029)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.task_server.serving import ROOT
from tests.rigs import strace
from tests.rigs.strace import Call, Fault
from tests.rigs.tools import root, tool
from tests.waiting import wait_until
from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.adapters.markdown.writing import RESCUED, digest
from tinyscheduler.errors import TaskUnreadable
from tinyscheduler.model.ids import TaskId

PROGRAM = """
import sys
from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.model.desk import TaskDraft
server = MarkdownTaskServer(sys.argv[1])
server.source
server.update("1", status="working", assigned_to="bob")
server.add(TaskDraft("new", "ann", queue="dev"))
"""
ONE = TaskId("1")
BEFORE = "---\nqueue: dev\nowner: me\n---\nText.\n"


def a_folder(base: Path, name: str) -> Path:
    folder = base / name
    folder.mkdir()
    file = folder / "1-one.md"
    file.write_text(BEFORE)
    os.utime(file, (1_000_000, 1_000_000))
    return folder


def write(folder: Path, prefix: tuple[str, ...]) -> str:
    done = subprocess.run(
        [*prefix, sys.executable, "-c", PROGRAM, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done.stderr


def recorded(base: Path, program: str) -> list[Call]:
    folder, output = a_folder(base, "recorded"), base / "recorded.txt"
    write(folder, strace.recording(program, output))
    wait_until(lambda: strace.has_ended(output), "the tracer's last line")
    calls = strace.changes(output.read_text(), folder)
    assert {"renameat2", "fsync", "link"} <= {call.name for call in calls}
    return calls


def troubles(folder: Path) -> list[str]:
    """What is wrong after a writer was cut off, and the next one has been at work."""
    text = (folder / "1-one.md").read_text()
    found = []
    if "owner: me" not in text or not text.endswith("Text.\n"):
        found.append(f"lost: {text}")
    server = MarkdownTaskServer(str(folder))
    if server.get(ONE).task.status not in ("idle", "working"):
        found.append("neither before nor after")
    server.comment(ONE, "next", "sue")
    if [comment.text for comment in server.get(ONE).comments] != ["next"]:
        found.append("the next write is not there")
    known = {"1-one.md", "2-new.md", ".tinyscheduler-id"}
    return found + [f"litter: {name}" for name in os.listdir(folder) if name not in known]


def suffered(base: Path, program: str, faults: list[Fault]) -> list[str]:
    found = []
    for number, fault in enumerate(faults):
        folder, output = a_folder(base, f"{number}"), base / f"{number}.txt"
        placed = fault._replace(
            call=fault.call._replace(path=fault.call.path.replace("recorded", f"{number}"))
        )
        write(folder, strace.injecting(program, placed, output, "1"))
        found += [f"{fault}: {trouble}" for trouble in troubles(folder)]
    return found


@pytest.mark.slow
def test_killed_at_any_call_a_file_is_as_before_or_as_after(tmp_path: Path) -> None:
    program = tool("strace")
    calls = recorded(tmp_path, program)

    assert suffered(tmp_path, program, strace.kills(calls)) == []


@pytest.mark.soak
def test_refused_at_any_call_a_file_is_as_before_or_as_after(tmp_path: Path) -> None:
    program = tool("strace")
    calls = recorded(tmp_path, program)

    assert suffered(tmp_path, program, strace.failures(calls)) == []


def test_words_of_a_person_that_came_out_when_a_writer_was_killed_are_kept(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "tasks")
    theirs = b"---\nqueue: dev\n---\nWords of a person.\n"
    swap = f".1-one.md.{digest(b'read')}-{digest(b'wanted')}.swap"
    (folder / swap).write_bytes(theirs)
    server = MarkdownTaskServer(str(folder))

    server.update(ONE, status="working")

    (kept,) = [name for name in os.listdir(folder) if name.endswith(RESCUED)]
    assert kept.startswith("1-one.md.")
    assert (folder / kept).read_bytes() == theirs
    (gap,) = server.backlog([], [], 10).gaps
    assert kept in gap.why
    assert "merge it by hand" in gap.why


@pytest.mark.parametrize("which", ["read", "wanted"])
def test_what_a_killed_writer_has_made_itself_goes(tmp_path: Path, which: str) -> None:
    folder = a_folder(tmp_path, "tasks")
    (folder / f".1-one.md.{digest(b'read')}-{digest(b'wanted')}.swap").write_bytes(which.encode())

    MarkdownTaskServer(str(folder)).update(ONE, status="working")

    assert sorted(os.listdir(folder)) == ["1-one.md"]


def test_a_file_that_may_not_be_touched_is_its_own_trouble(tmp_path: Path) -> None:
    """Another's file in a folder that all may write to answers alike."""
    root()
    folder = a_folder(tmp_path, "tasks")
    (folder / "2-two.md").write_text(BEFORE)
    chattr = tool("chattr")
    if subprocess.run([chattr, "+i", str(folder / "1-one.md")], capture_output=True, check=False).returncode:
        pytest.skip("this file system knows no immutable files")
    server = MarkdownTaskServer(str(folder))
    try:
        with pytest.raises(TaskUnreadable, match=r"1-one\.md: Operation not permitted"):
            server.update(ONE, status="working")
        other = server.update(TaskId("2"), status="working")
    finally:
        subprocess.run([chattr, "-i", str(folder / "1-one.md")], check=True)

    assert other.status == "working"
    assert sorted(os.listdir(folder)) == ["1-one.md", "2-two.md"]
