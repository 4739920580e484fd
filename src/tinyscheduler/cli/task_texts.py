"""What a person writes about a task, checked before anything is sent. All raise UsageError."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from math import isfinite

from tinyscheduler.cli.context import Context
from tinyscheduler.errors import UsageError

TITLE_CHARS_MAX = 500
"""One line in a table; the rest belongs into the description."""
TEXT_CHARS_MAX = 90_000
"""The public server reads requests of 102,400 bytes (tinytask 5); what is longer belongs into a file."""
TAG_CHARS_MAX = 255
URL_CHARS_MAX = 2_000
"""What browsers take; a path is shorter."""
PRIORITY_MAX = 2.0**53
"""Beyond it neighbouring numbers are the same number."""


def title_of(text: str) -> str:
    """One line that is not blank."""
    cleaned = " ".join(text_of(text, what="the title").split())
    if not cleaned:
        raise UsageError("the title is empty", hint="say in one line what is to be done")
    if len(cleaned) > TITLE_CHARS_MAX:
        hint = "put the rest into --description or --stdin"
        raise UsageError(f"the title has {len(cleaned)} characters, {TITLE_CHARS_MAX} at most", hint=hint)
    return cleaned


def description_of(options: argparse.Namespace, context: Context) -> str | None:
    """From ``--description`` or ``--stdin``; None: neither was given."""
    if options.stdin:
        return text_of(read_stdin(context, what="the description"), what="the description")
    return None if options.description is None else text_of(options.description, what="the description")


def remark_of(text: str | None, options: argparse.Namespace, context: Context) -> str:
    """A comment, from its argument or from ``--stdin``."""
    if (text is None) != bool(options.stdin):
        raise UsageError("a comment is one TEXT, or --stdin", hint="quote a text that has blanks")
    return comment_of(read_stdin(context, what="the comment") if text is None else text)


def said_with(options: argparse.Namespace, context: Context) -> str | None:
    """The comment of a deed, from ``--comment`` or ``--stdin``; None: nothing is said."""
    if options.stdin:
        return comment_of(read_stdin(context, what="the comment"))
    return None if options.comment is None else comment_of(options.comment)


def comment_of(text: str) -> str:
    """Something that is said."""
    if not text.strip():
        raise UsageError("the comment is empty", hint="leave it out, or say something")
    return text_of(text, what="the comment")


def url_of(text: str) -> str:
    """A link, a path, a task: any one word of text."""
    cleaned = text_of(text, what="the link").strip()
    if not cleaned or len(cleaned) > URL_CHARS_MAX or not cleaned.isprintable():
        hint = f"a URL or a path, {URL_CHARS_MAX} characters at most"
        raise UsageError(f"{cleaned[:40]!r} is not a link", hint=hint)
    return cleaned


def read_stdin(context: Context, *, what: str, chars_max: int = TEXT_CHARS_MAX) -> str:
    """At most one character more than that, so that whoever checks the length sees that it is too long."""
    try:
        return context.stdin.read(chars_max + 1)
    except UnicodeDecodeError as error:
        raise _no_text(what) from error


def text_of(text: str, *, what: str) -> str:
    """Bounded, and something that can be sent."""
    if len(text) > TEXT_CHARS_MAX:
        hint = "put long text into a file and name its path in the task"
        raise UsageError(f"{what} is longer than {TEXT_CHARS_MAX} characters", hint=hint)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        # Bytes that are no UTF-8 come as halves of surrogate pairs (PEP 383).
        raise _no_text(what) from error
    return text


def priority_of(text: str | None) -> float | None:
    """Any number; None: none was given."""
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if isfinite(number) and abs(number) > PRIORITY_MAX:
        hint = f"-{PRIORITY_MAX:.0f} to {PRIORITY_MAX:.0f}"
        raise UsageError(f"the priority {text[:40]!r} is too large a number", hint=hint)
    if not isfinite(number):
        raise UsageError(
            f"the priority {text[:40]!r} is not a number", hint="0 is usual; bigger is more urgent"
        )
    return int(number) if number == int(number) else number


def tags_of(given: Sequence[str] | None) -> tuple[str, ...] | None:
    """One empty tag stands for none at all; None: none was given."""
    if given is None:
        return None
    if list(given) == [""]:
        return ()
    for tag in given:
        if not tag.strip() or len(tag) > TAG_CHARS_MAX or not tag.isprintable():
            raise UsageError(f"the tag {tag[:40]!r} is not a word", hint=f"1 to {TAG_CHARS_MAX} characters")
    return tuple(given)


def _no_text(what: str) -> UsageError:
    return UsageError(f"{what} is not UTF-8 text", hint="convert it, with iconv for example")
