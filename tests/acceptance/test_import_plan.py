"""Somebody imports a plan of forty nested items in a new clone, and watches it being worked off."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.clone import environment_of, make_clone
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

WORKED_OFF_S = 200.0
"""Thirty runs of a second on a machine that does other things as well."""
SLOTS = 3
"""Of the agents that serve ``dev``."""


class Clone:
    """What its owner types."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self.folder = make_clone(repository, folder)
        self.environment = environment_of(folder)
        (self.folder / ".env").write_text(
            "TINYSCHEDULER_AGENT_CONTROL_FILE=examples/agent-control/small.json\n"
        )

    def well(self, *arguments: str) -> str:
        done = subprocess.run(
            ["./tinyscheduler", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def tasks(self) -> list[dict[str, Any]]:
        listed = self.well("task", "list", "--tag", "import:plan.md", "--all", "--json")
        tasks: list[dict[str, Any]] = json.loads(listed)["tasks"]
        return tasks

    def runs(self) -> set[str]:
        """Tasks that agents have worked on."""
        return {name.removeprefix("task_") for name in os.listdir(self.folder / "state" / "runs")}

    def leases(self) -> list[str]:
        names = os.listdir(self.folder / "state" / "running")
        return [name for name in names if name.endswith(".json")]


@pytest.fixture
def clone(repo_root: Path, tmp_path: Path) -> Iterator[Clone]:
    made = Clone(repo_root, tmp_path)
    yield made
    if (made.folder / "state" / "running").exists() and made.leases():
        made.well("estop", "--reason", "the test is over")


def test_plan_of_forty_items_is_imported_and_worked_off(clone: Clone) -> None:
    preview = clone.well("task", "import", "examples/plan.md", "--queue", "dev", "--dry-run")
    made = clone.well("task", "import", "examples/plan.md", "--queue", "dev")

    assert "40 tasks would be made" in preview
    assert made.endswith("40 tasks made, 0 there already; all have the tag import:plan.md\n")
    tasks = clone.tasks()
    parents = {task["parent_id"] for task in tasks}
    work = {task["id"] for task in tasks if task["status"] == "idle" and task["id"] not in parents}
    assert len(tasks) == 40
    assert {task["title"] for task in tasks if task["status"] == "complete"} == {
        "Choose a licence",
        "Make the repository",
    }

    done_before = 2
    clone.well("run", "--once")

    def is_worked_off() -> bool:
        nonlocal done_before
        seen = clone.tasks()
        done: int = sum(task["status"] == "complete" for task in seen)
        assert done >= done_before, "what is done stays done"
        assert sum(task["status"] == "working" and task["id"] in work for task in seen) <= SLOTS
        done_before = done
        return len(seen) == done == 40

    # Each run that ends starts the next one: nobody has to call a pass again.
    wait_until(is_worked_off, "the plan to be worked off", limit_s=WORKED_OFF_S)
    wait_until(lambda: not clone.leases())
    assert clone.runs() == {str(task_id) for task_id in work}, "each piece of work, and no parent"
    tree = clone.well("task", "list", "--tag", "import:plan.md", "--all", "--tree")
    assert tree.count(" complete ") == 40
    assert "· · Follow redirects, five at most" in tree
    report = json.loads(clone.well("report", "--json"))
    assert (report["summary"]["open"], report["summary"]["complete"]) == (0, 40)
    assert {row["agent"] for row in report["agents"] if row["complete"]} >= {"dev-1", "dev-2"}
