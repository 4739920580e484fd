"""What a task says about itself: tags and front matter, row by row."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from tests.builders import a_start_snapshot, a_task
from tinyscheduler.model.hints import BEGINNINGS, NO_HINTS, UNSEEN, Hints
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.resources import Resources
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.front_matter import ALIASES, KEYS
from tinyscheduler.planner.hints import hints_of
from tinyscheduler.planner.start import plan_start


def said(description: str = "", *tags: str) -> Hints:
    return hints_of(a_task(description=description, tags=tags))


TAGS = {
    "after:7": Hints(after=(TaskId("7"),)),
    "after:007": Hints(after=(TaskId("7"),)),
    "write:src/a": Hints(writes=("src/a",)),
    "write:./src//a/": Hints(writes=("src/a",)),
    "write:.": Hints(writes=(".",)),
    "read:docs/**": Hints(reads=("docs/**",)),
    "read:a: b": Hints(reads=("a: b",)),
    "cap:gpu": Hints(capabilities=("gpu",)),
    "goal:release": Hints(goal="release"),
    "recipe:tidy": Hints(recipe="tidy", notes=()),
    "scope:team/web": Hints(scope="team/web"),
    "needs-approval": Hints(needs_approval=True),
    "backend": NO_HINTS,
    "area:backend": NO_HINTS,
    "write": NO_HINTS,
}


@pytest.mark.parametrize(("tag", "expected"), TAGS.items())
def test_a_tag_says(tag: str, expected: Hints) -> None:
    assert said("", tag) == expected


FRONT_MATTER = {
    "after: 7": Hints(after=(TaskId("7"),)),
    "after: [7, x-1]": Hints(after=(TaskId("7"), TaskId("x-1"))),
    "after:\n  - 7\n  - 8  # why": Hints(after=(TaskId("7"), TaskId("8"))),
    "write: [src/a, '*.py']\nread: docs": Hints(writes=("src/a", "*.py"), reads=("docs",)),
    "capabilities: [gpu, x86]": Hints(capabilities=("gpu", "x86")),
    "cap: gpu": Hints(capabilities=("gpu",)),
    "goal: release # why": Hints(goal="release"),
    "scope: team/web": Hints(scope="team/web"),
    "approval: true": Hints(needs_approval=True),
    "needs-approval: yes": Hints(needs_approval=True),
    "approval: false": NO_HINTS,
    "after:": NO_HINTS,
    "after: []": NO_HINTS,
    "resources: {cpu: 0.5, memory_mb: 4096}": Hints(resources=Resources(0.5, 4096)),
    "resources:\n  gpu: 1": Hints(resources=Resources(gpu=1)),
}


@pytest.mark.parametrize(("text", "expected"), FRONT_MATTER.items())
def test_front_matter_says(text: str, expected: Hints) -> None:
    fenced = said(f"---\n{text}\n---\nand what is to be done")
    windows = said(f"---\n{text}\n---\nrest".replace("\n", "\r\n"))

    assert fenced == expected
    assert windows == expected


@pytest.mark.parametrize(("text", "expected"), FRONT_MATTER.items())
def test_plain_lines_above_the_first_empty_one_say_the_same(text: str, expected: Hints) -> None:
    assert said(f"{text}\n\nand what is to be done") == expected


FAULTS = {
    "after: 1 2": ("after in line 2", "1 2"),
    "after: null": ("after in line 2", "null"),
    "after: 012": ("after in line 2", "012"),
    "goal: [a, b]": ("goal in line 2", "a list"),
    "goal: make it faster": ("goal in line 2", "make it faster"),
    "write: /etc/passwd": ("write in line 2", "/etc/passwd"),
    "write: a/../../b": ("write in line 2", "a/../../b"),
    "write: ~/x": ("write in line 2", "~/x"),
    "write: a**": ("write in line 2", "a**"),
    "write: *.py": ("line 2", "*.py"),
    "write:\n  - a\n   - b": ("line 4", "- b"),
    "write: [a,\n  b]": ("line 2", "[a,"),
    "approval: maybe": ("approval in line 2", "maybe"),
    "approval: 'true'": ("approval in line 2", "true"),
    "goal: a\ngoal: b": ("line 3", "goal is there twice"),
    "resources: 2": ("resources in line 2", "2"),
    "resources: {cores: 2}": ("resources in line 2", "cores"),
    "resources: {cpu: 99999}": ("resources in line 2", "more than any machine has"),
    "hard_limit: 99d": ("hard_limit in line 2", "99d"),
    "goal: a\n<<: *b": ("line 3", "<<: *b"),
    "title: 'x\ngoal: a'": ("line 2", "title: 'x"),
    "goal: a\nx: &y z": ("line 3", "x: &y z"),
    "{goal: a}": ("line 2", "{goal: a}"),
    "goal:\ta": ("line 2", "goal:?a"),
    "write: " + "[" + ", ".join(f"p{n}" for n in range(65)) + "]": ("line 2", "more than 64 entries"),
    "write:" + "".join(f"\n- p{n}" for n in range(65)): ("write in line 2", "65 entries"),
    "write:" + "".join(f"\n- p{n}*" for n in range(17)): ("write in line 2", "17 paths with * or ?"),
    "write: " + "a/" * 32 + "b": ("write in line 2", "a/" * 28 + "a..."),
    f"goal: {'a' * 65}": ("goal in line 2", "a" * 57 + "..."),
}


@pytest.mark.parametrize(("text", "expected"), FAULTS.items(), ids=[str(n) for n in range(len(FAULTS))])
def test_what_is_wrong_is_told_with_its_line_and_value(text: str, expected: tuple[str, str]) -> None:
    fault = said(f"---\n{text}\n---\n").fault

    assert fault is not None
    assert (fault.place, fault.value) == (f"{expected[0]} of its description", expected[1])
    assert fault.remedy


NOBODYS = (
    "do this: and that",
    "a text\n\ngoal: something",
    "goal: a\nand a word about it\n\nrest",
    "goal: a\n- one\n- two",
    "---\nJust a rule above a text",
    "--- \n# a remark\n---",
    "Read: the manual",
    "---goal: a\n---",
)


@pytest.mark.parametrize("text", NOBODYS)
def test_a_text_that_only_looks_like_it_says_nothing(text: str) -> None:
    assert said(text) == NO_HINTS


@pytest.mark.parametrize(
    "text",
    ["---\ntitle: 'x\nlabels: [a\n---\n", "---\nmeta:\n  goal: nested\n---\n", "---\n title: x\n---\n"],
)
def test_front_matter_of_others_holds_nothing(text: str) -> None:
    assert said(text)._replace(notes=()) == NO_HINTS


def test_front_matter_that_is_not_closed_is_told_because_somebody_meant_it() -> None:
    fault = said("---\napproval: true\n\nplease do it").fault

    assert fault is not None
    assert (fault.place, fault.value) == ("line 1 of its description", "its front matter does not end")


def test_front_matter_has_a_bound() -> None:
    fault = said("---\ngoal: a\n" + "# long\n" * 1000 + "---\n").fault

    assert fault is not None
    assert "4096" in fault.remedy


LONG = "a" * 4200


@pytest.mark.parametrize(
    "text",
    [
        f"---\nsummary: {LONG}\napproval: true\nafter: 99\n---\nbody",
        f"---\nsummary: {LONG}\napproval: true\n\nand no end",
        f"---\nsummary: {'a' * 4079}\n---x\napproval: true\n---\n",
        *(f"approval: true\nread: {'p' * size}\ngoal: x\n\nbody" for size in range(4060, 4085)),
        f"approval: true\nread: {LONG}\n\nbody",
    ],
)
def test_what_stands_behind_the_bound_is_not_passed_over(text: str) -> None:
    """Who pads a description must not get round the approval that stands in it."""
    hints = said(text)

    assert hints.fault is not None or hints.needs_approval, hints


@pytest.mark.parametrize(
    "text",
    [
        f"---\nsummary: {LONG}\n---\napproval: true",
        f"---\n{LONG}\n\nand no end",
        f"goal: x\n{LONG}\n\napproval: true",
    ],
)
def test_a_long_text_that_says_nothing_to_us_is_no_fault(text: str) -> None:
    assert said(text) == NO_HINTS


@pytest.mark.parametrize(
    "above",
    [
        "\n", "\r\n\r\n", " ", "  \n\t\n", "\ufeff", "\ufeff\n", "\t", "\u00a0", "\u200b", "\u2060", "\u200c",
        "\u2028", "\u2029\n", "\u00ad", "\x0c", "\x0b\n",
        "\x85", "\x00", "\n\ufeff", "\u2066", "\u3164", "\ufe0f",
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["---\napproval: true\n---\nbody", "approval: true\n\nbody"])
def test_what_editors_and_web_forms_put_above_it_changes_nothing(above: str, text: str) -> None:
    assert said(above + text) == Hints(needs_approval=True)


@pytest.mark.parametrize(
    "text",
    [
        "---\rapproval: true\r---\rbody",
        "approval: true\r\rbody",
        "---\t\napproval: true\n---\t\nbody",
        " ---\napproval: true\n--- \nbody",
        "---\u200b\napproval: true\n---\u2060\nbody",
        "---\u2028\napproval: true\n---\u00a0\nbody",
        "---\napproval: true\n\ufeff---\nbody",
        "-\u00ad--\napproval: true\n---\x0c\r\nbody",
        "approval: true\n\u200b\nbody",
    ],
)
def test_ends_of_lines_that_nobody_sees_change_nothing(text: str) -> None:
    assert said(text) == Hints(needs_approval=True)


@pytest.mark.parametrize(
    "text",
    [
        "---\n\u200bapproval: true\n---\n",
        "---\napproval\u2060: true\n---\n",
        "---\nappro\u00adval: true\n---\n",
        "---\n'needs-\u200capproval': true\n---\n",
        "---\napproval: true\u200b\n---\n",
        "---\napproval:\u00a0true\n---\n",
        "---\napproval: tr\u2066ue\n---\n",
        "---\ntitle: x\u2028approval: true\n---\n",
        "---\u2028approval: true\u2028---\u2028body",
        "---\x0capproval: true\x0c---\x0cbody",
        "appro\u00adval: true\n\nbody",
        "approval: true\u2028\u2028body",
    ],
)
def test_what_nobody_sees_in_a_key_or_behind_it_is_told_and_not_passed_over(text: str) -> None:
    """The approval that everybody reads there must not be missing for us."""
    fault = said(text).fault

    assert fault is not None
    assert "what cannot be seen" in fault.remedy or fault.remedy in REMEDIES
    assert fault.value.isprintable()


REMEDIES = (
    "write it anew: there is something in it that cannot be seen",
    "end each line with a line feed and nothing else",
    "write key: value, with nothing before the key",
)


@pytest.mark.parametrize(
    "tag",
    ["needs-approval\u200b", "\ufeffneeds-approval", "needs-appro\u00adval", "after\u2060:7", "\u200bgoal:x"],
)
def test_what_nobody_sees_in_the_name_of_a_tag_is_told(tag: str) -> None:
    fault = said("", tag).fault

    assert fault is not None
    assert fault.remedy == REMEDIES[0]


def test_what_nobody_sees_in_the_words_of_others_is_theirs() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

    assert said(f"---\ntitle: {family}\ngoal: x\n---\n", f"mood: {family}", family)._replace(
        notes=()
    ) == Hints(goal="x")
    assert said(f"---\ntitle{family}: x\n---\n").fault is None


def test_everything_that_nobody_sees_is_known() -> None:
    """As this Python's tables have it: blanks, ends of lines, controls and marks of format."""
    letters = map(chr, range(sys.maxunicode + 1))
    unseen = {
        at for at in letters if at.isspace() or unicodedata.category(at) in ("Cc", "Cf", "Zl", "Zp", "Zs")
    }

    assert unseen - UNSEEN == set()
    assert {at for at in UNSEEN if unicodedata.category(at)[0] in "LNPS"} == set(
        "\u115f\u1160\u2800\u3164\uffa0"
    )


