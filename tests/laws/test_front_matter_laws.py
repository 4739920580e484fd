"""What the program accepts as front matter means the same to a whole reader of YAML (ADR 0045)."""

from __future__ import annotations

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.builders import a_task
from tinyscheduler.model.hints import NO_HINTS, Hints
from tinyscheduler.model.ids import as_task_id
from tinyscheduler.model.resources import Resources
from tinyscheduler.planner import hint_values as check
from tinyscheduler.planner.front_matter import ALIASES, KEYS
from tinyscheduler.planner.hints import hints_of

ALL_WORDS = (
    "after write read capabilities goal recipe scope approval resources soft_limit hard_limit budget cap"
    " needs-approval title labels cpu memory_mb gpu true false yes no on null ~ src a b/c 12 012 0x1F 1_000"
    " 1:30 1.5 .5 1e3 2026-01-31 -5 +5 src/** *.py ?.py it's a#b .. . / 15m 2h = << & *x !t | > |- >2 - ---"
    " ..."
)
WORDS = ALL_WORDS.split()
MARKS = (": ", ":", " ", "  ", "\n", "\n", "\n  ", "\n- ", "\n  - ", ", ", "[", "]", "{", "}", "'", '"', "\\",
         "''", " #", "#", "\t", "\r\n", "\r", "\u2028", "\x85", "\u00a0", "\x00", "é")  # fmt: skip
free = st.lists(st.sampled_from(WORDS) | st.sampled_from(MARKS), max_size=24).map("".join)

_word = st.sampled_from(["a", "src/a", "12", "x-1", "'it''s'", '"*.py"', "b # why", "null", "yes", "'y: z'"])
_flow = st.lists(_word.filter(lambda word: "#" not in word), max_size=3).map(lambda w: f"[{', '.join(w)}]")
_block = st.tuples(st.sampled_from(["", "  ", "    "]), st.lists(_word, min_size=1, max_size=3)).map(
    lambda found: "".join(f"\n{found[0]}- {word}" for word in found[1])
)
_pairs = st.sampled_from(["{cpu: 2, gpu: 1}", "\n  cpu: 0.5\n  memory_mb: 12", "{}", "{cpu: 02}"])
_key = st.sampled_from([*sorted(KEYS | set(ALIASES)), "title", "labels", "'goal'", '"x"', "a b"])
_line = st.builds(
    lambda key, value, end: f"{key}: {value}{end}",
    _key,
    _word | _flow | _block | _pairs | st.sampled_from(["", "true", "15m", "3", "|\n  goal: x", '"a\n b"']),
    st.sampled_from(["", " ", "  # a remark", "\n", "\n# a remark"]),
)
likely = st.lists(_line, max_size=5).map("\n".join)

_name = st.sampled_from(["a", "x-1", "12", "'012'", '"y"', "it", "0", "1e5", "8bd7e0"])
_path = st.sampled_from(
    ["src/a", "src//b/", "'*.py'", '"a: b"', "./c", "'it''s'", '"a\\"b"', "a b", "c#d", "é"]
)
_names = _name | st.lists(_name, max_size=3).map(lambda w: f"[{', '.join(w)}]")
_below = st.lists(_path, min_size=1, max_size=3).map(lambda w: "".join(f"\n- {word}" for word in w))
_valid = {
    **dict.fromkeys(("after", "capabilities", "cap"), _names),
    **dict.fromkeys(("write", "read"), _path | _below),
    **dict.fromkeys(("goal", "recipe", "scope"), _name),
    **dict.fromkeys(("approval", "needs-approval"), st.sampled_from(["true", "no", "On"])),
    "resources": _pairs,
    **dict.fromkeys(("soft_limit", "hard_limit"), st.sampled_from(["15m", "900", "'2h'"])),
    "budget": st.sampled_from(["1", "2.50", "0"]),
    "title": st.sampled_from(["it's", "'a'", "|\n  goal: z", "\n- x\n- 'y'", "{a: [b]}", "a 'b", '"\\""']),
}
_valid_line = st.sampled_from(sorted(_valid)).flatmap(
    lambda key: st.tuples(_valid[key], st.sampled_from(["", " ", " # why", "\n", "\n# why"])).map(
        lambda found: f"{key}: {found[0]}{found[1]}"
    )
)
right = st.lists(_valid_line, max_size=5, unique_by=lambda line: line.partition(":")[0]).map("\n".join)


