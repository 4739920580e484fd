"""Make the tasks that have come due (features G6), each once, whatever is cut off in between (ADR 0032).

The order of writes: *begun* (durable), the task on the server with its mark, *made* (durable). The mark is
looked for before anything is made: it may be there from a pass that was cut off, or from another scheduler.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from tinyscheduler.errors import ServerUnavailable, StateError, TaskServerError
from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.desk import TaskDraft
from tinyscheduler.model.event import Event
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.pass_result import ScheduledTask, ScheduleWord
from tinyscheduler.model.schedule import (
    AUTHOR,
    Begun,
    Fired,
    Memories,
    Missed,
    Remembered,
    Schedule,
    Verdict,
    mark_of,
)
from tinyscheduler.planner.schedules import may_be_made, may_still_arrive
from tinyscheduler.ports import ScheduleStore
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.schedule_look import stands_still, verdicts

if TYPE_CHECKING:
    from tinyscheduler.ports import World
    from tinyscheduler.reconcile.schedule_marks import Marks

MADE_MAX: Final = 100
"""In one pass, over all schedules: the others come with the next one."""


def make_due(context: Context, store: ScheduleStore, *, deadline: float) -> None:
    """For each schedule: make what is due, and say what was missed."""
    now = context.world.clock.now()
    if context.server.trouble is not None or stands_still(context.world, now):
        return
    try:
        _make_all(context, store, now, deadline=deadline)
    except StateError as error:
        # What cannot be written down is not made; starting needs none of it (law 12).
        context.report.fault(error)


def _make_all(context: Context, store: ScheduleStore, now: datetime, *, deadline: float) -> None:
    memories = store.read()
    if memories.trouble:
        _begin_anew(context.report, store, memories.trouble)
    clerk = _Clerk(context, store, memories)
    for verdict in verdicts(context.world, memories, now):
        if context.world.clock.monotonic() > deadline:
            context.report.limit("the time of a pass is up before all schedules were looked at")
            return
        _carry_out(clerk, verdict, now)
        if context.server.trouble is not None:
            return


def foresee(report: Report, world: World, store: ScheduleStore) -> None:
    """For a preview: what ``make_due`` would do, without a look for marks."""
    now = world.clock.now()
    if stands_still(world, now):
        return
    from tinyscheduler.views.schedules import missed_text

    memories = store.read()
    if memories.trouble:
        report.notes.append(f"{memories.trouble}; the pass puts it aside, and schedules begin anew")
    for verdict in verdicts(world, memories, now):
        report.scheduled += [_line(verdict.schedule, at, "due") for at in verdict.due]
        if verdict.missed is not None:
            report.notes.append(missed_text(verdict.schedule, verdict.missed))
        _tell(report, verdict)
    if report.scheduled:
        report.notes.append("tasks of schedules are made first: the pass may start others than these")


class _Clerk:
    """What is remembered, with every change on the disk before the next step."""

    def __init__(self, context: Context, store: ScheduleStore, memories: Memories) -> None:
        self.context = context
        self.made = 0
        self._store = store
        names = {schedule.name for schedule in context.world.configuration.schedules if schedule.is_enabled}
        self._rows = {name: row for name, row in memories.schedules.items() if name in names}
        self._is_stale = self._rows.keys() != memories.schedules.keys()
        self._marks: Marks | None = None

    @property
    def marks(self) -> Marks:
        """Loaded and asked for only where something is made."""
        if self._marks is None:
            from tinyscheduler.reconcile.schedule_marks import Marks

            self._marks = Marks(self.context.server)
        return self._marks

    def keep(self, name: str, row: Remembered) -> None:
        """Raises StateError."""
        if self._is_stale or self._rows.get(name) != row:
            self._rows[name] = row
            self._store.write(Memories(self._rows))
            self._is_stale = False


class _Step(NamedTuple):
    """One instant on its way to a task."""

    schedule: Schedule
    instant: datetime
    now: datetime


def _carry_out(clerk: _Clerk, verdict: Verdict, now: datetime) -> None:
    report, schedule, row = clerk.context.report, verdict.schedule, verdict.memory
    _tell(report, verdict)
    if verdict.trouble:
        return
    if verdict.missed is not None:
        _note_missed(clerk.context, schedule, verdict.missed)
        # What is made comes after what is missed, but for what was begun, which is kept apart.
        row = row._replace(decided_until=max(row.decided_until, verdict.missed.last), next_at=None)
        clerk.keep(schedule.name, row)
    for instant in verdict.due:
        if clerk.made >= MADE_MAX:
            report.limit(f"{MADE_MAX} tasks of schedules in one pass; the next one goes on")
            clerk.keep(schedule.name, row)
            return
        after = _make(clerk, row, _Step(schedule, instant, now))
        if after is None:
            return
        row = after
    clerk.keep(schedule.name, row._replace(next_at=verdict.next_at, begun=None))


def _make(clerk: _Clerk, row: Remembered, step: _Step) -> Remembered | None:
    """The row with the task made and written down; None: not now, and the next pass asks again."""
    schedule, instant, now = step
    try:
        _tell_doubles(clerk, schedule, row)
        task_id = _there_already(clerk, row, step)
        if task_id is None:
            wait_s = clerk.context.world.configuration.policy.claim_timeout_s
            if may_still_arrive(row, instant, now, wait_s):
                clerk.context.report.scheduled.append(_line(schedule, instant, "unclear"))
                return None
            row = row._replace(begun=Begun(instant, now), next_at=None)
            clerk.keep(schedule.name, row)
            task_id = clerk.context.server.add(_draft(schedule, instant)).id
    except TaskServerError as error:
        _failed(clerk, row, step, error)
        return None
    clerk.made += 1
    return _made(clerk, row, step, task_id)


def _there_already(clerk: _Clerk, row: Remembered, step: _Step) -> TaskId | None:
    """The task of this instant. What this scheduler may have made is made again only where it is certainly
    not there. Else it can only be another scheduler's, and a bad row of a stranger holds nothing up.

    Raises what the server raises.
    """
    mark = mark_of(step.schedule.name, step.instant)
    if may_be_made(row, step.instant, step.now):
        task = clerk.marks.surely(mark)
        return None if task is None else task.id
    bearers = clerk.marks.bearers(mark, step.schedule.title)
    return bearers[0].id if bearers else None


def _tell_doubles(clerk: _Clerk, schedule: Schedule, row: Remembered) -> None:
    """Two schedulers that look in the same moment both make the task. Told with the next instant, from the
    list that is asked for anyway. Raises what the server raises."""
    if row.last is None:
        return
    instant = row.last.instant
    bearers = clerk.marks.bearers(mark_of(schedule.name, instant), schedule.title)
    if len(bearers) > 1:
        ids = " and ".join(task.id for task in bearers)
        clerk.context.report.trouble(
            f"schedule {schedule.name}: tasks {ids} were both made for {instant_text(instant)}",
            hint="two schedulers looked for it in the same moment; take the schedule out of one of them",
            reference="schedule-doubled",
        )


def _made(clerk: _Clerk, row: Remembered, step: _Step, task_id: TaskId) -> Remembered:
    schedule, instant, now = step
    detail = (("schedule", schedule.name), ("due", instant_text(instant)))
    clerk.context.world.journal.append(Event("schedule_fired", task_id, reason=schedule.rule, detail=detail))
    clerk.context.report.scheduled.append(_line(schedule, instant, "made", task_id))
    row = row._replace(
        decided_until=max(row.decided_until, instant),
        begun=None,
        next_at=None,
        last=Fired(instant, task_id, now),
    )
    clerk.keep(schedule.name, row)
    return row


def _failed(clerk: _Clerk, row: Remembered, step: _Step, error: TaskServerError) -> None:
    """What the server has certainly not done is not begun either."""
    context, schedule = clerk.context, step.schedule
    context.report.scheduled.append(_line(schedule, step.instant, "failed"))
    if isinstance(error, ServerUnavailable):
        context.report.server_fault(error)
        if error.maybe_applied:
            return
    else:
        context.report.trouble(
            f"schedule {schedule.name}: the task server refuses its task: {error.message}",
            hint=error.hint or "mend the schedule, or make room on the server; it is tried again",
            reference="schedule-refused",
        )
    if row.begun is not None and row.begun.instant == step.instant and row.begun.at == step.now:
        clerk.keep(schedule.name, row._replace(begun=None))


def _note_missed(context: Context, schedule: Schedule, missed: Missed) -> None:
    """Told once: what is missed is decided with it."""
    from tinyscheduler.views.schedules import missed_text

    detail = (
        ("schedule", schedule.name),
        ("count", missed.total),
        ("is_more", missed.is_cut),
        ("first", instant_text(missed.first)),
        ("last", instant_text(missed.last)),
    )
    context.world.journal.append(Event("schedule_missed", reason=missed.why, detail=detail))
    context.report.notes.append(missed_text(schedule, missed))


def _tell(report: Report, verdict: Verdict) -> None:
    if verdict.limit:
        report.limit(verdict.limit)
    if verdict.trouble:
        name = verdict.schedule.name
        hint = "mend its zone or its cron expression; nothing of it is made until then"
        report.trouble(f"schedule {name}: {verdict.trouble}", hint=hint, reference="schedule-unknown")


def _begin_anew(report: Report, store: ScheduleStore, trouble: str) -> None:
    """Law 8. What was due before now is not made: nobody knows any more what of it was."""
    place = store.set_aside()
    report.trouble(
        f"{trouble}; schedules begin anew, now",
        hint=f"what came due meanwhile gets no task; the file is kept as {place}",
        reference="schedules-unreadable",
    )


def _draft(schedule: Schedule, instant: datetime) -> TaskDraft:
    mark = mark_of(schedule.name, instant)
    return TaskDraft(
        schedule.title,
        AUTHOR,
        schedule.description,
        schedule.queue,
        schedule.assigned_to,
        schedule.priority,
        (*schedule.tags, mark),
        once_by=(mark,),
    )


def _line(
    schedule: Schedule, instant: datetime, came: ScheduleWord, task_id: TaskId | None = None
) -> ScheduledTask:
    return ScheduledTask(
        schedule.name, instant, schedule.title, schedule.queue, schedule.assigned_to, came, task_id
    )
