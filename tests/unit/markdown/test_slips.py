"""A key that is misspelt is no key of others: the task would do otherwise than its file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.planner.hints import hints_of

DEV = QueueName("dev")


def trouble_of(folder: Path, *lines: str) -> list[str]:
    (folder / "1-a.md").write_text("\n".join(("---", *lines, "---", "")))
    return [gap.why for gap in MarkdownTaskServer(str(folder)).backlog([DEV], [], 100).gaps]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("Status: complete", "status"),
        ("statuss: complete", "status"),
        ("stauts: working", "status"),
        ("Queue: dev", "queue"),
        ("assigned-to: me", "assigned_to"),
        ("Blocked-By: 99", "blocked_by"),
        ("blockd_by: 99", "blocked_by"),
        ("parents: 3", "parent"),
        ("Priority: 3", "priority"),
        ("Tags: [needs-approval]", "tags"),
    ],
)
def test_a_slip_in_what_decides_is_named_with_its_line(tmp_path: Path, line: str, meant: str) -> None:
    """``statuss: complete`` would be worked on a second time."""
    key = line.partition(":")[0]

    told = f"1-a.md: line 3: {key}: is {meant} meant? Write it so, or call it otherwise"
    assert trouble_of(tmp_path, "title: A", line) == [told]


@pytest.mark.parametrize(
    "line",
    [
        "stats: 12",
        "parents: '[[Book]]'",
        "parents:\n  - '[[Book]]'",
        "parents: {a: 1}",
        "queued: 2026-01-31",
        "queues: many",
        "tag: book",
        "author: me",
    ],
)
def test_keys_of_others_that_are_near_stay_theirs(tmp_path: Path, line: str) -> None:
    assert trouble_of(tmp_path, "queue: dev", line) == []


def test_a_page_that_has_the_right_key_as_well_has_said_it(tmp_path: Path) -> None:
    assert trouble_of(tmp_path, "status: idle", "Status: complete") == []


def test_a_slip_in_what_a_task_asks_for_is_noted_as_for_every_task(tmp_path: Path) -> None:
    assert trouble_of(tmp_path, "queue: dev", "aproval: true") == []

    task = MarkdownTaskServer(str(tmp_path)).get(TaskId("1")).task
    assert hints_of(task).notes == ("its front matter has a key aproval: is approval meant?",)


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        (("title: T", "queue: dev", "scope: web", "write: ../x"), "write in line 5 of 9-x.md"),
        (("write:", "  - ok", "  - ../x", "queue: dev"), "write in line 2 of 9-x.md"),
        (("after: 3", "# said since", "goal: a b"), "goal in line 4 of 9-x.md"),
    ],
)
def test_a_slip_in_what_a_task_says_is_named_with_its_line_of_the_file(
    tmp_path: Path, lines: tuple[str, ...], place: str
) -> None:
    """The description of such a task stands in no file as it is shown."""
    (tmp_path / "9-x.md").write_text("\n".join(("---", *lines, "---", "", "x", "")))

    fault = hints_of(MarkdownTaskServer(str(tmp_path)).get(TaskId("9")).task).fault

    assert fault is not None
    assert fault.place == place


def test_a_slip_in_the_text_of_a_file_is_named_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "9-x.md").write_text("---\ntitle: T\n---\n\nwrite: ../x\n")

    fault = hints_of(MarkdownTaskServer(str(tmp_path)).get(TaskId("9")).task).fault

    assert fault is not None
    assert fault.place == "write in the text of 9-x.md"


def test_a_task_that_is_its_own_parent_is_named_with_its_line(tmp_path: Path) -> None:
    """It waited for its open subtasks for ever, and its only one was itself."""
    told = "1-a.md: line 4: parent: 1 is this task itself; take the line out"

    assert trouble_of(tmp_path, "title: A", "queue: dev", "parent: 1") == [told]
