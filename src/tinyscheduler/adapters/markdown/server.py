"""The folder behind the ports: what passes and ``task`` commands ask of a task server.

It can what a page can say. Links it leaves to people, who have the file: ServerRefused, with its name.
"""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tinyscheduler.adapters.markdown import writing
from tinyscheduler.adapters.markdown.editing import (
    SILENCE,
    Change,
    Editing,
    Remark,
    archived,
    drafted,
    edited,
    handed_over,
    slug,
    standing,
)
from tinyscheduler.adapters.markdown.guard import held, source_of
from tinyscheduler.adapters.markdown.relations import check_relations, parents_of
from tinyscheduler.adapters.markdown.sheet import ID_DIGITS_MAX, Sheet, name_shown
from tinyscheduler.adapters.markdown.shelf import Reader, Shelf
from tinyscheduler.adapters.markdown.trouble_words import gaps_of, unavailable
from tinyscheduler.errors import (
    ServerRefused,
    ServerUnavailable,
    TaskNotFound,
    TaskServerError,
    TaskUnreadable,
)
from tinyscheduler.kit import files
from tinyscheduler.model.desk import RemarkCounts, TaskEdit, TaskList, TaskQuery, cut, made_before, order_key
from tinyscheduler.model.ids import AgentName, QueueName, TaskId, as_task_id
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.model.task import Comment, Link, Status, TagChange, Task, TaskDetail
from tinyscheduler.model.unserved import UNSERVED_MAX, Unserved

if TYPE_CHECKING:
    from tinyscheduler.model.desk import NewLink, TaskDraft, TaskEvent

RENAMES_MAX: Final = 3
_OF_ONE_FILE: Final = frozenset(
    {errno.ELOOP, errno.EFBIG, errno.EINVAL, errno.EISDIR, errno.EBUSY, errno.EPERM}
)
"""A link put in its place, another's file, one that is saved again and again: no trouble of the folder."""


