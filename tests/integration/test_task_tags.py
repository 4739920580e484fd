"""``task update --tag`` from several terminals at once: each of them adds its own and none is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.command_scenes import TWO_QUEUES
from tests.integration.commands import an_installation
from tests.integration.test_task_several import shell

RACERS = 5
"""Each is a process of its own; of five at least one came between another's look and its word."""


@pytest.mark.parametrize("is_folder", [False, True])
def test_tags_that_are_added_in_the_same_moment_are_all_there(base: Path, is_folder: bool) -> None:
    house = an_installation(base, TWO_QUEUES)
    if is_folder:
        (base / "tasks").mkdir()
        (base / ".env").write_text("TINYSCHEDULER_TASK_FOLDER=tasks\n")
    house.well("task", "add", "a task", "--queue", "dev", "--tag", "first", "--tag", "last")
    adding = " & ".join(f"task update 1 --tag t{number}" for number in range(RACERS))

    done = shell(house, f"{adding} & task update 1 --untag last & wait")

    task = house.call("task", "show", "1", "--json").json()["task"]
    assert isinstance(task, dict)
    assert done.stderr == ""
    assert [path.name for path in base.glob("tasks/*.md")] == (["1-a-task.md"] if is_folder else [])
    assert sorted(task["tags"]) == ["first", *(f"t{number}" for number in range(RACERS))]
