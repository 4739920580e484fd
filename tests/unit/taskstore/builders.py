"""Short words for what most tests of the store arrange."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tinyscheduler.taskstore.rows import NewTask, TaskRow
from tinyscheduler.taskstore.store import Store

ROOT = Path(__file__).resolve().parents[3]


class Watch:
    """A clock that stands still until it is turned."""

    def __init__(self) -> None:
        self.second = 0

    def __call__(self) -> str:
        return f"2026-11-20T10:{self.second // 60:02}:{self.second % 60:02}Z"

    def turn(self, seconds: int = 1) -> None:
        self.second += seconds


class Hands:
    """Makes tasks that are valid unless a test says otherwise."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def task(
        self,
        title: str = "a task",
        *,
        queue: str | None = None,
        assigned_to: str | None = None,
        priority: float = 0,
        parent: TaskRow | None = None,
        blocked_by: TaskRow | None = None,
    ) -> TaskRow:
        return self._store.create_task(
            NewTask(
                title,
                "a-person",
                queue_name=queue,
                assigned_to=assigned_to,
                priority=priority,
                parent_task_id=parent.id if parent else None,
                blocked_by_task_id=blocked_by.id if blocked_by else None,
            )
        )

    def again(self, task: TaskRow) -> TaskRow:
        """The task as it is now."""
        return self._store.task(task.id)


StartPython = Callable[..., "subprocess.Popen[str]"]
"""Code and its arguments."""


def start_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process that runs ``code`` with the sources at hand."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def eight_at_once(start: StartPython, code: str, *arguments: str) -> list[tuple[str, str]]:
    """What each process said and complained of: the same code, which reads a line first."""
    processes = [start(code, *arguments) for _ in range(8)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=50) for process in processes]


def run_python(code: str, *arguments: str) -> str:
    """What it printed; it has to end well."""
    process = start_python(code, *arguments)
    said, complained = process.communicate(timeout=50)
    assert process.returncode == 0, complained
    return said
