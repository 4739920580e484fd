"""The same rows for a pipe and for a terminal; cells are data."""

from __future__ import annotations

import io
import sys

from tinyscheduler.views.table import Table, columns, plain_text, show

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
