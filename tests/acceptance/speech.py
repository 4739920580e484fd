"""What commands may say, and which there are."""

from __future__ import annotations

import json

from tests.integration.commands import Answer

Words = tuple[str, ...]

READING: tuple[Words, ...] = (
    ("run", "--dry-run"),
    ("status",),
    ("explain", "1"),
    ("backlog",),
    ("graph",),
    ("report",),
    ("logs", "1"),
    ("task", "list", "--all"),
    ("task", "show", "1"),
    ("config",),
    ("config", "--show"),
    ("validate-config",),
)
"""Commands that change nothing."""
WRITING: tuple[Words, ...] = (
    ("task", "add", "new", "--assign", "dev-1"),
    ("task", "update", "1", "--title", "other"),
    ("task", "done", "1"),
    ("task", "comment", "1", "hello"),
    ("task", "link", "1", "src/parser.py"),
    ("task", "archive", "1"),
)


def assert_well_spoken(answer: Answer, *, is_json: bool) -> None:
    """What holds for every command and every ending."""
    assert "Traceback" not in answer.out + answer.err, answer
    assert answer.code == 0 or answer.out + answer.err, f"silent about {answer.code}"
    assert answer.code != 0 or answer.err == "", answer
    lines = answer.err.splitlines()
    if not is_json:
        assert all(line.startswith(("tinyscheduler", "usage: ", " ")) for line in lines), answer.err
        return
    # One object, on the one stream or on the other.
    told = json.loads(answer.out or answer.err)
    assert not (answer.out and answer.err)
    if answer.out:
        assert (told["schema"], told["exit"]) == (1, answer.code)
        assert {"kind", "at"} <= told.keys()
    else:
        assert {"ref", "message", "hint"} <= told["error"].keys()


def the_line(answer: Answer, code: int) -> str:
    """The one line of a command that ended with this code, in the words of ours."""
    assert (answer.code, answer.out) == (code, ""), answer
    lines = answer.err.splitlines()
    assert len(lines) == 1, answer.err
    assert lines[0].startswith("tinyscheduler: ")
    assert lines[0].endswith(")"), "what to do about it comes last, in parentheses"
    return lines[0]
