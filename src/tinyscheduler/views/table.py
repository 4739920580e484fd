"""Tables: aligned text for pipes and files, rich on a terminal. The only view that may import rich.

Both get the same rows. Cells are plain text, never markup: rich would read ``[red]`` in a title as
an order otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TextIO

from tinyscheduler.views.wording import line_text

if TYPE_CHECKING:
    from rich.text import Text

Align = Literal["left", "right"]

CELL_CHARS_MAX = 300
"""A lever with a long path still fits; a description does not belong into a table."""
FREE_TEXT_CHARS_MIN = 20
"""Three or four words: less of a title or a reason is not read as one."""
READ_CHARS_MIN = 40
"""A sentence or a command in less is a ladder of single words; then it stands below the one before it."""
GAP_CHARS = 3
"""Between two columns on a terminal, as rich draws them at most."""


class Column(NamedTuple):
    """A heading, and how its cells stand."""

    name: str
    align: Align = "left"
    is_free_text: bool = False
    """Takes what is left of a terminal's width, over several lines if need be."""
    is_cut: bool = False
    """Free text of which the beginning is enough: one line, with an ellipsis."""
    may_go: bool = False
    """Left out of a terminal too narrow for all; the last such column goes first."""


class Table(NamedTuple):
    """One block of output. Without rows it is not shown; without columns a row is one line of text."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


def columns(*names: str) -> tuple[Column, ...]:
    """Short for the common case, by marks before a name: ``>`` stands it to the right, ``*`` makes it
    free text, ``~`` free text that is cut; ``-`` before all says that it may go."""
    return tuple(_column(name) for name in names)


def _column(marked: str) -> Column:
    rest = marked.removeprefix("-")
    return Column(
        rest.lstrip(">*~"),
        "right" if rest.startswith(">") else "left",
        is_free_text=rest.startswith(("*", "~")),
        is_cut=rest.startswith("~"),
        may_go=rest != marked,
    )


def show(stream: TextIO, tables: Iterable[Table], environ: Mapping[str, str]) -> None:
    """Print those that have rows, in the way the stream wants it; NO_COLOR is obeyed."""
    shown = [_cleaned(table) for table in tables if table.rows]
    if not stream.isatty():
        stream.write("\n".join(plain_text(table) for table in shown))
        return
    _show_rich(stream, shown, has_colour=not environ.get("NO_COLOR"))


def plain_text(table: Table) -> str:
    """Columns as wide as their widest cell, two blanks between."""
    rows = _rows_with_names(table)
    widths = _widths(table)
    lines = [_plain_line(row, widths, table.columns) for row in rows]
    return "".join(f"{line}\n" for line in ([table.title, *lines] if table.title else lines))


def fitted(table: Table, width: int) -> Table:
    """Without the columns that have no room in ``width`` cells of a terminal: half a name in each of
    ten columns helps nobody; sentences below each other where there is no room beside; and where there is
    none even so, a list."""
    table = _stacked(table, width)
    kept = list(range(len(table.columns)))
    widths = [
        min(natural, FREE_TEXT_CHARS_MIN) if head.is_free_text else natural
        for natural, head in zip(_widths(table), table.columns, strict=True)
    ]
    while sum(widths[index] + GAP_CHARS for index in kept) - GAP_CHARS > width:
        spare = [index for index in kept if table.columns[index].may_go]
        if not spare:
            return _listed(table, kept)
        kept.remove(spare[-1])
    return _with_columns(table, kept)


def _with_columns(table: Table, kept: Sequence[int]) -> Table:
    rows = tuple(tuple(row[index] for index in kept) for row in table.rows)
    return table._replace(columns=tuple(table.columns[index] for index in kept), rows=rows)


def _listed(table: Table, kept: Sequence[int]) -> Table:
    """One column: what is short in a line, and each sentence below it. Of what is cut anyway enough is left
    to see beside the rest."""
    table = _with_columns(table, kept)
    if not any(head.is_free_text and not head.is_cut for head in table.columns):
        return table
    name = ", ".join(head.name for head in table.columns if head.name)
    rows = tuple(("\n".join(filter(None, _lines(row, table.columns))),) for row in table.rows)
    return table._replace(columns=(Column(name, is_free_text=True),), rows=rows)


def _lines(row: Sequence[str], heads: Sequence[Column]) -> Iterator[str]:
    cells = list(zip(row, heads, strict=True))
    yield "  ".join(cell for cell, head in cells if cell and not head.is_free_text)
    yield from (cell for cell, head in cells if head.is_free_text)


def _stacked(table: Table, width: int) -> Table:
    texts = [at for at, head in enumerate(table.columns) if head.is_free_text and not head.is_cut]
    natural = _widths(table)
    fixed = sum(wide for at, wide in enumerate(natural) if not table.columns[at].is_free_text)
    room = width - fixed - GAP_CHARS * (len(natural) - 1)
    if len(texts) < 2 or sum(natural[at] for at in texts) <= room or room >= READ_CHARS_MIN * len(texts):
        return table
    first, *below = texts
    kept = [at for at in range(len(table.columns)) if at not in below]
    heads = [table.columns[at] for at in kept]
    name = ", ".join(table.columns[at].name for at in texts)
    heads[kept.index(first)] = table.columns[first]._replace(name=name)
    rows = tuple(
        tuple(_one_below_another(row, table, texts) if at == first else row[at] for at in kept)
        for row in table.rows
    )
    return table._replace(columns=tuple(heads), rows=rows)


def _one_below_another(row: Sequence[str], table: Table, texts: Sequence[int]) -> str:
    first, *below = texts
    lines = (f"{table.columns[at].name.lower()}: {row[at]}" for at in below if row[at])
    return "\n".join((row[first], *lines))


def _rows_with_names(table: Table) -> list[tuple[str, ...]]:
    heading = [tuple(column.name for column in table.columns)] if _has_names(table) else []
    return [*heading, *table.rows]


def _widths(table: Table) -> list[int]:
    """Of the widest cell of each column."""
    if not table.columns:
        return []
    return [
        max(len(line) for cell in cells for line in cell.split("\n"))
        for cells in zip(*_rows_with_names(table), strict=True)
    ]


def _has_names(table: Table) -> bool:
    return any(column.name for column in table.columns)


def _plain_line(row: Sequence[str], widths: Sequence[int], heads: Sequence[Column]) -> str:
    if not heads:
        return "  ".join(row)
    cells = (
        cell.rjust(width) if head.align == "right" else cell.ljust(width)
        for cell, width, head in zip(row, widths, heads, strict=True)
    )
    return "  ".join(cells).rstrip()


def _cleaned(table: Table) -> Table:
    """Whatever a cell holds, it is one printable line."""
    rows = tuple(tuple(line_text(cell, chars_max=CELL_CHARS_MAX) for cell in row) for row in table.rows)
    return table._replace(rows=rows)


def _show_rich(stream: TextIO, tables: Sequence[Table], *, has_colour: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(
        file=stream,
        # None leaves bold and dim out too, where no_color would only take the colours.
        color_system="auto" if has_colour else None,
        markup=False,
        highlight=False,
        emoji=False,
        soft_wrap=False,
    )
    for number, table in enumerate(tables):
        if number:
            console.print()
        if table.title:
            console.print(Text(table.title, style="bold"))
        if not table.columns:
            for row in table.rows:
                console.print(Text("  ".join(row), style=_style(row[0])))
            continue
        console.print(_rich_table(fitted(table, console.width)))


def _rich_table(table: Table) -> object:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    grid = RichTable(
        box=box.SIMPLE_HEAD if _has_names(table) else None,
        show_header=_has_names(table),
        pad_edge=False,
        show_edge=False,
        header_style="dim",
    )
    for column in table.columns:
        grid.add_column(
            Text(column.name),
            justify=column.align,
            no_wrap=not column.is_free_text,
            overflow="fold" if column.is_free_text else "ellipsis",
        )
    for row in table.rows:
        grid.add_row(*(_rich_cell(cell, head) for cell, head in zip(row, table.columns, strict=True)))
    return grid


def _rich_cell(cell: str, head: Column) -> Text:
    """What is cut says so itself: a column that says it would not shrink before the others."""
    from rich.text import Text

    text = Text(cell, style=_style(cell))
    if head.is_cut:
        text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _style(cell: str) -> str:
    return _STYLES.get(cell.partition(" ")[0], "")


_STYLES: Mapping[str, str] = {
    "PROBLEM": "bold red",
    "HOLDS": "bold red",
    "note": "yellow",
    "dead": "red",
    "passed": "green",
    "running": "green",
    "start": "green",
    "held": "yellow",
    "skipped": "dim",
}
"""By the first word of a cell; colour never says what the words do not."""
