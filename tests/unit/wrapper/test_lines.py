"""Bytes as they come from a pipe become lines with their times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.wrapper.lines import LINE_CHARS_MAX, LineStamper
from tinyscheduler.wrapper.redact import MASK, Redactor

SECRET = "s3cr3t-value"


def stamper() -> LineStamper:
    return LineStamper(Redactor([SECRET]))


def test_each_line_gets_the_time_of_its_arrival() -> None:
    lines = stamper()

    assert lines.feed(b"one\ntwo\nthr", stamp="T1") == "T1 one\nT1 two\n"
    assert lines.feed(b"ee\n", stamp="T2") == "T2 three\n"


def test_an_unfinished_line_is_shown_and_goes_on_where_it_was() -> None:
    lines = stamper()
    lines.feed(b"name? ", stamp="T1")

    assert lines.flush(stamp="T2") == "T2 name? "
    assert lines.feed(b"anna\nnext\n", stamp="T3") == "anna\nT3 next\n"


def test_nothing_new_is_nothing() -> None:
    lines = stamper()

    assert lines.flush(stamp="T1") == ""
    assert lines.close(stamp="T1") == ""


def test_the_last_line_gets_the_newline_it_lacks() -> None:
    lines = stamper()
    lines.feed(b"a\nb", stamp="T1")

    assert lines.close(stamp="T2") == "T2 b\n"


def test_a_shown_line_is_ended_too() -> None:
    lines = stamper()
    lines.feed(b"b", stamp="T1")
    lines.flush(stamp="T1")

    assert lines.close(stamp="T2") == "\n"


def test_half_a_character_waits_for_its_other_half() -> None:
    lines = stamper()

    assert lines.feed(b"\xc3", stamp="T1") + lines.feed(b"\xa9\n", stamp="T2") == "T2 é\n"


def test_bytes_that_are_no_text_are_marked_and_break_nothing() -> None:
    assert stamper().feed(b"a\xff\x00b\n", stamp="T1") == "T1 a\ufffd\x00b\n"


@pytest.mark.parametrize("cut", range(1, len(SECRET)))
def test_a_secret_split_over_two_reads_is_found(cut: int) -> None:
    """Also when the first part was about to be shown after a quiet moment."""
    lines = stamper()
    data = f"key {SECRET}!\n".encode()

    shown = lines.feed(data[: 4 + cut], stamp="T1") + lines.flush(stamp="T1")
    shown += lines.feed(data[4 + cut :], stamp="T2")

    assert shown == f"T1 key {MASK}!\n"


def test_an_endless_line_is_cut_in_pieces() -> None:
    lines = stamper()

    out = "".join(lines.feed(b"x" * 16_384, stamp="T1") for _ in range(9))
    pieces = (out + lines.close(stamp="T2")).splitlines()

    assert len(pieces) == 3
    assert sum(len(piece) - 3 for piece in pieces) == 9 * 16_384
    assert max(map(len, pieces)) <= LINE_CHARS_MAX + 16_384


def test_a_long_line_that_comes_with_its_end_is_cut_too() -> None:
    out = stamper().feed(b"x" * (LINE_CHARS_MAX + 10) + b"\nend\n", stamp="T1")

    assert [len(line) - 3 for line in out.splitlines()] == [LINE_CHARS_MAX, 10, 3]


def test_a_secret_is_not_cut_by_the_end_of_a_piece() -> None:
    lines = stamper()
    before = b"x" * (LINE_CHARS_MAX - 3)

    out = lines.feed(before + SECRET.encode()[:8], stamp="T1")
    out += lines.feed(SECRET.encode()[8:] + b"\n", stamp="T2")

    assert out == f"T1 {before.decode()}\nT2 {MASK}\n"


@pytest.mark.parametrize("words", ["bearer\n33333333", "api_key:\n 33333333", "basic\n" + "3" * 20])
def test_what_stands_in_two_lines_is_no_credential_however_they_arrive(words: str) -> None:
    at_once, apart = stamper(), stamper()
    first, rest = words.split("\n")

    one = at_once.feed(words.encode() + b"\n", stamp="T")
    two = apart.feed(first.encode() + b"\n", stamp="T") + apart.feed(rest.encode() + b"\n", stamp="T")

    assert one == two


@given(st.lists(st.text(alphabet="ab\né" + SECRET, max_size=30), max_size=6), st.data())
def test_how_the_bytes_are_cut_makes_no_difference(parts: list[str], data: st.DataObject) -> None:
    """The pipe decides how much a read brings; a log must not depend on it."""
    whole = "\n".join(parts).encode()
    expected = stamper()
    one = expected.feed(whole, stamp="T") + expected.close(stamp="T")

    lines = stamper()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    out = ""
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        out += lines.feed(whole[start:end], stamp="T") + lines.flush(stamp="T")

    assert out + lines.close(stamp="T") == one
