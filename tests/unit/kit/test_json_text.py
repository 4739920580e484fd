"""JSON as this program writes and reads it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import texts
from tinyscheduler.kit import json_text

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@given(_values)
def test_what_is_written_is_read_again(value: object) -> None:
    assert json_text.load(json_text.dump(value)) == value
    assert json_text.load(json_text.dump_line(value)) == value


@given(_values)
def test_a_line_is_one_line_for_every_reader(value: object) -> None:
    """Some readers also split at U+2028, U+2029 and U+0085."""
    line = json_text.dump_line(value)

    assert line.endswith(b"\n")
    assert len(line.decode().splitlines()) == 1


def test_a_file_is_for_people_to_read() -> None:
    assert (
        json_text.dump({"name": "日本", "list": [1]}).decode()
        == '{\n "name": "日本",\n "list": [\n  1\n ]\n}\n'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_json_is_not_written(value: float) -> None:
    for dump in (json_text.dump, json_text.dump_line):
        with pytest.raises(ValueError, match="JSON"):
            dump({"x": value})


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff", b"{}{}", b'{"a": 1, "a": 2}', b'{"a": {"b": 1, "b": 1}}', b"[NaN]", b"[Infinity]",
     b"[-Infinity]", b"[" * 100_000, b"1" * 5_000, b"'a'", b"\xef\xbb\xbf{}"],
)  # fmt: skip
def test_what_is_no_json_is_a_value_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the texts are the interpreter's
        json_text.load(data)


@given(st.binary(max_size=100))
def test_no_bytes_raise_anything_but_a_value_error(data: bytes) -> None:
    try:
        found = json_text.load(data)
    except ValueError:
        return
    assert json.loads(json.dumps(found)) == found