@pytest.mark.parametrize("text", ["---\n\tapproval: true\n---\n", " ---\n approval: true\n ---\n"])
def test_indented_front_matter_is_told(text: str) -> None:
    assert said(text).fault is not None


@pytest.mark.parametrize("text", ["\n\ngoal: 1 2\n\nbody", "\r\n---\r\ngoal: 1 2\r\n---\r\n"])
def test_lines_are_counted_from_the_first_of_the_description(text: str) -> None:
    fault = said(text).fault

    assert fault is not None
    assert fault.place == "goal in line 3 of its description"


def test_a_key_of_ours_in_a_list_is_noted_and_holds_nothing() -> None:
    hints = said("- approval: true\n- goal: x\n\nbody")

    assert (hints.fault, hints.needs_approval) == (None, False)
    assert hints.notes == ("its front matter has a key - approval: is approval meant?",)
    assert said("- [ ] a list: of Markdown") == NO_HINTS


def test_front_matter_wins_over_tags_key_by_key() -> None:
    hints = said("---\nwrite: src/b\napproval: no\n---\n", "write:src/a", "cap:gpu", "needs-approval")

    assert hints == Hints(writes=("src/b",), capabilities=("gpu",))


@pytest.mark.parametrize(
    ("description", "tags"),
    [
        ("", ("needs-approval", "goal:")),
        ("", ("goal:", "after:9")),
        ("---\napproval: true\nafter: 9\ngoal: 1 2\n---\n", ()),
        ("---\nwrite: src/b\n---\n", ("needs-approval", "goal:")),
    ],
)
def test_a_task_that_says_something_wrong_is_held_for_that_and_nothing_else(
    description: str, tags: tuple[str, ...]
) -> None:
    """It was held as needs_approval, and whoever approved it was refused; or for what it waits for, which is
    perhaps not what is meant."""
    task = a_task(description=description, tags=tags)
    world = a_start_snapshot(task)

    (held,) = plan_start(world).held
    rows = {row.name: row for row in explain(task, world).rows}

    assert held.reason == "bad_task"
    assert [row.name for row in rows.values() if row.verdict == "holds"] == ["bad_task"]
    assert rows["needs_approval"].value == "not known before what it says can be read: see bad_task"
    assert rows["blocked"].value == rows["needs_approval"].value


