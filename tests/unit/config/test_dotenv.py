from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.config.dotenv import parse


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("A=", ""),
        ("A = b ", "b"),
        ("export A=b", "b"),
        ("A=b c # d", "b c"),
        ("A=b#c", "b#c"),
        ("A=# nothing", ""),
        ("A='b # c'", "b # c"),
        ("A='$HOME \\n'", "$HOME \\n"),
        ('A="b\\nc\\t\\"d\\"\\\\ \\$e"', 'b\nc\t"d"\\ $e'),
        ('A="b" # c', "b"),
        ('A="two\nlines"', "two\nlines"),
        ('A={"x": 1}', '{"x": 1}'),
        ("A=$HOME", "$HOME"),
        ("\ufeffA=b", "b"),
        ("A=b\r", "b"),
    ],
)
def test_value_is_read_as_a_shell_would_write_it(line, value):
    assert parse(line + "\n").values == {"A": value}


def test_last_of_two_values_counts():
    assert parse("A=1\nA=2\n").values == {"A": "2"}


@pytest.mark.parametrize("line", ["hello", "1A=b", "A B=c", "A='b", 'A="b\\"', "A='b' c", "=b"])
def test_trouble_has_its_line_and_never_the_text(line):
    found = parse(f"# first\nOK=1\n{line}\nALSO=2\n")

    assert [number for number, _ in found.troubles] == [3]
    assert {"OK": "1", "ALSO": "2"}.items() <= found.values.items()


def test_secret_in_a_broken_line_is_not_repeated():
    found = parse("TOKEN 'hunter2\nA='hunter2\nB='x' hunter2\n")

    assert "hunter2" not in "".join(what for _, what in found.troubles)
    assert len(found.troubles) == 3


@given(st.text())
def test_any_text_ends_in_values_or_troubles(text):
    parse(text)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z_][A-Z0-9_]{0,9}", fullmatch=True),
        st.text(st.characters(exclude_characters="'\r", codec="utf-8")),
    )
)
def test_single_quotes_keep_every_value(values):
    assert parse("\n".join(f"{name}='{value}'" for name, value in values.items())).values == values
