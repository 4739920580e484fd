"""The workload report on paper: tables for a terminal, Markdown, and CSV that no spreadsheet obeys."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Final

from tinyscheduler.kit.fields import instant_text, number_text
from tinyscheduler.views.report import UNKNOWN_COUNTS, Line, Load, Report
from tinyscheduler.views.table import Table, columns
from tinyscheduler.views.wording import count_text, line_text, span_text

SHOWN_MAX: Final = 50
"""Rows of tasks for people; programs get all."""

CSV_COLUMNS: Final = (
    "id", "title", "status", "queue", "assigned_to", "priority", "band", "tags", "is_blocked", "is_parked",
    "parent_id", "created_at", "updated_at", "age_sec", "comments", "links",
)  # fmt: skip
CELL_CHARS_MAX: Final = 32_000
"""What spreadsheets take in one cell (32,767)."""
_FORMULA: Final = re.compile(r"[\s]*[=+\-@|%\t\n\uff1d\uff0b\uff0d\uff20]")
"""How a formula begins, in any spreadsheet and width of letters (OWASP, CSV injection)."""
_MARKS: Final = re.compile(r"([\\`*_\[\]<>|#&~!$])")
"""What Markdown would read."""


def tables_of(report: Report) -> list[Table]:
    """For ``views.table.show``, and for Markdown."""
    return [
        Table("summary", columns("", ">TASKS"), tuple(_summary(report))),
        _load_table("agents", "AGENT", report.agents, nobody="(nobody)"),
        _load_table("queues", "QUEUE", report.queues, nobody="(none)"),
        _load_table("priorities", "BAND", report.bands, nobody=""),
        Table(
            "ages of what is open",
            columns("AGE", ">TASKS"),
            tuple((load.name, str(load.open)) for load in report.ages),
        ),
        _task_table(report),
    ]


def tail_of(report: Report) -> list[str]:
    """What a reader of the tables has to know besides."""
    left_out = len(report.lines) - SHOWN_MAX
    more = [f"{count_text(left_out, 'task')} more; --format csv and --json have all"] if left_out > 0 else []
    return more if report.knows_remarks else [*more, UNKNOWN_COUNTS]


def markdown_of(report: Report, *, title: str) -> str:
    """One document."""
    parts = [
        f"## {_plain(table.title.capitalize())}\n\n{_markdown_table(table)}"
        for table in tables_of(report)
        if table.rows
    ]
    return "\n\n".join([f"# {_plain(title)}", *parts, *map(_plain, tail_of(report))]) + "\n"


def csv_of(report: Report) -> str:
    """One row a task (RFC 4180)."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(CSV_COLUMNS)
    for line in report.lines:
        writer.writerow(_csv_row(line))
    return stream.getvalue()


def _summary(report: Report) -> list[tuple[str, str]]:
    load = report.summary
    oldest = "-" if load.oldest_sec is None else span_text(load.oldest_sec)
    return [
        ("open", str(load.open)),
        ("idle", str(load.idle)),
        ("working", str(load.working)),
        ("complete", str(load.complete)),
        ("blocked", str(load.blocked)),
        ("parked", str(load.parked)),
        ("nobody's", str(report.unassigned)),
        ("oldest open", oldest),
    ]


def _load_table(title: str, head: str, loads: Sequence[Load], *, nobody: str) -> Table:
    heads = columns(f"~{head}", ">OPEN", ">IDLE", ">WORKING", ">BLOCKED", ">PARKED", "->COMPLETE", "->OLDEST")
    rows = tuple(
        (
            load.name or nobody,
            *(str(n) for n in (load.open, load.idle, load.working, load.blocked, load.parked, load.complete)),
            "-" if load.oldest_sec is None else span_text(load.oldest_sec),
        )
        for load in loads
    )
    return Table(title, heads, rows)


def _task_table(report: Report) -> Table:
    counts = (">COMMENTS", ">LINKS") if report.knows_remarks else ()
    heads = columns(">ID", "STATUS", "QUEUE", "-ASSIGNED", "->PRIORITY", ">AGE", *counts, "~TITLE")
    return Table("tasks", heads, tuple(_task_row(line) for line in report.lines[:SHOWN_MAX]))


def _task_row(line: Line) -> tuple[str, ...]:
    task = line.task
    is_blocked = task.is_blocked and task.status != "complete"
    words = [task.status, *(["blocked"] if is_blocked else []), *(["parked"] if line.is_parked else [])]
    counts = () if line.remarks is None else (str(line.remarks.comments), str(line.remarks.links))
    return (
        task.id,
        " ".join(words),
        task.queue or "-",
        task.assigned_to or "-",
        number_text(task.priority),
        span_text(line.age_sec),
        *counts,
        task.title,
    )


def _markdown_table(table: Table) -> str:
    heads = [_plain(column.name) or " " for column in table.columns]
    rule = ["---:" if column.align == "right" else "---" for column in table.columns]
    rows = [[_plain(line_text(cell, chars_max=300)) for cell in row] for row in table.rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, rule, *rows))


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", text)


def _csv_row(line: Line) -> list[str | int | float]:
    task = line.task
    words = (task.title, task.status, task.queue or "", task.assigned_to or "")
    counts: tuple[str | int, ...] = (
        ("", "") if line.remarks is None else (line.remarks.comments, line.remarks.links)
    )
    return [
        _cell(task.id),
        *(_cell(word) for word in words),
        # A number is no formula, whatever its sign.
        number_text(task.priority),
        line.band,
        # Tags have blanks, commas and whatever else in them: only quotes tell where one ends.
        _cell(json.dumps(task.tags, ensure_ascii=False)) if task.tags else "",
        _truth(task.is_blocked and task.status != "complete"),
        _truth(line.is_parked),
        _cell(task.parent_id or ""),
        instant_text(task.created_at),
        instant_text(task.updated_at),
        line.age_sec,
        *counts,
    ]


def _cell(text: str) -> str:
    """Text that stays text: a formula of a stranger would run on the machine of whoever opens the file. What
    nobody sees is left out: it hides the formula's first sign from us and not from the spreadsheet, and an
    escape sequence would move the cursor of whoever prints the file."""
    shown = _seen(text.replace("\r\n", "\n"))[:CELL_CHARS_MAX]
    return f"'{shown}" if _FORMULA.match(shown) else shown


def _seen(text: str) -> str:
    """Without control, format and direction characters; lines stay lines, and other blanks are blanks."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in "\n\t" else " " if char.isspace() else "" for char in text
    )


def _truth(is_so: bool) -> str:
    return "true" if is_so else "false"