def test_keys_that_mean_nothing_here_are_told_and_hold_nothing() -> None:
    """Whoever writes deadline: waits for something to come of it."""
    (note,) = said("---\ndeadline: tomorrow\ngoal: a\nowner:\n  name: x\n# a remark: y\n---\n").notes
    (many,) = said("---\n" + "".join(f"k{n}: v\n" for n in range(9)) + "---\n").notes

    assert note.startswith(
        "deadline and owner in its front matter mean nothing here; keys that do are after, "
    )
    assert many.startswith("k0, k1, k2, k3, k4 and 4 more in its front matter mean nothing here; ")
    assert said("deadline: tomorrow\n\nrest") == NO_HINTS


def test_two_goals_by_tags_are_one_too_many() -> None:
    assert said("", "goal:a", "goal:a").goal == "a"
    fault = said("", "goal:a", "goal:b").fault
    assert fault is not None
    assert fault.place == "its tag goal:a"


@pytest.mark.parametrize(
    ("description", "tag", "meant"),
    [
        ("---\naproval: true\n---\n", "", "approval"),
        ("---\nWrites: x\n---\n", "", "write"),
        ("---\ngoal: a\nwrites: x\n---\n", "", "write"),
        ("---\ngoal: a\nsofrt_limit: 1\n---\n", "", "soft_limit"),
        ("", "needs_approval", "needs-approval"),
        ("", "afetr:3", "after:"),
        ("", "Write:src", "write:"),
        ("", "area:x", None),
    ],
)
def test_what_looks_like_a_slip_is_noted_and_holds_nothing(
    description: str, tag: str, meant: str | None
) -> None:
    hints = said(description, *((tag,) if tag else ()))

    assert hints.fault is None
    if meant is None:
        assert hints == NO_HINTS
    else:
        assert any(f"is {meant} meant?" in note for note in hints.notes), hints


def test_first_letters_are_those_of_the_keys() -> None:
    """They tell most descriptions apart without reading them."""
    assert {key[0] for key in (*KEYS, *ALIASES)} | {"-", *UNSEEN} == BEGINNINGS
