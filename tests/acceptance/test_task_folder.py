"""A folder of Markdown files as the task server, from the command line (features G5)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.acceptance.asking import MakeScene
from tests.acceptance.scene import Scene, gated
from tests.integration.commands import NO_PRESSURE, ROOT
from tests.waiting import wait_until
from tinyscheduler.adapters.markdown.writing import FILE_BYTES_MAX

TASK = """---
title: 'Fix: parser'   # by hand
queue: dev
owner: me
---

Please fix it.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "tasks"
    place.mkdir()
    (place / "12-fix-parser.md").write_text(TASK)
    return place


@pytest.fixture
def scene(a_scene: MakeScene, folder: Path) -> Scene:
    return a_scene(
        gated("dev-1", after='"$TINYSCHEDULER_TASK_CMD" comment 12 "all done"'), TASK_FOLDER=folder
    )


def text(folder: Path) -> str:
    return (folder / "12-fix-parser.md").read_text()


def test_a_file_is_worked_off_and_says_so(scene: Scene, folder: Path) -> None:
    scene.once()
    wait_until(lambda: "status: working" in text(folder), what="the claim")
    (folder / "12-fix-parser.md").write_text(text(folder).replace("Please fix it.", "Please fix it today."))
    scene.open_gate("12")

    wait_until(lambda: "status: complete" in text(folder), what="the settlement")

    done = text(folder)
    assert done.startswith("---\ntitle: 'Fix: parser'   # by hand\nqueue: dev\nowner: me\nid: 12\n")
    assert "Please fix it today." in done
    assert "> all done" in done
    assert not (scene.base / "state" / "tasks.db").exists()


def test_a_dry_run_leaves_the_folder_alone(scene: Scene, folder: Path) -> None:
    plan = json.loads(scene.well("run", "--dry-run", "--json"))

    assert [start["task_id"] for start in plan["start"]] == [12]
    assert text(folder) == TASK
    assert [path.name for path in folder.iterdir()] == ["12-fix-parser.md"]


def test_a_file_that_cannot_be_read_is_a_problem_with_its_line(scene: Scene, folder: Path) -> None:
    (folder / "13-bad.md").write_text("---\nstatus: done\n---\n")

    answer, told = scene.call("run", "--once"), scene.call("status")

    assert answer.code == 3
    assert "13-bad.md: line 2: status done: write idle, working or complete" in answer.err
    assert "13-bad.md: line 2" in told.out
    assert scene.disk.leases(), "the other one is started"
    scene.open_gate("all")


def test_a_page_too_full_to_be_begun_is_held_with_words(scene: Scene, folder: Path) -> None:
    """It was tried in silence in every pass, and everybody who asked was told that the next one starts it."""
    full = TASK + "x" * (FILE_BYTES_MAX - len(TASK))
    (folder / "12-fix-parser.md").write_text(full)

    told, again = scene.call("run", "--once"), scene.call("run", "--once")

    assert told.code == 1
    assert "task 12 cannot be begun: the file would be larger than 262144 bytes" in told.err
    assert "take old comments out of it, or begin a new task" in told.err
    assert (again.code, again.err) == (0, "")
    why = scene.call("explain", "12").out
    assert "bad_task" in why
    assert "the file would be larger than 262144 bytes" in why
    assert "the next pass starts" not in scene.call("status").out
    assert text(folder) == full

    (folder / "12-fix-parser.md").write_text(TASK)
    scene.well("retry", "12")
    scene.once()
    wait_until(lambda: "status: working" in text(folder), what="the claim")
    scene.open_gate("12")


def test_a_folder_and_a_server_are_one_too_many(scene: Scene) -> None:
    answer = scene.call("validate-config", "--mcp-endpoint", "http://127.0.0.1:9")

    assert answer.code == 2
    assert "TINYSCHEDULER_TASK_FOLDER" in answer.out + answer.err
    assert "there is one task server" in answer.out + answer.err


def test_a_folder_that_is_gone_is_unknown(scene: Scene, folder: Path) -> None:
    shutil.rmtree(folder)

    answer = scene.call("run", "--once")

    assert answer.code == 3
    assert "No such file or directory" in answer.err
    assert not folder.exists()


def test_the_example_can_be_listed_and_looked_into(a_scene: MakeScene, tmp_path: Path) -> None:
    copy = tmp_path / "example"
    shutil.copytree(ROOT / "examples" / "task-folder", copy)
    scene = a_scene(gated("dev-1"))
    settings = (copy / "tinyscheduler.toml").read_text().replace("examples/task-folder", str(copy))
    (scene.base / "tinyscheduler.toml").write_text(settings + NO_PRESSURE)

    tasks = json.loads(scene.well("task", "list", "--json"))["tasks"]
    held = json.loads(scene.well("explain", "2", "--json"))
    schedules = json.loads(scene.well("status", "--json"))["schedules"]

    assert [task["title"] for task in tasks] == [
        "Write the parser",
        "Test the parser",
        "Write the release notes",
    ]
    assert "blocked" in json.dumps(held)
    assert [schedule["schedule"] for schedule in schedules] == ["weekday-triage"]