class MarkdownTaskServer:
    """A TaskServer and a TaskDesk over one folder; nothing is opened before the first question."""

    def __init__(
        self,
        folder: str,
        *,
        is_read_only: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._is_read_only = is_read_only
        self._now = now
        self._reader = Reader(folder)
        self._own: set[tuple[int, int]] = set()

    if TYPE_CHECKING:
        source: str
    else:
        # The port has a plain attribute; here it is looked up when it is first asked for.
        @cached_property
        def source(self):
            """See the port."""
            return source_of(self._folder, is_read_only=self._is_read_only)

    # --- asking ------------------------------------------------------------------------------

    def backlog(self, queues: Sequence[QueueName], agents: Sequence[AgentName], limit: int) -> Backlog:
        """All of one instant. A file that cannot be read is a gap of no queue: nobody knows whose it is."""
        shelf = self._shelf()
        tasks = [task for task in _open(shelf) if task.queue in queues or task.assigned_to in agents]
        seen = sorted(tasks, key=order_key)
        idle = [task for task in seen if task.status == "idle"]
        working = [task for task in seen if task.status == "working"]
        return Backlog(
            tuple(idle[:limit]),
            tuple(gaps_of(shelf.troubles)),
            shelf.open_parents,
            is_cut=len(idle) > limit,
            working=tuple(working[: max(0, limit - len(idle))]),
        )

    def get(self, task_id: TaskId) -> TaskDetail:
        """Raises TaskNotFound; ServerRefused for a file that cannot be read."""
        sheet = self._sheet(self._shelf(), task_id)
        return TaskDetail(sheet.task, sheet.comments)

    def has_open_children(self, task_id: TaskId) -> bool:
        """See the port."""
        return task_id in self._shelf().open_parents

    def unserved(self, queues: Sequence[QueueName], agents: Sequence[AgentName]) -> tuple[Unserved, ...]:
        """See the port."""
        groups = Counter(
            (task.queue, task.assigned_to)
            for task in _open(self._shelf())
            if task.status == "idle" and task.queue not in queues and task.assigned_to not in agents
        )
        found = [Unserved(queue, name, count) for (queue, name), count in groups.items()]
        order = sorted(found, key=lambda one: (-one.tasks, one.queue or "", one.assigned_to or ""))
        return tuple(order[:UNSERVED_MAX])

    def find(self, query: TaskQuery) -> TaskList:
        """See the port."""
        shelf = self._shelf()
        words = (*query.tags, *((query.created_by,) if query.created_by else ()))
        gaps = gaps_of([trouble for trouble in shelf.troubles if trouble.may_say(words)])
        return cut((sheet.task for sheet in shelf.sheets.values()), query, (gap.why for gap in gaps))

    def remark_counts(self) -> Mapping[TaskId, RemarkCounts]:
        """See ``ports.TaskDesk``."""
        sheets = self._shelf().sheets
        return {key: RemarkCounts(len(sheet.comments), 0) for key, sheet in sheets.items() if sheet.comments}

    def history(self, task_id: TaskId) -> tuple[TaskEvent, ...] | None:
        """None: the files keep none; whoever wants one puts the folder under version control."""
        self._sheet(self._shelf(), task_id)
        return None

    # --- changing ----------------------------------------------------------------------------

    def update(
        self,
        task_id: TaskId,
        *,
        status: Status | None = None,
        assigned_to: str | None = None,
        queue: QueueName | None = None,
        tags: Sequence[str] | TagChange | None = None,
    ) -> Task:
        """See the port."""
        given = tags if tags is None or isinstance(tags, TagChange) else tuple(tags)
        return self.change(task_id, TaskEdit(status=status, assigned_to=assigned_to, queue=queue, tags=given))

    def change(self, task_id: TaskId, edit: TaskEdit) -> Task:
        """See ``ports.TaskDesk``."""
        with self._at_work():
            sheets = self._shelf().sheets
            check_relations(sheets, task_id, parent=edit.parent, blocker=edit.blocked_by)
            task = self._rewrite(task_id, lambda task: edited(task, edit), description=edit.description)
            return task if edit.status is None and edit.parent is None else self._told_above(task)

    def move(self, task_id: TaskId, *, current: AgentName, new: AgentName, comment: str) -> Task:
        """See the port. Raises NotAssigned, TaskNotFound."""
        with self._at_work():
            said = Remark(comment.strip(), current)
            return self._told_above(
                self._rewrite(task_id, lambda task: handed_over(task, current, new), said)
            )

    def archive(self, task_id: TaskId, *, by: str = "") -> Task:  # noqa: ARG002  # no history is kept
        """See ``ports.TaskDesk``."""
        with self._at_work():
            return self._told_above(self._rewrite(task_id, lambda task: archived(task, self._now())))

    def comment(self, task_id: TaskId, text: str, author: str) -> Comment:
        """Raises TaskNotFound; ServerRefused for an empty one."""
        if not text.strip():
            raise ServerRefused("Comment content must not be empty")
        with self._at_work():
            self._rewrite(task_id, lambda _: {}, Remark(text.strip(), author))
            return self.get(task_id).comments[-1]

    def link(self, task_id: TaskId, link: NewLink) -> Link:
        """Refused: a page has links in its text."""
        name = name_shown(self._sheet(self._shelf(), task_id).name)
        raise ServerRefused(
            f"task {task_id}: a task file has its links in its text",
            hint=f"write {link.url[:100]} into {self._folder}/{name}, or say it in a comment",
        )

    def add(self, draft: TaskDraft) -> Task:
        """A new file; its name is number and title."""
        if not draft.title.strip():
            raise ServerRefused("a task needs a title")
        with self._at_work():
            shelf = self._shelf()
            there = made_before((sheet.task for sheet in shelf.sheets.values()), draft)
            if there is not None:
                return there
            check_relations(shelf.sheets, None, parent=draft.parent, blocker=draft.blocked_by)
            number = shelf.highest + 1
            if len(str(number)) > ID_DIGITS_MAX:
                hint = "give the file of the highest number another one"
                raise ServerRefused(f"{self._folder}: there is no number left for a new task", hint=hint)
            path = os.path.join(
                self._folder, "-".join(filter(None, (str(number), slug(draft.title)))) + ".md"
            )
            # Nobody has a file of that number, and no process of ours is at work: this is another's hand.
            # For whoever may look into the folder: the file is theirs as much as those beside it.
            mode = files.FILE_MODE | os.stat(self._folder).st_mode & 0o066
            if not files.create_exclusive(path, drafted(draft, number, self._now()), mode=mode):
                raise ServerUnavailable(f"{path} was made by somebody a moment ago", hint="try again")
            task = self.get(TaskId(str(number))).task
            parent = shelf.sheets[as_task_id(draft.parent)].task if draft.parent else None
            return task if parent is None or parent.status == "idle" else self._told_above(task)

    def hold(self) -> None:
        """Each file is durable by itself."""

    def sync(self) -> None:
        """As ``hold``."""

    def close(self) -> None:
        """Nothing is open."""

    # --- inside ------------------------------------------------------------------------------

    def _shelf(self) -> Shelf:
        try:
            return self._reader.read()
        except OSError as error:
            raise unavailable(self._folder, error) from error

    def _sheet(self, shelf: Shelf, task_id: TaskId) -> Sheet:
        wanted = as_task_id(task_id)
        found = shelf.sheets.get(wanted)
        if found is not None:
            return found
        for trouble in shelf.troubles:
            # Which task a file is that nobody can read, nobody knows: then none is called missing (law 4).
            if trouble.task_id in (wanted, None):
                raise TaskUnreadable(
                    f"Task {task_id[:40]}: {self._folder}/{trouble.name}: {trouble.why}",
                    hint=f"mend {trouble.name or 'the folder'}",
                )
        raise TaskNotFound(f"Task not found: {task_id[:40]}")

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Alone among our own processes, with the remains of those that were killed seen to."""
        if self._is_read_only:
            raise ServerRefused("this process only looks: nothing is written")
        try:
            with held(self._folder):
                for _ in writing.rescue(self._folder):
                    # The next look names the file as a trouble, until somebody has merged it.
                    continue
                yield
        except OSError as error:
            raise unavailable(self._folder, error) from error

    def _told_above(self, task: Task) -> Task:
        """The task, once the files above it say how they stand now, for those who read them. One that cannot
        be written takes nothing back."""
        for above in parents_of(self._shelf().sheets, task.id):
            editing = Editing(above, standing(above.task.status), now=self._now())
            with suppress(TaskServerError, OSError):
                writing.rewrite(os.path.join(self._folder, above.name), editing, own=self._own)
        return task

    def _rewrite(
        self,
        task_id: TaskId,
        change: Change,
        remark: Remark = SILENCE,
        *,
        description: str | None = None,
    ) -> Task:
        for _ in range(RENAMES_MAX):
            sheet = self._sheet(self._shelf(), task_id)
            path = os.path.join(self._folder, sheet.name)
            editing = Editing(sheet, change, remark=remark, description=description, now=self._now())
            try:
                writing.rewrite(path, editing, own=self._own)
            except FileNotFoundError:
                # Somebody has given it another name between two looks, or removed it.
                continue
            except OSError as error:
                if error.errno not in _OF_ONE_FILE:
                    raise
                why = error.strerror or str(error)
                hint = "look at the file, at its owner and at who writes it; the others are as they were"
                told = f"Task {task_id[:40]}: {self._folder}/{name_shown(sheet.name)}: {why}"
                raise TaskUnreadable(told, hint=hint) from error
            return self.get(task_id).task
        raise TaskNotFound(f"Task not found: {task_id[:40]}")


def _open(shelf: Shelf) -> Iterator[Task]:
    return (sheet.task for sheet in shelf.sheets.values() if sheet.task.archived_at is None)
