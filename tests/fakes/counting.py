"""A line to the task server that counts the calls that go through it."""

from __future__ import annotations

from typing import cast

from tests.fakes.task_server import FakeTaskServer
from tinyscheduler.ports import TaskServer

CALLS = ("backlog", "get", "has_open_children", "update", "move", "comment")


class CountingLine:
    """Everything is handed through; ``names`` has what was asked, oldest first."""

    def __init__(self, server: FakeTaskServer) -> None:
        self._server = server
        self.names: list[str] = []

    def __getattr__(self, name: str) -> object:
        if name in CALLS:
            self.names.append(name)
        return getattr(self._server, name)


def counted(server: FakeTaskServer) -> tuple[TaskServer, CountingLine]:
    """The same object twice: as the port, and as what it is."""
    line = CountingLine(server)
    return cast("TaskServer", line), line
