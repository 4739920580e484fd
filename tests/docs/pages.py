"""Markdown as far as the tests need it: headings, blocks with the remark before them, tables, links."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(
    r"(?:^<!-- (?P<remark>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL
)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_TICKED = re.compile(r"`([^`]+)`")


class Block(NamedTuple):
    """A fenced block."""

    language: str
    remark: str
    """The HTML comment on the line before it; empty: none."""
    body: str


class Section(NamedTuple):
    """Everything below one heading of level 2, up to the next."""

    title: str
    text: str


def read(path: Path) -> str:
    """The page."""
    return path.read_text(encoding="utf-8")


def pages_of(repository: Path) -> list[Path]:
    """Every page that is written for readers."""
    return sorted(p for where in ("*.md", "docs/**/*.md", "examples/**/*.md") for p in repository.glob(where))


def blocks_of(text: str) -> list[Block]:
    """In order."""
    return [Block(found["language"], found["remark"] or "", found["body"]) for found in _BLOCK.finditer(text)]


def sections_of(text: str) -> Iterator[Section]:
    """In order; what stands before the first heading has no title."""
    title = ""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("## "):
            yield Section(title, "\n".join(lines))
            title, lines = line.removeprefix("## "), []
        lines.append(line)
    yield Section(title, "\n".join(lines))


def section(text: str, title: str) -> str:
    """The text of one section."""
    return next(found.text for found in sections_of(text) if found.title == title)


def rows_of(text: str) -> list[list[str]]:
    """The cells of every row of the first table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    first = next(i for i, line in enumerate(lines) if set(line) <= set("|- "))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[first + 1 :]]


def ticked(text: str) -> list[str]:
    """What stands in back ticks."""
    return _TICKED.findall(text)


def links_of(text: str) -> list[str]:
    """Targets of links, outside blocks."""
    return _LINK.findall(_BLOCK.sub("", text))


def anchors_of(text: str) -> set[str]:
    """What ``#...`` may name, as code hosts make it from headings."""
    headings = re.findall(r"^#+ (.+)$", _BLOCK.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
