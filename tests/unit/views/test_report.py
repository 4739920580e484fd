"""The workload report: what it counts, and how it looks in each of its forms."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import tests.builders as b
from tests.golden.compare import assert_golden
from tinyscheduler.model.desk import RemarkCounts
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Task
from tinyscheduler.views.report import Known, Report, report_json, report_of
from tinyscheduler.views.report_text import SHOWN_MAX, csv_of, markdown_of, tables_of, tail_of
from tinyscheduler.views.table import plain_text, show

BANDS = ("critical", "high", "normal", "low")
TASKS = (
    b.a_task(
        "1", title="Fix | the [red]parser[/red]", priority=12, age_s=90, assigned_to="dev-1", status="working"
    ),
    b.a_task("2", title="=cmd|' /c calc'!A1", priority=5, age_s=5 * 3600, assigned_to="dev-1"),
    b.a_task("3", title="Test it", queue="qa", age_s=3 * 86400, blocked_by="2", tags=("after:1", "x")),
    b.a_task("4", title="two\nlines", queue=None, priority=-1.5, age_s=40 * 86400),
    b.a_task("5", title="done", status="complete", age_s=400 * 86400, assigned_to="being-imported"),
)
REMARKS = {TaskId("1"): RemarkCounts(2, 1), TaskId("99"): RemarkCounts(5, 0)}


def band(task: Task) -> str:
    return BANDS[0 if task.priority >= 10 else 1 if task.priority >= 5 else 2 if task.priority >= 0 else 3]


def known(remarks: dict[TaskId, RemarkCounts] | None = REMARKS) -> Known:
    return Known(b.NOW, frozenset({TaskId("4")}), remarks, band, BANDS)


def report(tasks: tuple[Task, ...] = TASKS) -> Report:
    return report_of(tasks, known())


def test_report_in_each_of_its_forms() -> None:
    whole = report()

    stream = io.StringIO()
    show(stream, tables_of(whole), {})
    assert_golden("report.txt", stream.getvalue())
    assert_golden("report.md", markdown_of(whole, title="Workload, 2026-11-20 12:00Z"))
    assert_golden("report.csv", csv_of(whole).replace("\r\n", "\n"))
    assert_golden("report.json", json.dumps(report_json(whole, queues=["dev"]), indent=1) + "\n")


def test_every_task_is_counted_once_in_each_sum() -> None:
    whole = report()

    for loads in (whole.agents, whole.queues, whole.bands):
        assert sum(load.open + load.complete for load in loads) == len(TASKS)
    assert sum(load.open for load in whole.ages) == whole.summary.open == 4
    assert (whole.summary.blocked, whole.summary.parked, whole.unassigned) == (1, 1, 2)


def test_name_that_an_import_holds_tasks_by_is_nobodys() -> None:
    assert [load.name for load in report().agents] == ["dev-1", ""]


def test_counts_that_nobody_knows_are_left_out_and_said_to_be() -> None:
    """An empty column would be read as no comments."""
    blind = report_of(TASKS, known(None))

    assert "COMMENTS" not in plain_text(tables_of(blind)[-1])
    assert "so they are not counted" in tail_of(blind)[-1]
    assert "so they are not counted" in markdown_of(blind, title="x")
    rows = list(csv.DictReader(io.StringIO(csv_of(blind))))
    assert {(row["comments"], row["links"]) for row in rows} == {("", "")}
    assert report_json(blind, queues=[])["knows_remarks"] is False


def test_people_get_the_most_urgent_tasks_and_programs_all() -> None:
    many = tuple(b.a_task(str(number)) for number in range(SHOWN_MAX + 7))
    whole = report(many)

    assert len(tables_of(whole)[-1].rows) == SHOWN_MAX
    assert tail_of(whole) == ["7 tasks more; --format csv and --json have all"]
    assert len(csv_of(whole).splitlines()) == len(many) + 1


def test_report_of_nothing() -> None:
    empty = report(())

    assert empty.summary.oldest_sec is None
    assert csv_of(empty).count("\n") == 1
    assert "| open | 0 |" in markdown_of(empty, title="x")


@pytest.mark.parametrize(
    "start",
    [
        "=",
        "+",
        "-",
        "@",
        "\t=",
        " =",
        "\r=",
        "|",
        "%",
        "\uff1d",
        "\n@",
        "\0=",
        "\u200b=",
        "\ufeff@",
        "\x1b-",
        "\u202e+",
    ],
)
def test_text_that_a_spreadsheet_would_obey_is_text(start: str) -> None:
    (row,) = rows_of(b.a_task("1", title=f"{start}1+1", tags=(f"{start}x",), assigned_to="dev-1"))

    assert row["title"].startswith("'")
    assert row["tags"].startswith('["')


def test_tags_are_told_apart_whatever_is_in_them() -> None:
    """Labels of other places have blanks."""
    tags = ("bug", "good first issue", 'a, "b"')

    rows = [rows_of(b.a_task("1", tags=found))[0] for found in (tags, ())]

    assert (json.loads(rows[0]["tags"]), rows[1]["tags"]) == (list(tags), "")


def test_what_nobody_sees_is_not_in_a_cell() -> None:
    (row,) = rows_of(b.a_task("1", title="a\x1b[2J\u202eb\u200bc\x07\r\nd\u2028e\tf"))

    assert row["title"] == "a[2Jbc\nd e\tf"


@given(st.text(max_size=40))
@example('=HYPERLINK("http://x")')
@example('a"b,c\nd')
@example("\u200b\u200b=1")
@example("\r'")
def test_no_cell_begins_like_a_formula_and_every_row_is_read_back(title: str) -> None:
    (row,) = rows_of(b.a_task("1", title=title, priority=-3))

    seen = "".join(char if char.isprintable() else " " * char.isspace() for char in title)
    assert seen.split() in (row["title"].split(), row["title"].removeprefix("'").split())
    assert all(char.isprintable() or char in "\n\t" for char in row["title"])
    assert not row["title"].lstrip().startswith(("=", "+", "-", "@", "|", "%"))
    assert row["priority"] == "-3"


def rows_of(task: Task) -> list[dict[str, str]]:
    text = csv_of(report((task,)))
    return list(csv.DictReader(io.StringIO(text, newline="")))


@given(st.text(max_size=30))
def test_no_title_breaks_a_table_in_markdown(title: str) -> None:
    lines = markdown_of(report((b.a_task("7", title=title),)), title="x").splitlines()

    row = lines[-1]
    assert row.startswith("| 7 | idle | dev | - | 0 | 60m | 0 | 0 | ")
    assert row.replace("\\|", "").count("|") == 10


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def test_figures_keep_their_names_beside_a_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names may have 64 letters; a column of figures without its name says nothing."""
    monkeypatch.setenv("COLUMNS", "80")
    mine = b.a_task("1", assigned_to="frontend-developer-claude-opus-1", age_s=90)
    stream = Terminal()

    show(stream, tables_of(report_of([mine], known())), {"TERM": "xterm", "NO_COLOR": "1"})

    (heading,) = [line for line in stream.getvalue().splitlines() if "AGENT" in line]
    assert heading.split()[:6] == ["AGENT", "OPEN", "IDLE", "WORKING", "BLOCKED", "PARKED"]
