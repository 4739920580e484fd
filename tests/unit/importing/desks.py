"""A desk over a real store, on a line that can fail at any write."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.desk import (
    NewLink,
    RemarkCounts,
    TaskDraft,
    TaskEdit,
    TaskEvent,
    TaskList,
    TaskQuery,
)
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.task import Comment, Link, Task, TaskDetail
from tinyscheduler.ports.reading import TaskDesk


class Broken(Exception):
    """The process has died."""


class Line:
    """A TaskDesk: passes everything on, and at its ``fails_at``-th write does what ``how`` says."""

    def __init__(self, desk: TaskDesk, *, fails_at: int = 0, how: str = "") -> None:
        """``how``: ``refused`` (nothing has arrived), ``lost`` (nobody knows, it has not), ``unheard``
        (nobody knows, it has), ``killed`` (the process dies after it), ``deaf`` (as unheard, and nothing
        can be asked afterwards)."""
        self.desk = desk
        self.fails_at = fails_at
        self.how = how
        self.writes = 0
        self.after_write: Callable[[], None] = lambda: None
        self._is_deaf = False

    def _write(self, act: Callable[[], Task]) -> Task:
        self.writes += 1
        is_failing = self.writes == self.fails_at
        if is_failing and self.how in ("refused", "lost"):
            raise ServerUnavailable("the line is cut", maybe_applied=self.how == "lost")
        task = act()
        self.after_write()
        if is_failing and self.how == "killed":
            raise Broken
        if is_failing and self.how in ("unheard", "deaf"):
            self._is_deaf = self.how == "deaf"
            raise ServerUnavailable("no answer", maybe_applied=True)
        return task

    def add(self, draft: TaskDraft) -> Task:
        return self._write(lambda: self.desk.add(draft))

    def change(self, task_id: TaskId, edit: TaskEdit) -> Task:
        return self._write(lambda: self.desk.change(task_id, edit))

    def find(self, query: TaskQuery) -> TaskList:
        if self._is_deaf:
            raise ServerUnavailable("no answer")
        return self.desk.find(query)

    def get(self, task_id: TaskId) -> TaskDetail:
        return self.desk.get(task_id)

    def move(self, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
        return self._write(lambda: self.desk.move(task_id, current=current, new=new, comment=comment))

    def archive(self, task_id: TaskId, *, by: str = "") -> Task:
        return self._write(lambda: self.desk.archive(task_id, by=by))

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        return self.desk.comment(task_id, text, author)

    def link(self, task_id: TaskId, link: NewLink) -> Link:
        return self.desk.link(task_id, link)

    def remark_counts(self) -> Mapping[TaskId, RemarkCounts] | None:
        return self.desk.remark_counts()

    def history(self, task_id: TaskId) -> tuple[TaskEvent, ...] | None:
        return self.desk.history(task_id)

    def close(self) -> None:
        self.desk.close()
