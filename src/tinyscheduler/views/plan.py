"""A plan and its results as JSON (contracts.md) and as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.action import (
    Discard,
    Quarantine,
    Rebuild,
    Start,
    StartPlan,
    StopOrphan,
    TendAction,
    kind_of,
    task_of,
)
from tinyscheduler.model.pass_result import Result, ScheduledTask
from tinyscheduler.model.reason import Held
from tinyscheduler.views.held import held_json, id_json
from tinyscheduler.views.table import Table, columns
from tinyscheduler.views.wording import line_text

REASON_CHARS_MAX = 1_000
"""More than any reason of ours has; a line for a person."""


def plan_json(tend: Iterable[TendAction], start: StartPlan) -> dict[str, object]:
    """``tend[] start[] held[]`` as every command prints them."""
    return {
        "tend": [action_json(action) for action in tend],
        "start": [action_json(action) for action in start.starts],
        "held": [held_json(held) for held in start.held],
    }


def action_json(action: TendAction | Start) -> dict[str, object]:
    """``{kind task_id agent queue lease_id reason}``."""
    agent, queue, lease_id = _about(action)
    return {
        "kind": kind_of(action),
        "task_id": id_json(task_of(action)),
        "agent": agent,
        "queue": queue,
        "lease_id": lease_id,
        "reason": action.reason,
    }


def results_json(results: Iterable[Result]) -> list[dict[str, object]]:
    """What became of the planned actions, in the order they were carried out."""
    return [{**result._asdict(), "task_id": id_json(result.task_id)} for result in results]


def scheduled_json(lines: Iterable[ScheduledTask]) -> list[dict[str, object]]:
    """Tasks of schedules, made or to be made."""
    return [
        {
            **line._asdict(),
            "due_at": instant_text(line.due_at),
            "task_id": None if line.task_id is None else id_json(line.task_id),
        }
        for line in lines
    ]


def scheduled_text(lines: Iterable[ScheduledTask]) -> str:
    """For people, one line each."""
    return "".join(
        f"{'make':<10} task of schedule {line.schedule}, due {line.due_at:%Y-%m-%d %H:%M} UTC\n"
        for line in lines
    )


def scheduled_table(lines: Iterable[ScheduledTask]) -> Table:
    """The same for a terminal."""
    rows = tuple(
        (
            line.schedule,
            f"{line.due_at:%Y-%m-%d %H:%M}",
            line.queue or "-",
            line.assigned_to or "-",
            line.title,
        )
        for line in lines
    )
    return Table("tasks to be made", columns("SCHEDULE", "DUE (UTC)", "QUEUE", "-FOR", "*TITLE"), rows)


NOTHING, UNKNOWN = "nothing to do", "what to do is not known; the errors say why"
AGAIN = "the pass does what is above first and then looks again: it may start other tasks than these"


def plan_text(
    tend: Sequence[TendAction], start: StartPlan, limits: Sequence[str], *, is_known: bool = True
) -> str:
    """Lines for people; also what a pipe gets. ``is_known``: nothing failed while looking; unknown is
    not empty (law 4)."""
    lines = [f"{kind_of(a):<10} task {task_of(a):<8} {_who(a):<20} {_said(a.reason)}" for a in tend]
    lines += [f"{'start':<10} task {s.task.id:<8} {_who(s):<20} {_said(s.reason)}" for s in start.starts]
    lines += [f"{'held':<10} task {h.task_id:<8} {h.reason:<20} {_held_text(h)}" for h in start.held]
    lines += [f"limit      {limit}" for limit in limits]
    if tend and start.starts:
        lines.append(AGAIN)
    return "\n".join(lines or [NOTHING if is_known else UNKNOWN]) + "\n"


def plan_tables(
    tend: Sequence[TendAction], start: StartPlan, limits: Sequence[str], *, is_known: bool = True
) -> list[Table]:
    """The same for a terminal (``views.table.show``)."""
    tended = tuple((kind_of(a), task_of(a), _about(a)[0] or "-", a.reason) for a in tend)
    started = tuple((s.task.id, s.agent.name, s.reason, s.task.title) for s in start.starts)
    held = tuple((h.task_id, h.reason, h.value, h.lever) for h in start.held)
    remarks = [f"limit reached: {limit}" for limit in limits]
    remarks += [AGAIN] if tend and start.starts else []
    remarks += [] if tend or start.starts or start.held else [NOTHING if is_known else UNKNOWN]
    return [
        Table("tend", columns("DO", ">TASK", "AGENT", "WHY"), tended),
        Table("start", columns(">TASK", "AGENT", "-WHY", "*TITLE"), started),
        Table("held", columns(">TASK", "REASON", "*FOUND", "*LEVER"), held),
        Table("", (), tuple((remark,) for remark in remarks)),
    ]


def _held_text(held: Held) -> str:
    return _said(f"{held.value}; {held.lever}" if held.lever else held.value)


def _said(text: str) -> str:
    """Names of strangers may be in it."""
    return line_text(text, chars_max=REASON_CHARS_MAX)


def _who(action: TendAction | Start) -> str:
    agent, _, _ = _about(action)
    return f"on {agent}" if agent is not None else ""


def _about(action: TendAction | Start) -> tuple[str | None, str | None, str | None]:
    if isinstance(action, Start):
        return action.agent.name, action.task.queue, None
    if isinstance(action, Quarantine | Rebuild | Discard):
        return None, None, None
    if isinstance(action, StopOrphan):
        return None, None, action.run.lease_id
    return action.lease.agent, action.lease.queue, action.lease.lease_id