@settings(max_examples=400)
@given(right | likely | free | st.tuples(right, free).map("\n".join))
@example("goal: a\nx: 'b\ngoal: c'")
@example("x: [a\ngoal: c\n]: d")
@example("<<: {approval: true}\ngoal: a")
@example("x: &a b\ngoal: *a")
@example("goal: a\u2028approval: true")
@example("title: it's\ngoal: it-is")
@example("x: |\n goal: a\ngoal: b")
@example("x:\n- 'a\n- b'\ngoal: c")
@example("goal: a\n...\napproval: true")
@example("approval: true\n #\x00")
@example("after: a\n #\rafter")
@example("after: '012'")
@example("after: ['012', 12]")
def test_what_is_accepted_means_the_same_to_a_whole_reader_of_yaml(text: str) -> None:
    hints = hints_of(a_task(description=f"---\n{text}\n---\nand the rest"))
    if hints.fault is not None or hints._replace(notes=()) == NO_HINTS:
        return
    block = up_to_the_fence(text)
    try:
        found = yaml.safe_load(block)
    except yaml.YAMLError:
        # Another's key, which we pass over, is no YAML. By themselves our lines are.
        found = yaml.safe_load(only_ours(block))

    assert hints._replace(notes=()) == meant(found)


@settings(max_examples=200)
@given(free | likely)
def test_a_description_never_raises_and_never_costs_more_than_its_bounds(text: str) -> None:
    hints = hints_of(a_task(description=text, tags=text.split("\n")[:3]))

    assert all(len(path) <= check.PATH_CHARS_MAX for path in (*hints.writes, *hints.reads))
    assert hints.fault is None or (hints.fault.remedy and hints.fault.value.isprintable())


def up_to_the_fence(text: str) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    shown = ("".join(letter for letter in line if letter in "\t " or letter.isprintable()) for line in lines)
    end = next((at for at, line in enumerate(shown) if line.rstrip(" \t") == "---"), len(lines))
    return "\n".join(lines[:end])


def only_ours(text: str) -> str:
    """Without the keys of others and what belongs to them."""
    kept: list[str] = []
    is_ours = False
    for line in text.split("\n"):
        if line and line[0] not in " #-":
            key = line.partition(":")[0].strip(" \"'")
            is_ours = key in KEYS or key in ALIASES
        if is_ours:
            kept.append(line)
    return "\n".join(kept)


def meant(found: object) -> Hints:
    """What a parsed document says to us."""
    assert isinstance(found, dict), found
    said = {ALIASES.get(key, key): value for key, value in found.items() if value is not None}
    hard, soft = (said.get(key) for key in ("hard_limit", "soft_limit"))
    return Hints(
        after=tuple(dict.fromkeys(as_task_id(text) for text in texts(said.get("after")))),
        writes=tuple(dict.fromkeys(check.path(text) for text in texts(said.get("write")))),
        reads=tuple(dict.fromkeys(check.path(text) for text in texts(said.get("read")))),
        capabilities=texts(said.get("capabilities")),
        goal=text_or_none(said.get("goal")),
        recipe=text_or_none(said.get("recipe")),
        scope=text_or_none(said.get("scope")),
        needs_approval=truth(said.get("approval", False)),
        resources=resources(said.get("resources")),
        soft_limit_s=None if soft is None else seconds(soft),
        hard_limit_s=None if hard is None else seconds(hard),
        budget=None if said.get("budget") is None else number(said["budget"]),
    )


def texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(dict.fromkeys(text(item) for item in (value if isinstance(value, list) else [value])))


def text(value: object) -> str:
    assert isinstance(value, str | int), value
    assert not isinstance(value, bool)
    return str(value)


def text_or_none(value: object) -> str | None:
    return None if value is None else text(value)


def truth(value: object) -> bool:
    assert isinstance(value, bool), value
    return value


def number(value: object) -> float:
    assert isinstance(value, int | float), value
    assert not isinstance(value, bool)
    return value


def seconds(value: object) -> int:
    found = text(value)
    factor = {"s": 1, "m": 60, "h": 3600}.get(found[-1])
    return int(found) if factor is None else int(found[:-1]) * factor


def resources(value: object) -> Resources:
    if value is None:
        return Resources()
    assert isinstance(value, dict), value
    return Resources(**value)
