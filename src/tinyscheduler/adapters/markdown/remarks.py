"""The conversation at the end of a task file, for people to read; pure.

Each remark is a line in bold with its number, author and time, and its text as a quotation below: no text can
look like the head of another one, and every viewer of Markdown shows it as what it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from tinyscheduler.adapters.markdown.page import REMARKS, Page, body_of
from tinyscheduler.adapters.markdown.values import in_quotes
from tinyscheduler.model.task import Comment

_HEAD: Final = re.compile(r"\*\*#([0-9]{1,9}) (.{1,700})\*\* ([0-9TZ:-]{20})")
_PLAIN_AUTHOR: Final = re.compile(r"[A-Za-z0-9_.@-]{1,100}")


def remarks_of(page: Page) -> tuple[Comment, ...]:
    """In the order of the file; what people write between them is passed over."""
    lines = body_of(page)[1].split("\n")
    return tuple(_remarks([line.removesuffix("\r") for line in lines] if page.end else lines))


def with_remark(page: Page, text: str, author: str, *, at: datetime) -> tuple[Page, Comment]:
    """One more, at the end. ``at`` in whole seconds."""
    has_section = bool(body_of(page)[1])
    numbers = [int(said.id) for said in remarks_of(page)]
    said = Comment(str(max(numbers, default=0) + 1), text, author, at)
    stamp = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    lines = [
        f"**#{said.id} {_author_text(author)}** {stamp}",
        "",
        *(f"> {line}" for line in text.split("\n")),
    ]
    eol = page.end + "\n"
    rest = page.rest.rstrip("\r\n")
    if not has_section:
        rest = f"{rest}{eol * 2 if rest else eol}{REMARKS}"
    return page._replace(rest=rest + eol * 2 + eol.join(lines) + eol), said


def _remarks(lines: list[str]) -> Iterator[Comment]:
    at = 0
    while at < len(lines):
        head = _HEAD.fullmatch(lines[at].rstrip(" "))
        at += 1
        if head is None:
            continue
        while at < len(lines) and not lines[at].strip(" "):
            at += 1
        quoted = []
        while at < len(lines) and lines[at].startswith(">"):
            quoted.append(lines[at].removeprefix(">").removeprefix(" "))
            at += 1
        moment = _moment(head[3])
        if moment is not None:
            yield Comment(head[1], "\n".join(quoted), _author(head[2]), moment)


def _moment(text: str) -> datetime | None:
    """None: somebody has written something else there."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _author_text(author: str) -> str:
    return author if _PLAIN_AUTHOR.fullmatch(author) else in_quotes(author[:100])


def _author(text: str) -> str:
    try:
        found = json.loads(text) if text.startswith('"') else text
    except ValueError:
        return text
    return found if isinstance(found, str) else text
