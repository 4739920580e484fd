"""The workload: how much there is, who has it, how urgent and how old it is, and what was said about it.

Counted from one list of tasks and one answer about remarks; nothing is asked task by task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.claim_marks import is_claim_name
from tinyscheduler.model.desk import RemarkCounts
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import BEING_IMPORTED, Task
from tinyscheduler.views.held import id_json

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
AGES: Final = (
    ("under an hour", HOUR),
    ("an hour to a day", DAY),
    ("a day to a week", 7 * DAY),
    ("a week to a month", 30 * DAY),
    ("over a month", None),
)
"""What people say, and where it ends."""

UNKNOWN_COUNTS: Final = "this task server tells comments and links only task by task, so they are not counted"


class Load(NamedTuple):
    """Tasks of one kind, counted."""

    name: str
    idle: int = 0
    working: int = 0
    complete: int = 0
    blocked: int = 0
    """Of the idle ones: by a task that is not complete."""
    parked: int = 0
    """Of the idle ones, by our ledger."""
    oldest_sec: int | None = None
    """Of those that are not complete; None: there is none."""

    @property
    def open(self) -> int:
        """Not complete."""
        return self.idle + self.working


class Line(NamedTuple):
    """One task in the report."""

    task: Task
    band: str
    age_sec: int
    is_parked: bool
    remarks: RemarkCounts | None
    """None: nobody knows."""


class Report(NamedTuple):
    """Of all tasks that were asked for, archived ones apart."""

    summary: Load
    unassigned: int
    """Of those that are not complete."""
    agents: tuple[Load, ...]
    """By name, then those that nobody has."""
    queues: tuple[Load, ...]
    bands: tuple[Load, ...]
    """Most urgent first."""
    ages: tuple[Load, ...]
    lines: tuple[Line, ...]
    """Most urgent first."""
    knows_remarks: bool
    gaps: tuple[str, ...] = ()
    """What could not be read, and is not counted."""


class Known(NamedTuple):
    """What is known besides the tasks."""

    now: datetime
    parked: frozenset[TaskId]
    remarks: Mapping[TaskId, RemarkCounts] | None
    band_of: Callable[[Task], str]
    bands: tuple[str, ...]


def report_of(tasks: Sequence[Task], known: Known) -> Report:
    """``tasks`` in the order in which they are to be shown."""
    return Report(
        summary=_load("all", tasks, known),
        unassigned=sum(_owner(task) == "" for task in tasks if task.status != "complete"),
        agents=_loads(tasks, _owner, known),
        queues=_loads(tasks, lambda task: task.queue or "", known),
        bands=_named(tasks, known.bands, known, name_of=known.band_of),
        ages=_named(
            [task for task in tasks if task.status != "complete"],
            tuple(name for name, _ in AGES),
            known,
            name_of=lambda task: _age_name(_age_sec(task, known.now)),
        ),
        lines=tuple(_line(task, known) for task in tasks),
        knows_remarks=known.remarks is not None,
    )


def report_json(report: Report, *, queues: Sequence[str]) -> dict[str, object]:
    """The body of ``report --json``."""
    return {
        "queues_asked": list(queues),
        "summary": {**_load_json(report.summary), "unassigned": report.unassigned},
        "agents": [{"agent": load.name or None, **_load_json(load)} for load in report.agents],
        "queues": [{"queue": load.name or None, **_load_json(load)} for load in report.queues],
        "priorities": [{"band": load.name, **_load_json(load)} for load in report.bands],
        "ages": [{"age": load.name, "tasks": load.open} for load in report.ages],
        "knows_remarks": report.knows_remarks,
        "tasks": [_line_json(line) for line in report.lines],
        "gaps": list(report.gaps),
    }


def _loads(tasks: Iterable[Task], name_of: Callable[[Task], str], known: Known) -> tuple[Load, ...]:
    """One for each name there is; the empty one last."""
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(name_of(task), []).append(task)
    names = sorted(groups, key=lambda name: (name == "", name))
    return tuple(_load(name, groups[name], known) for name in names)


def _named(
    tasks: Iterable[Task], names: Sequence[str], known: Known, *, name_of: Callable[[Task], str]
) -> tuple[Load, ...]:
    """One for each of these names, also where there is nothing."""
    groups: dict[str, list[Task]] = {name: [] for name in names}
    for task in tasks:
        groups[name_of(task)].append(task)
    return tuple(_load(name, group, known) for name, group in groups.items())


def _load(name: str, tasks: Sequence[Task], known: Known) -> Load:
    statuses = [task.status for task in tasks]
    ages = [_age_sec(task, known.now) for task in tasks if task.status != "complete"]
    return Load(
        name=name,
        idle=statuses.count("idle"),
        working=statuses.count("working"),
        complete=statuses.count("complete"),
        blocked=sum(task.is_blocked and task.status == "idle" for task in tasks),
        parked=sum(task.id in known.parked for task in tasks),
        oldest_sec=max(ages, default=None),
    )


def _line(task: Task, known: Known) -> Line:
    remarks = None if known.remarks is None else known.remarks.get(task.id, RemarkCounts(0, 0))
    return Line(
        task=task,
        band=known.band_of(task),
        age_sec=_age_sec(task, known.now),
        is_parked=task.id in known.parked,
        remarks=remarks,
    )


def _owner(task: Task) -> str:
    """The name of a claim or an import, for the second that it lasts, is nobody's."""
    name = task.assigned_to or ""
    return "" if name == BEING_IMPORTED or is_claim_name(name) else name


def _age_sec(task: Task, now: datetime) -> int:
    """Since it was made; a clock that is behind the server's makes it no younger than new."""
    return max(0, int((now - task.created_at).total_seconds()))


def _age_name(age_sec: int) -> str:
    return next(name for name, end in AGES if end is None or age_sec < end)


def _load_json(load: Load) -> dict[str, object]:
    return {
        "open": load.open,
        "idle": load.idle,
        "working": load.working,
        "complete": load.complete,
        "blocked": load.blocked,
        "parked": load.parked,
        "oldest_age_sec": load.oldest_sec,
    }


def _line_json(line: Line) -> dict[str, object]:
    task = line.task
    return {
        "id": id_json(task.id),
        "title": task.title,
        "status": task.status,
        "queue": task.queue,
        "assigned_to": task.assigned_to,
        "priority": task.priority,
        "band": line.band,
        "tags": list(task.tags),
        "is_blocked": task.is_blocked and task.status != "complete",
        "is_parked": line.is_parked,
        "parent_id": None if task.parent_id is None else id_json(task.parent_id),
        "created_at": instant_text(task.created_at),
        "updated_at": instant_text(task.updated_at),
        "age_sec": line.age_sec,
        "comments": None if line.remarks is None else line.remarks.comments,
        "links": None if line.remarks is None else line.remarks.links,
    }
