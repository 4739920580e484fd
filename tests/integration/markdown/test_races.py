"""Two of our processes and a person write into one file at the same time (ADR 0029)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.contract.task_server.serving import ROOT
from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.model.ids import TaskId

HERE = Path(__file__).parent
LIMIT_S = 50
ONE = TaskId("1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "tasks"
    place.mkdir()
    file = place / "1-one.md"
    file.write_text("---\nqueue: dev\nowner: me\n---\nText.\n")
    return file


@contextmanager
def running(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    with subprocess.Popen(
        [sys.executable, str(HERE / script), *arguments], env=environment, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def ended(child: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = child.communicate(timeout=LIMIT_S)
    return child.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize("way", ["rename", "in-place"])
def test_no_edit_of_a_person_is_lost(path: Path, way: str) -> None:
    folder = str(path.parent)
    with ExitStack() as stack:
        writers = [
            stack.enter_context(running("writer.py", folder, "1", "15", name)) for name in ("bob", "sue")
        ]
        person = stack.enter_context(running("person.py", str(path), "100", way))

        assert ended(person) == (0, "")
        assert [ended(writer) for writer in writers] == [(0, ""), (0, "")]

    text = path.read_text()
    assert [number for number in range(100) if f"edit {way} {number}." not in text] == []
    assert MarkdownTaskServer(folder).get(ONE).task.queue == "dev"
    assert sorted(os.listdir(folder)) == ["1-one.md"], "no litter"


def test_our_own_processes_lose_nothing_of_each_other(path: Path) -> None:
    folder = str(path.parent)
    with ExitStack() as stack:
        names = ("bob", "sue", "eve")
        writers = [stack.enter_context(running("writer.py", folder, "1", "5", name)) for name in names]
        assert [ended(writer) for writer in writers] == [(0, "")] * 3

    detail = MarkdownTaskServer(folder).get(ONE)
    assert sorted(comment.text for comment in detail.comments) == sorted(
        f"{name} says {number}." for name in names for number in range(5)
    )
    assert [int(comment.id) for comment in detail.comments] == list(range(1, 16))
