"""Which files of the folder are which tasks: read, numbered, and set beside each other.

Reads only. What was read is kept as long as the file is the same, so that the many questions of a pass cost
one look at each file's time and size.
"""

from __future__ import annotations

import os
import stat
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from tinyscheduler.adapters.markdown.page import Rubbish
from tinyscheduler.adapters.markdown.sheet import Sheet, id_said, name_shown, number_in, sheet_of
from tinyscheduler.adapters.markdown.writing import FILE_BYTES_MAX, QUIET_WAIT_MAX_S, RESCUED
from tinyscheduler.kit import files
from tinyscheduler.kit.open_files import is_open_for_writing
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Status, Task

FILES_MAX: Final = 10_000
"""As many as a pass looks at (MAX_FETCH)."""
SUFFIX: Final = ".md"
LOOK_AGAIN_S: Final = 0.01
"""While somebody writes."""


class Trouble(NamedTuple):
    """A file that is no task although it should be one."""

    name: str
    """As it is shown."""
    why: str
    task_id: TaskId | None
    """Which one it would be; None: nobody can tell, so no id can be called unknown."""
    text: str | None = None
    """All that stands in it; None: not even that can be read."""

    def may_say(self, words: Iterable[str]) -> bool:
        """False: it is no task that says all of this, whatever else it is. Words that passes and imports have
        written stand in a page as they are."""
        return self.text is None or all(word in self.text for word in words)


class Shelf(NamedTuple):
    """All tasks of one moment."""

    sheets: Mapping[TaskId, Sheet]
    """With what follows from the others: blocked or not, and the status of parents."""
    troubles: tuple[Trouble, ...]
    open_parents: frozenset[TaskId]
    highest: int
    """Number that any file has or claims, so that the next one is new."""


_Look = tuple[tuple[int, ...], Sheet | Trouble | None]
"""What tells whether a file is the same, and what was read of it; None: nothing of a task."""


