"""Which tasks of schedules are on the server already, by the marks that they bear (ADR 0032).

Apart from ``schedules`` because it only reads: the list of all that was ever made by schedules, asked for
once in a pass, and only in one that is about to make something.
"""

from __future__ import annotations

from typing import Final

from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.desk import TaskList, TaskQuery
from tinyscheduler.model.schedule import AUTHOR, MARK
from tinyscheduler.model.task import Task
from tinyscheduler.ports import TaskServer

MARKS_MAX: Final = 100_000
"""Tasks of ours that are looked at for marks; with more of them nothing is made a second time."""
GAPS_SHOWN: Final = 3
"""Of what cannot be read; the pass names all of it as trouble of its own."""


class Marks:
    """What the server has shown."""

    def __init__(self, server: TaskServer) -> None:
        self._server = server
        self._found: TaskList | None = None
        self._bearers: dict[str, list[Task]] = {}

    def bearers(self, mark: str, title: str) -> list[Task]:
        """The tasks of this mark and title, whatever became of them since, the first one first. One that
        has another title is of another schedule that has the same name somewhere else. Raises what the
        server raises."""
        return [task for task in self._all(mark) if task.title.strip() == title.strip()]

    def surely(self, mark: str) -> Task | None:
        """The task that bears it, also under another title by now; None: there is certainly none. Raises
        what the server raises, and ServerUnavailable where nobody can tell."""
        bearers = self._all(mark)
        if self._found is not None:
            _check_whole(self._found)
        return bearers[0] if bearers else None

    def _all(self, mark: str) -> list[Task]:
        if self._found is None:
            query = TaskQuery(limit=MARKS_MAX, includes_archived=True, created_by=AUTHOR)
            self._found = self._server.find(query)
            for task in sorted(self._found.tasks, key=lambda task: task.created_at):
                if task.created_by == AUTHOR:
                    for tag in filter(_is_mark, task.tags):
                        self._bearers.setdefault(tag, []).append(task)
        return self._bearers.get(mark, [])


def _is_mark(tag: str) -> bool:
    return tag.startswith(MARK)


def _check_whole(found: TaskList) -> None:
    if found.is_cut:
        raise ServerUnavailable(
            f"more than {MARKS_MAX} tasks were made by {AUTHOR}: nobody can tell which are there",
            hint="delete old ones, or take the schedule out",
        )
    if found.gaps:
        raise ServerUnavailable(
            f"whether its task is there, nobody can tell: {'; '.join(found.gaps[:GAPS_SHOWN])}",
            hint="mend what cannot be read; the schedule goes on then",
        )
