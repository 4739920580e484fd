"""What people write as a checklist, and what becomes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.cli.importing.checklist import read_checklist
from tinyscheduler.cli.importing.outline import Item
from tinyscheduler.errors import UsageError


def items(text: str) -> tuple[Item, ...]:
    return read_checklist(text).items


def shape(text: str) -> list[tuple[str, int | None]]:
    return [(item.title, item.parent) for item in items(text)]


def test_items_become_tasks_and_those_below_them_subtasks() -> None:
    found = items(
        "# Plan\n\n- [ ] one\n  - [x] two\n    * [X] three\n  - [ ] four\n"
        "+ [ ] five\n1. [ ] six\n2) [ ] seven\n"
    )

    assert [(item.title, item.parent, item.is_done) for item in found] == [
        ("one", None, False),
        ("two", 0, True),
        ("three", 1, True),
        ("four", 0, False),
        ("five", None, False),
        ("six", None, False),
        ("seven", None, False),
    ]
    assert [item.place for item in found][:3] == ["line 3", "line 4", "line 5"]


@pytest.mark.parametrize(
    "text",
    [
        "- [ ] a\n\t- [ ] b\n\t\t- [ ] c\n",
        "- [ ] a\n - [ ] b\n  - [ ] c\n",
        "- [ ] a\n\n    - [ ] b\n\n        - [ ] c\n",
        "\ufeff- [ ] a\r\n  - [ ] b\r\n    - [ ] c\r\n".removeprefix("\ufeff"),
    ],
)
def test_any_deeper_indentation_is_a_level(text: str) -> None:
    assert shape(text) == [("a", None), ("b", 0), ("c", 1)]


def test_an_item_that_comes_half_way_back_is_a_sibling() -> None:
    assert shape("- [ ] a\n    - [ ] b\n  - [ ] c\n") == [("a", None), ("b", 0), ("c", 0)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- [ ] a\n  text\n  more\n", "text\nmore"),
        ("- [ ] a\nlazy\nlines\n\nnot of it\n", "lazy\nlines"),
        ("- [ ] a\n\n  text\n\n\n", "text"),
        ("- [ ] a\n  - plain\n    deeper\n", "- plain\n  deeper"),
        ("- [ ] a\n  first\n  - [ ] b\n    of b\n\n  last\n", "first\n\nlast"),
        ("- [ ] a\n  ```\n  - [ ] code\n\n    x\n  ```\n", "```\n- [ ] code\n\n  x\n```"),
        ("- [ ] a\n  ~~~~\n  ~~~\n  ~~~~\n  text\n", "~~~~\n~~~\n~~~~\ntext"),
        ("- [ ] a\n\ttabbed\n\t\tdeep\n", "tabbed\n    deep"),
        ("- [ ] a\n  ---\n  write: src\n  ---\n  text\n", "---\nwrite: src\n---\ntext"),
        ("- [ ] a\n  <!-- note\n  - [ ] no item\n  -->\n", "<!-- note\n- [ ] no item\n-->"),
        ("- [ ] a\n- plain\n  text of plain\n", ""),
        ("- [ ] a\n## Next\ntext\n", ""),
        ("- [ ] a\n\n---\ntext\n", ""),
        ("- [ ] a\n  [link]: x\n  - [a](b)\n  - [1] note\n", "[link]: x\n- [a](b)\n- [1] note"),
    ],
)
def test_text_below_an_item_is_its_description(text: str, expected: str) -> None:
    assert items(text)[0].description == expected


def test_a_code_block_ends_with_its_item() -> None:
    """Somebody forgot to close it: what follows is still read."""
    assert shape("- [ ] a\n  ```\n  code\n- [ ] b\n") == [("a", None), ("b", None)]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("- [ ] a\n- [] b\n", "line 2"),
        ("- [ ] a\n-[ ] b\n", "line 2"),
        ("- [ ] a\n- [x]b\n", "line 2"),
        ("- [-] cancelled\n", "line 1"),
        ("- [ x] a\n", "line 1"),
        ("- [ ] a\n- [ ]\n", "line 2"),
        ("\n- [ ]   \n", "line 2"),
        ("- [ ] " + "x" * 501, "line 1"),
        ("- [ ] a\n  " + "x" * 90_001, "line 1"),
        ("- [ ] a\n\n```\n- [ ] b\n", "line 3"),
        ("<!--\n- [ ] a\n", "line 1"),
        ("- [ ] 1\n - [ ] 2\n  - [ ] 3\n   - [ ] 4\n    - [ ] 5\n", "line 5"),
        ("no item\n", "no item"),
        ("", "no item"),
        ("- a\n- b\n", "no item"),
    ],
)
def test_rubbish_is_one_clear_error_with_its_line(text: str, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        items(text)

    assert place in caught.value.message
    assert caught.value.hint
    assert len(str(caught.value)) < 200


def test_items_of_one_title_are_told_apart_by_those_above_them_and_by_their_turn() -> None:
    text = "- [ ] a\n  - [ ] test\n- [ ] b\n  - [ ] test\n  - [ ] test\n"

    known = [item.identity for item in items(text)]

    assert len(set(known)) == 5


def test_an_item_is_the_same_when_others_come_and_go_and_text_changes() -> None:
    before = {item.title: item.identity for item in items("- [ ] a\n- [ ] b\n  - [ ] c\n")}
    after = {
        item.title: item.identity for item in items("# x\n- [x] new\n- [ ] b\n  text\n  - [x] d\n  - [x] c\n")
    }

    assert (before["b"], before["c"]) == (after["b"], after["c"])


def test_ten_thousand_items_and_no_more() -> None:
    line = "- [ ] a\n"

    assert len(items(line * 10_000)) == 10_000
    with pytest.raises(UsageError, match="10001 items are too many"):
        items(line * 10_001)


LINES = st.sampled_from(
    ["- [ ] a", "  - [x] b", "    - [ ] c", "text", "  text", "", "```", "  ```", "# h", "- plain",
     "\t- [ ] d", "<!--", "-->"]
)  # fmt: skip


@given(st.lists(LINES | st.text(max_size=20), max_size=25))
def test_no_item_is_lost_and_no_text_breaks_it(lines: list[str]) -> None:
    """Either all that is an item outside of code and comments is one, or there is an error."""
    try:
        found = items("\n".join(lines))
    except UsageError:
        return
    for index, item in enumerate(found):
        assert item.title
        assert item.parent is None or item.parent < index
    if not any(mark in line for line in lines for mark in ("```", "~~~", "<!--")):
        wanted = sum(line.strip().startswith(("- [ ] ", "- [x] ")) for line in "\n".join(lines).split("\n"))
        assert len(found) >= wanted


def test_a_box_of_endless_blanks_is_text_and_keeps_nobody_waiting() -> None:
    """A pattern that tries each place to end them in takes minutes."""
    assert shape(f"- [ ] one\n- [{' ' * 100_000}y]\n") == [("one", None)]
