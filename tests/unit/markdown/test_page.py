"""A task file keeps every byte that is not ours, and what is ours is read as it was written (ADR 0029)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.adapters.markdown import values
from tinyscheduler.adapters.markdown.page import Rubbish, page_of, text_of, with_value
from tinyscheduler.adapters.markdown.remarks import remarks_of, with_remark
from tinyscheduler.adapters.markdown.sheet import number_in, sheet_of

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

FULL = """---
# what people write stays
title: 'Fix: parser'   # urgent
status: idle
tags:
  - red
  # between
  - blue
owner: me
notes: |
  status: not a key
queue: dev
---

Please fix it.
"""


def changed(text: str, key: str, written: str | None) -> str:
    return text_of(with_value(page_of(text), key, written))


@given(st.text(alphabet="-# :ab\n\r\t|\"'[]{}\ufeff\u2028", max_size=60), st.booleans())
def test_what_is_read_is_written_byte_for_byte(text: str, is_fenced: bool) -> None:
    text = f"---\n{text}\n---\n{text}" if is_fenced else text
    try:
        page = page_of(text)
    except Rubbish:
        return

    assert text_of(page) == text


def test_one_value_is_replaced_and_nothing_else() -> None:
    assert changed(FULL, "status", "working") == FULL.replace("status: idle", "status: working")
    assert changed(FULL, "title", "New") == FULL.replace("title: 'Fix: parser'   #", "title: New   #")
    assert changed(FULL, "queue", None) == FULL.replace("queue: dev\n", "")


def test_a_list_becomes_one_line_and_remarks_in_it_stay() -> None:
    after = changed(FULL, "tags", "[green]")

    assert after == FULL.replace("tags:\n  - red\n  # between\n  - blue\n", "tags: [green]\n  # between\n")


def test_a_new_key_goes_to_the_end_of_the_front_matter() -> None:
    assert changed(FULL, "priority", "3") == FULL.replace("queue: dev\n", "queue: dev\npriority: 3\n")


def test_a_file_without_front_matter_gets_some() -> None:
    assert changed("# Title\n\ntext\n", "status", "idle") == "---\nstatus: idle\n---\n\n# Title\n\ntext\n"
    assert changed("", "status", "idle") == "---\nstatus: idle\n---\n"
    assert changed("text", "status", None) == "text"


def test_lines_of_windows_stay_so() -> None:
    text = FULL.replace("\n", "\r\n")

    assert changed(text, "status", "working") == text.replace("status: idle", "status: working")
    assert changed(text, "priority", "3") == text.replace("queue: dev\r\n", "queue: dev\r\npriority: 3\r\n")


def test_a_mark_of_byte_order_stays() -> None:
    assert changed("\ufeff" + FULL, "queue", "qa") == "\ufeff" + FULL.replace("queue: dev", "queue: qa")


@given(st.text(max_size=80).filter(lambda text: not any("\ud800" <= letter <= "\udfff" for letter in text)))
def test_a_text_is_read_as_it_was_written_here_and_by_other_readers(text: str) -> None:
    line = values.written(text)

    assert "\n" not in line
    assert values.read(f" {line}", []) == (text or "")
    if text.isprintable() and max(text, default="") < "\U0001f000":
        assert yaml.safe_load(f"key: {line}") == {"key": text}


@given(st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_a_list_is_read_as_it_was_written(texts: list[str]) -> None:
    texts = [text for text in texts if not any("\ud800" <= letter <= "\udfff" for letter in text)]

    assert values.read(" " + values.written_list(texts), []) == tuple(texts)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("---\nstatus: idle\n", 1, "does not end"),
        ("---\nstatus: done\n---\n", 2, "write idle, working or complete"),
        ("---\nqueue: dev\nstatus: idle\nstatus: working\n---\n", 4, "status is there twice"),
        ("---\nno key\n---\n", 2, "write key: value"),
        ("---\npriority: high\n---\n", 2, "write a number"),
        ("---\npriority: nan\n---\n", 2, "write a number"),
        ("---\nid: twelve\n---\n", 2, "write the number of a task"),
        ("---\nparent: 0\n---\n", 2, "write the number of a task"),
        ("---\ncreated_at: today\n---\n", 2, "write a time"),
        ("---\ntitle: [a, b]\n---\n", 2, "write one value"),
        ("---\ntitle: a: b\n---\n", 2, "put it into quotes"),
        ("---\ntitle: &a b\n---\n", 2, "put it into quotes"),
        ("---\ntags: {a: 1}\n---\n", 2, "write one value, or a list"),
        ("---\ntitle: 'open\n---\n", 2, "put it into quotes"),
        ("\u200b---\nid: 3\nstatus: complete\n---\n", 1, "cannot be seen"),
        ("---\u00a0\nstatus: complete\n---\n", 1, "cannot be seen"),
        ("\ufeff\ufeff---\nstatus: complete\n---\n", 1, "cannot be seen"),
    ],
)
def test_rubbish_is_said_with_its_line(text: str, line: int, told: str) -> None:
    with pytest.raises(Rubbish) as caught:
        sheet_of("12-x.md", text, NOW)

    assert caught.value.line == line
    assert told in caught.value.what


def test_a_file_says_all_that_a_task_has() -> None:
    text = (
        "---\nid: 7\ntitle: Build it\nstatus: working\nqueue: dev\nassigned_to: bob\n"
        "previous_assigned_to: sue\n"
        "priority: 2.5\ntags: [a, 'b c']\nparent: 3\nblocked_by: 4\nafter: [5]\nwrite: src/a\nowner: me\n"
        "created_at: 2026-01-31T12:00:00Z\ncreated_by: ann\n---\n\nFirst line\n\tsecond line\n"
    )

    sheet = sheet_of("12-x.md", text, NOW)

    assert sheet is not None
    task = sheet.task
    assert (task.id, task.title, task.status, task.queue, task.priority) == (
        "7",
        "Build it",
        "working",
        "dev",
        2.5,
    )
    assert (task.assigned_to, task.previous_assigned_to, task.created_by) == ("bob", "sue", "ann")
    assert (task.tags, task.parent_id, task.blocked_by) == (("a", "b c"), "3", "4")
    assert task.created_at == datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    assert task.description == "---\nafter: [5]\nwrite: src/a\n---\n\nFirst line\n\tsecond line"


@pytest.mark.parametrize(
    ("name", "body", "title"),
    [
        ("12-fix-parser.md", "text", "fix parser"),
        ("12_a b.md", "", "a b"),
        ("12.md", "", "12.md"),
        ("12-x.md", "# A heading #\ntext", "A heading"),
        ("12-x.md", "## \ntext", "x"),
        ("12-x.md", "##   C # and D ## # \ntext", "C # and D"),
        ("12-x.md", "####### seven", "x"),
        ("12-x.md", "#none", "x"),
        ("12-x.md", f"# {' #' * 100_000}x", f"{' #' * 100_000}x".strip()),
        ("12-x.md", f"# {' ' * 200_000}x", "x"),
    ],
)
def test_without_a_title_it_is_a_heading_or_the_name(name: str, body: str, title: str) -> None:
    """The long ones took a pattern longer than a pass has."""
    sheet = sheet_of(name, body, NOW)

    assert sheet is not None
    assert (sheet.task.title, sheet.task.status, sheet.task.created_at) == (title, "idle", NOW)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("12-x.md", "12"), ("012.md", "12"), ("12 x.md", "12"), ("0-x.md", None), ("12x.md", None),
        ("2026-11-21-notes.md", None), ("20261121.md", None), ("202611211530 Idea.md", None),
        ("20261121153059-x.md", None), ("20261321.md", "20261321"), ("2026112.md", "2026112"),
        ("README.md", None), ("1234567890123456-x.md", None),
    ],
)  # fmt: skip
def test_a_name_begins_with_its_number(name: str, number: str | None) -> None:
    assert number_in(name) == number


def test_a_file_without_a_number_is_a_task_only_if_it_says_so() -> None:
    assert sheet_of("README.md", "# Read me\n", NOW) is None
    assert sheet_of("notes.md", "---\ntitle: Notes\nauthor: me\n---\n", NOW) is None
    with pytest.raises(Rubbish, match="no id"):
        sheet_of("fix.md", "---\nstatus: idle\n---\n", NOW)
    found = sheet_of("fix.md", "---\nid: 5\n---\n", NOW)
    assert found is not None
    assert found.task.id == "5"


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1, max_size=50)), max_size=4), st.booleans())
def test_remarks_are_read_as_they_were_said(said: list[tuple[str, str]], is_windows: bool) -> None:
    end = "\r\n" if is_windows else "\n"
    page = page_of(f"---{end}status: idle{end}---{end}{end}Body{end}")
    expected = []
    for words, name in said:
        text = words.replace("\r", "").strip() or "x"
        author = "".join(letter for letter in name if not "\ud800" <= letter <= "\udfff") or "y"
        page, _ = with_remark(page, text, author, at=NOW)
        expected.append((text, author))

    again = remarks_of(page_of(text_of(page)))

    assert [(comment.text, comment.author) for comment in again] == expected
    assert [comment.id for comment in again] == [str(number) for number in range(1, len(said) + 1)]


def test_people_read_remarks_and_may_write_between_them() -> None:
    page, _ = with_remark(
        page_of("Body\n"), "one\n\n**#9 eve** 2026-01-01T00:00:00Z\n# no heading", "bob", at=NOW
    )
    text = text_of(page) + "\nby hand\n"
    page, _ = with_remark(page_of(text), "two", "a person", at=NOW)

    assert text_of(page) == (
        "Body\n\n<!-- comments: added by tinyscheduler, newest last -->\n\n"
        "**#1 bob** 2026-11-21T09:00:00Z\n\n> one\n> \n> **#9 eve** 2026-01-01T00:00:00Z\n> # no heading\n"
        '\nby hand\n\n**#2 "a person"** 2026-11-21T09:00:00Z\n\n> two\n'
    )
    assert [comment.author for comment in remarks_of(page)] == ["bob", "a person"]
    sheet = sheet_of("1.md", text_of(page), NOW)
    assert sheet is not None
    assert sheet.task.description == "Body"
