"""What the tests of starting share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId

TASK = TaskId("1")
POOL_AND_ASSIGNED = pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])


def a_stage_with_a_task(base: Path, before: str | None = None, **settings: object) -> Stage:
    stage = a_stage(base, **settings)  # type: ignore[arg-type]
    stage.server.create("the title", queue="dev", assigned_to=before, description="the description")
    return stage


def files_below(folder: str) -> list[str]:
    return sorted(
        os.path.relpath(os.path.join(where, name), folder)
        for where, _, names in os.walk(folder)
        for name in names
    )


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
