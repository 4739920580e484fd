"""Two patterns overlap exactly when some path is meant by both (features D11).

The matcher here knows nothing of the planner's: it tries each path of a small world.
"""

from __future__ import annotations

from functools import cache
from itertools import product

from hypothesis import example, given
from hypothesis import strategies as st

from tinyscheduler.model.ids import TaskId
from tinyscheduler.planner.ownership import PathIndex, parts_of
from tinyscheduler.planner.patterns import names_meet, paths_meet

NAMES = ("a", "b", "aa", "ab", "ba", "bb")
SHORT_NAMES = ["".join(letters) for size in range(5) for letters in product("abc", repeat=size)]
WORLD = [path for depth in (1, 2, 3) for path in product(NAMES, repeat=depth)]
parts = st.sampled_from(["a", "b", "ab", "*", "?", "??", "a*", "*b", "?b", "**"])
patterns = st.lists(parts, min_size=1, max_size=2).map("/".join) | st.just(".")


@cache
def meant(pattern: str) -> frozenset[tuple[str, ...]]:
    """Every path of the small world that the pattern speaks of."""
    return frozenset(path for path in WORLD if matches(parts_of(pattern), path))


def matches(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """With all below it: what is left of the path when the pattern is at its end does not matter."""
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(matches(pattern[1:], path[at:]) for at in range(len(path) + 1))
    return bool(path) and name_matches(pattern[0], path[0]) and matches(pattern[1:], path[1:])


def name_matches(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(name_matches(pattern[1:], name[at:]) for at in range(len(name) + 1))
    return bool(name) and pattern[0] in ("?", name[0]) and name_matches(pattern[1:], name[1:])


@given(patterns, patterns)
@example("**/a", "b")
@example("*", "?/b")
@example("a*/b", "*b/*")
def test_patterns_overlap_exactly_when_a_path_is_meant_by_both(one: str, other: str) -> None:
    # The last name of a pattern with ** may lie deeper than the small world; then there is one above it.
    expected = bool(meant(one) & meant(other))

    assert paths_meet(parts_of(one), parts_of(other)) == expected
    assert paths_meet(parts_of(other), parts_of(one)) == expected


@given(st.lists(patterns, max_size=8), patterns)
def test_the_index_finds_a_holder_exactly_when_there_is_one(kept: list[str], wanted: str) -> None:
    index = PathIndex()
    for number, path in enumerate(kept):
        index.keep(path, TaskId(str(number)))
    overlapping = {path for path in kept if paths_meet(parts_of(path), parts_of(wanted))}

    found = index.holder(wanted)

    assert (found is None) == (not overlapping)
    assert found is None or found.path in overlapping


def test_what_a_stranger_writes_does_not_take_long() -> None:
    """As many pairs as two tasks can bring; letter against letter each of them would take 40 ms."""
    ones = [f"*{'?' * 115}*{'?' * 115}{number:02}a" for number in range(16)]
    others = [f"*{'?' * 115}*{'?' * 115}{number:02}b" for number in range(16)]

    assert not any(names_meet(one, other) for one in ones for other in others)
    assert paths_meet(("**", "x") * 4, ("**", "y") * 4)


@given(st.text("ab*?", min_size=1, max_size=6), st.text("ab*?", min_size=1, max_size=6))
def test_names_meet_exactly_when_a_name_is_meant_by_both(one: str, other: str) -> None:
    """Short names show some of the meetings; the definition, followed letter by letter, all."""
    expected = any(name_matches(one, name) and name_matches(other, name) for name in SHORT_NAMES)

    assert names_meet(one, other) == names_meet(other, one)
    assert expected <= names_meet(one, other)
    assert names_meet(one, other) == slowly_meet(one, other)


def slowly_meet(one: str, other: str) -> bool:
    """By the letter, both ways at each star."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return slowly_meet(one[1:], other) or slowly_meet(one, other[1:])
    if other[0] == "*":
        return slowly_meet(other, one)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and slowly_meet(one[1:], other[1:])
