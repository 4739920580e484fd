"""Typed fields out of parsed JSON: the value, or one sentence about what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import instants
from tinyscheduler.kit.fields import (
    Fields,
    identifier_value,
    instant_text,
    instant_text_or_none,
    number_text,
)

WRONG: list[tuple[str, Callable[[Fields], object], object]] = [
    ("text", lambda f: f.text("x"), 1),
    ("text", lambda f: f.text("x"), None),
    ("text or none", lambda f: f.text_or_none("x"), 1),
    ("identifier", lambda f: f.identifier("x"), True),
    ("identifier", lambda f: f.identifier("x"), 1.0),
    ("whole", lambda f: f.whole("x"), True),
    ("whole", lambda f: f.whole("x"), 1.0),
    ("whole", lambda f: f.whole("x"), "1"),
    ("whole or none", lambda f: f.whole_or_none("x"), "1"),
    ("number", lambda f: f.number("x"), True),
    ("number", lambda f: f.number("x"), "1"),
    ("number", lambda f: f.number("x"), float("inf")),
    ("number", lambda f: f.number("x"), 10**400),
    ("truth", lambda f: f.truth("x"), 1),
    ("instant", lambda f: f.instant("x"), 1),
    ("instant", lambda f: f.instant("x"), "tomorrow"),
    ("instant", lambda f: f.instant("x"), "2026-01-31T12:00:00"),
    ("instant", lambda f: f.instant("x"), "9999-12-31T23:59:59-01:00"),
    ("instant", lambda f: f.instant("x"), "9000-01-01T00:00:00Z"),
    ("instant", lambda f: f.instant("x"), "1899-12-31T23:59:59Z"),
    ("path", lambda f: f.path("x"), "a\ud800"),
    ("path", lambda f: f.path("x"), "a\0b"),
    ("seconds", lambda f: f.seconds("x"), -1),
    ("seconds", lambda f: f.seconds("x"), 10**10),
    ("seconds or none", lambda f: f.seconds_or_none("x"), -1),
    ("pid", lambda f: f.pid("x"), 0),
    ("pid", lambda f: f.pid("x"), 2**22 + 1),
    ("choice", lambda f: f.choice("x", ("a", "b")), "c"),
    ("choice", lambda f: f.choice("x", ("a", "b")), ["a"]),
    ("texts", lambda f: f.texts("x"), "a"),
    ("texts", lambda f: f.texts("x"), ["a", 1]),
    ("inner", lambda f: f.inner("x"), []),
    ("inner or none", lambda f: f.inner_or_none("x"), "a"),
    ("each", lambda f: f.each("x", lambda inner: inner.text("y")), {}),
    ("each", lambda f: f.each("x", lambda inner: inner.text("y")), [1]),
]


@pytest.mark.parametrize(("what", "take", "value"), WRONG)
def test_a_wrong_value_is_named_with_its_field(
    what: str, take: Callable[[Fields], object], value: object
) -> None:
    with pytest.raises(ValueError, match="x"):
        take(Fields({"x": value}))


@pytest.mark.parametrize(
    "take",
    [
        lambda f: f.text("x"),
        lambda f: f.identifier("x"),
        lambda f: f.whole("x"),
        lambda f: f.number("x"),
        lambda f: f.truth("x"),
        lambda f: f.instant("x"),
        lambda f: f.choice("x", ("a",)),
        lambda f: f.inner("x"),
    ],
)
def test_what_must_be_there_is_missed_by_name(take: Callable[[Fields], object]) -> None:
    with pytest.raises(ValueError, match=r"x should be .*missing"):
        take(Fields({}))


def test_what_may_be_missing_is_none_or_empty() -> None:
    for fields in (Fields({}), Fields({"x": None})):
        assert fields.text_or_none("x") is None
        assert fields.whole_or_none("x") is None
        assert fields.instant_or_none("x") is None
        assert fields.inner_or_none("x") is None
        assert fields.texts("x") == ()
        assert fields.each("x", lambda inner: inner.text("y")) == ()


@pytest.mark.parametrize("found", [None, [], "text", 1, True])
def test_what_is_no_object_is_refused_at_once(found: object) -> None:
    with pytest.raises(ValueError, match="not a JSON object"):
        Fields(found)


def test_a_fault_deep_inside_is_named_with_its_whole_path() -> None:
    fields = Fields({"outcomes": [{"at": "2026-01-31T12:00:00Z"}, {"at": 7}]})

    with pytest.raises(ValueError, match=r"outcomes\[1\]\.at"):
        fields.each("outcomes", lambda inner: inner.instant("at"))


def test_a_long_value_is_shortened_in_the_sentence() -> None:
    with pytest.raises(ValueError, match="x") as wrong:
        Fields({"x": "a" * 10_000}).whole("x")

    assert len(str(wrong.value)) < 200


@given(instants)
def test_an_instant_is_read_as_it_was_written_to_the_millisecond(moment: datetime) -> None:
    assert Fields({"x": instant_text(moment)}).instant("x") == moment


@given(instants, instants)
def test_instants_sort_as_text_as_they_do_as_time(one: datetime, two: datetime) -> None:
    assert (instant_text(one) < instant_text(two)) == (one < two)


def test_an_instant_is_written_in_utc() -> None:
    eastern = datetime.fromisoformat("2026-01-31T12:00:00.5+02:00")

    assert instant_text(eastern) == "2026-01-31T10:00:00.500Z"
    assert instant_text_or_none(None) is None
    assert Fields({"x": "2026-01-31T10:00:00Z"}).instant("x").tzinfo is UTC


@given(st.text(max_size=30))
def test_an_identifier_is_read_as_it_was_written(text: str) -> None:
    assert Fields({"x": identifier_value(text)}).identifier("x") == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("7", 7), ("0", 0), ("07", "07"), ("-7", "-7"), ("", ""), ("\u0667", "\u0667"), ("7 ", "7 ")],
)
def test_an_identifier_is_a_number_only_where_it_is_written_like_one(text: str, value: object) -> None:
    assert identifier_value(text) == value


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (5.0, "5"), (-3, "-3"), (2.5, "2.5"), (1_234_567, "1234567"), (2.0**53, "9007199254740992"),
     (1e300, "1e+300"), (1_234_567.25, "1234567.25")],
)  # fmt: skip
def test_number_is_told_to_its_last_digit(number: float, text: str) -> None:
    assert number_text(number) == text
