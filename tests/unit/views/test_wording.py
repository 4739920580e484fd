"""Foreign text cannot move a cursor, and spans are as exact as a person wants."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, ago
from tinyscheduler.views.wording import ago_text, block_text, counts_text, line_text, span_text


@given(st.text())
def test_no_control_character_of_foreign_text_reaches_a_terminal(text: str) -> None:
    kept = {char for char in block_text(text) if unicodedata.category(char) == "Cc"}

    assert kept <= {"\n", "\t"}
    assert line_text(text, chars_max=10_000).isprintable()


@given(st.text(alphabet="\x1b\x9b[]0;31mPX^_ab\x07\\\u202e\r\n"))
def test_escape_sequences_are_never_left_whole(text: str) -> None:
    shown = block_text(text)

    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("tab\tand\nline\r\n", "tab\tand\nline\n"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("bell\x07", "bell^G"),
        ("50%\r100%", "50%^M100%"),
        ("\x9b2J", "<9B>2J"),
        ("\x1b[31", "^[[31"),
        ("\x7f\x00", "^?^@"),
        ("a\u202eb\u2066c", "a<202E>b<2066>c"),
        ("ümläut 漢字 🎉", "ümläut 漢字 🎉"),
    ],
)
def test_block_of_text(text: str, expected: str) -> None:
    assert expected == block_text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two\nlines  and   blanks", "two lines and blanks"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("x" * 100, "x" * 71 + "…"),
    ],
)
def test_line_of_text(text: str, expected: str) -> None:
    assert expected == line_text(text)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-5, "0s"), (0, "0s"), (119.9, "119s"), (120, "2m"), (7199, "119m"), (7500, "2h05m"), (200_000, "2d")],
)
def test_span(seconds: float, expected: str) -> None:
    assert expected == span_text(seconds)


def test_instant_names_the_day_only_when_it_is_another_one() -> None:
    assert ago_text(ago(40), NOW) == "11:59:20Z, 40s ago"
    assert ago_text(NOW + timedelta(seconds=20), NOW) == "12:00:20Z, in 20s"
    assert ago_text(ago(86_400), NOW) == "2026-01-30 12:00:00Z, 24h00m ago"


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({}, "nothing to do"),
        ({"fetched": 0, "faults": 0}, "nothing to do"),
        ({"fetched": 1, "started": 1, "faults": 1}, "1 fetched, 1 started, 1 fault"),
        ({"held": 2, "faults": 2}, "2 held, 2 faults"),
    ],
)
def test_one_fault_is_one_fault(counts: dict[str, int], told: str) -> None:
    assert counts_text(counts.items()) == told