class Reader:
    """The folder, as it is when it is asked for."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._known: dict[str, _Look] = {}
        self._given_up: set[str] = set()
        """Files that somebody goes on writing: they are not waited for again."""

    def read(self) -> Shelf:
        """Raises OSError when the folder cannot be listed."""
        found: list[Sheet | Trouble | None] = []
        known: dict[str, _Look] = {}
        rest, deadline = 0, time.monotonic() + QUIET_WAIT_MAX_S
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.name.endswith((SUFFIX, RESCUED)):
                    continue
                if len(known) >= FILES_MAX:
                    rest += 1
                    continue
                known[entry.name] = self._look_at(entry.name, deadline)
                found.append(known[entry.name][1])
        self._known = known
        troubles = [one for one in found if isinstance(one, Trouble)]
        if rest:
            troubles.append(Trouble("", f"{rest} files beyond {FILES_MAX} are not looked at", None))
        return _shelf([one for one in found if isinstance(one, Sheet)], troubles)

    def _look_at(self, name: str, deadline: float) -> _Look:
        """Editors take milliseconds to write; whoever takes longer is not waited for."""
        while (found := self._look_once(name)) is None:
            if name in self._given_up or time.monotonic() >= deadline:
                self._given_up.add(name)
                # What was read may be half of it; which task it is may stand in the other half.
                why = "a program has it open for writing: it is read when that is done"
                return (), Trouble(name_shown(name), why, None)
            time.sleep(LOOK_AGAIN_S)
        self._given_up.discard(name)
        return found

    def _look_once(self, name: str) -> _Look | None:
        """None: somebody is writing it."""
        path = os.path.join(self._folder, name)
        try:
            status = os.lstat(path)
            mark = _mark_of(status)
            look = self._known.get(name)
            if look is None or look[0] != mark:
                look = mark, self._read(name, status)
                # Closing a file changes neither its time nor its size.
                if is_open_for_writing(path) or _mark_of(os.lstat(path)) != mark:
                    return None
        except FileNotFoundError:
            # Renamed or removed a moment ago; the next look finds what became of it.
            return (), None
        except OSError as error:
            return (), _trouble(name, error.strerror or str(error))
        return look

    def _read(self, name: str, status: os.stat_result) -> Sheet | Trouble | None:
        if name.endswith(RESCUED):
            why = "somebody saved this while the scheduler was killed: merge it by hand, then remove it"
            return Trouble(name_shown(name), why, TaskId(""))
        if not stat.S_ISREG(status.st_mode):
            kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "no regular file"
            return (
                None
                if number_in(name) is None
                else _trouble(name, f"it is {kind}: put the file itself there")
            )
        text = ""
        try:
            text = files.read_limited(os.path.join(self._folder, name), FILE_BYTES_MAX).decode("utf-8")
            if not text.strip() and number_in(name) is not None:
                # Programs empty a file first and write later; what id stood in it nobody knows.
                return Trouble(name_shown(name), "it is empty: write the task, or remove it", None)
            return sheet_of(name, text, datetime.fromtimestamp(int(status.st_mtime), UTC))
        except FileNotFoundError:
            # As above.
            return None
        except Rubbish as rubbish:
            return _trouble(name, f"line {rubbish.line}: {rubbish.what}", text)
        except UnicodeDecodeError as error:
            return _trouble(name, f"byte {error.start} is no UTF-8: save it as UTF-8")
        except OSError as error:
            return _trouble(name, error.strerror or str(error))


def _mark_of(status: os.stat_result) -> tuple[int, ...]:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode


def _trouble(name: str, why: str, text: str | None = None) -> Trouble:
    return Trouble(name_shown(name), why, id_said(text or "") or number_in(name), text)


def _shelf(sheets: Iterable[Sheet], troubles: list[Trouble]) -> Shelf:
    by_id: dict[TaskId, list[Sheet]] = defaultdict(list)
    for sheet in sheets:
        by_id[sheet.task.id].append(sheet)
    for task_id, same in by_id.items():
        if len(same) > 1:
            names = " and ".join(sorted(name_shown(sheet.name) for sheet in same))
            why = f"both are task {task_id}: give one of them another number"
            troubles.append(Trouble(names, why, task_id))
    right = {task_id: same[0] for task_id, same in by_id.items() if len(same) == 1}
    highest = _highest(by_id, troubles)
    children = _children(right)
    derived = _derived(right, children)
    whole = {task_id: sheet._replace(task=_whole(sheet.task, derived)) for task_id, sheet in right.items()}
    open_parents = frozenset(
        parent for parent, below in children.items() if any(derived[child] != "complete" for child in below)
    )
    return Shelf(whole, tuple(sorted(troubles, key=lambda trouble: trouble[:2])), open_parents, highest)


def _highest(by_id: Mapping[TaskId, Iterable[Sheet]], troubles: Iterable[Trouble]) -> int:
    """Also of those that others name: a new task must not be what somebody waits for whose file is gone."""
    tasks = [sheet.task for same in by_id.values() for sheet in same]
    named = (number for task in tasks for number in (task.id, task.parent_id, task.blocked_by))
    claimed = (number for trouble in troubles for number in (trouble.task_id, number_in(trouble.name)))
    return max((int(number) for number in (*named, *claimed) if number), default=0)


def _children(sheets: Mapping[TaskId, Sheet]) -> Mapping[TaskId, list[TaskId]]:
    """Archived ones do not count."""
    found: dict[TaskId, list[TaskId]] = defaultdict(list)
    for task_id, sheet in sheets.items():
        parent = sheet.task.parent_id
        if parent is not None and parent in sheets and sheet.task.archived_at is None:
            found[parent].append(task_id)
    return found


def _derived(
    sheets: Mapping[TaskId, Sheet], children: Mapping[TaskId, list[TaskId]]
) -> Mapping[TaskId, Status]:
    """What the children say, as on every task server: complete when all are, working when one is. Parents in
    a ring, which people can write, are what they say themselves."""
    found = {task_id: sheet.task.status for task_id, sheet in sheets.items()}
    open_below = {parent: len(below) for parent, below in children.items()}
    known = [task_id for task_id in sheets if task_id not in children]
    while known:
        sheet = sheets[known.pop()].task
        parent = sheet.parent_id
        if parent is None or parent not in open_below or sheet.archived_at is not None:
            continue
        open_below[parent] -= 1
        if not open_below[parent]:
            found[parent] = _of_all({found[child] for child in children[parent]})
            known.append(parent)
    return found


def _of_all(statuses: set[Status]) -> Status:
    if statuses == {"complete"}:
        return "complete"
    return "working" if "working" in statuses else "idle"


def _whole(task: Task, statuses: Mapping[TaskId, Status]) -> Task:
    """A blocker that is not there, or that nobody can read, is not done (law 4)."""
    is_blocked = task.blocked_by is not None and statuses.get(task.blocked_by) != "complete"
    return task._replace(status=statuses[task.id], is_blocked=is_blocked)
