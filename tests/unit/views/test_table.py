"""The same rows for a pipe and for a terminal; cells are data."""

from __future__ import annotations

import io
import sys

import pytest

from tests.builders import a_task, an_agent
from tinyscheduler.model.action import Start, StartPlan
from tinyscheduler.views.plan import plan_tables
from tinyscheduler.views.table import Table, columns, fitted, plain_text, show

TASKS = Table("tasks", columns(">ID", "NAME", "*TITLE"), (("7", "dev-1", "[red]x[/red]"), ("10", "q", "y")))


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, *tables: Table, **environ: str) -> str:
    show(stream, tables, environ)
    return stream.getvalue()


def test_columns_are_aligned_without_trailing_blanks() -> None:
    assert plain_text(TASKS) == "tasks\nID  NAME   TITLE\n 7  dev-1  [red]x[/red]\n10  q      y\n"


def test_pipe_gets_plain_text_and_pays_for_no_library() -> None:
    before = set(sys.modules)

    text = shown(io.StringIO(), TASKS, TASKS)

    assert text == plain_text(TASKS) + "\n" + plain_text(TASKS)
    assert not any(name.partition(".")[0] == "rich" for name in set(sys.modules) - before)


def test_table_without_rows_is_not_shown() -> None:
    assert shown(io.StringIO(), Table("empty", columns("A"), ())) == ""
    assert shown(Terminal(), Table("empty", columns("A"), ())) == ""


def test_terminal_shows_the_cells_as_they_are() -> None:
    """A title must not be read as markup: it could hide itself, or look like a verdict."""
    text = shown(Terminal(), TASKS, TERM="xterm")

    assert "[red]x[/red]" in text
    assert "\x1b[31m" not in text


def test_no_color_is_obeyed_on_a_terminal() -> None:
    verdicts = Table("", columns("", "WHAT"), (("HOLDS", "estop"),))

    assert "\x1b[1;31m" in shown(Terminal(), verdicts, TERM="xterm")
    assert "\x1b[1;31m" not in shown(Terminal(), verdicts, TERM="xterm", NO_COLOR="1")
    assert "31m" not in shown(Terminal(), verdicts, TERM="xterm", NO_COLOR="1")


def test_control_characters_of_a_cell_reach_no_stream() -> None:
    bad = Table("", columns("TITLE"), (("a\x1b[2Jb\nc\u202e",),))

    assert shown(io.StringIO(), bad) == "TITLE\nab c\n"
    assert "\x1b[2J" not in shown(Terminal(), bad, TERM="xterm")


def test_no_color_leaves_no_escape_sequence_at_all() -> None:
    """Bold and dim are styles too, and whoever sets it may read with a program that knows none."""
    assert "\x1b" not in shown(Terminal(), TASKS, TERM="xterm", NO_COLOR="1")


def test_narrow_terminal_loses_the_last_columns_that_may_go() -> None:
    heads = columns(">ID", "-QUEUE", "->AGE", "~TITLE")
    table = Table("", heads, (("7", "a-long-queue", "12m", "word " * 20),))

    names = [[head.name for head in fitted(table, width).columns] for width in (60, 43, 30, 5)]

    assert names == [
        ["ID", "QUEUE", "AGE", "TITLE"],
        ["ID", "QUEUE", "TITLE"],
        ["ID", "TITLE"],
        ["ID", "TITLE"],
    ]


def test_title_is_cut_on_a_narrow_terminal_and_ids_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    heads = columns(">ID", "STATUS", "~TITLE")
    table = Table("", heads, (("12345", "idle blocked", "Write the parser and all that hangs on it"),))

    lines = shown(Terminal(), table, TERM="xterm", NO_COLOR="1").splitlines()

    assert len([line for line in lines if line.strip("─ ")]) == 2
    assert "12345" in lines[-1]
    assert "idle blocked" in lines[-1]
    assert lines[-1].rstrip().endswith("…")


TWO_TEXTS = Table(
    "",
    columns(">TASK", "WHY", "*FOUND", "*LEVER", "-~TITLE"),
    (("7", "blocked", "waits for task 10, which is idle", "tinyscheduler task done 10, or wait for it", "a"),
     ("8", "starts", "on dev-1", "", "b")),
)  # fmt: skip


def test_sentences_without_room_beside_each_other_stand_below_each_other() -> None:
    """At 80 columns each was a ladder of single words, with the command of a lever in pieces."""
    narrow = fitted(TWO_TEXTS, 80)

    assert [head.name for head in narrow.columns] == ["TASK", "WHY", "FOUND, LEVER", "TITLE"]
    assert [row[2] for row in narrow.rows] == [
        "waits for task 10, which is idle\nlever: tinyscheduler task done 10, or wait for it",
        "on dev-1",
    ]
    assert fitted(TWO_TEXTS, 120) == TWO_TEXTS


def test_sentences_that_fit_stay_beside_each_other_on_any_terminal() -> None:
    short = TWO_TEXTS._replace(rows=(("8", "starts", "on dev-1", "wait", "b"),))

    assert fitted(short, 60) == short


def test_eighty_columns_keep_a_command_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    lines = [line.strip() for line in shown(Terminal(), TWO_TEXTS, TERM="xterm", NO_COLOR="1").splitlines()]

    assert any("lever: tinyscheduler task done 10" in line for line in lines), lines
    assert max(map(len, lines)) <= 80


def test_where_a_sentence_would_be_a_ladder_of_syllables_there_is_a_list() -> None:
    """Of 40 columns the words before it take 25."""
    told = "its agent dev-1 could not be started 3 times"
    rows = (("1002", "agent_quarantined", told),)
    table = Table("held", columns(">TASK", "REASON", "*FOUND"), rows)

    narrow = fitted(table, 40)

    assert [head.name for head in narrow.columns] == ["TASK, REASON, FOUND"]
    assert narrow.rows == ((f"1002  agent_quarantined\n{told}",),)
    assert fitted(table, 60) == table


def test_start_of_a_plan_keeps_agent_and_title_on_a_narrow_terminal() -> None:
    """It kept "serves queue dev, slot 1 o…" alone."""
    start = Start(
        a_task("1002", title="Water the garden"), an_agent("dev-1"), "serves queue dev, slot 1 of 4"
    )

    _, started, *_ = plan_tables((), StartPlan((start,), ()), ())

    assert [head.name for head in fitted(started, 40).columns] == ["TASK", "AGENT", "TITLE"]
