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
