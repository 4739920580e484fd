"""The name that somebody probably meant."""

from __future__ import annotations

import pytest

from tinyscheduler.cli.app import COMMANDS
from tinyscheduler.kit.nearest import nearest

NAMES = [command.name for command in COMMANDS]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("stauts", "status"),
        ("lgos", "logs"),
        ("rum", "run"),
        ("Explain", "explain"),
        ("aprove", "approve"),
        ("backlogs", "backlog"),
    ],
)
def test_a_slip_is_understood(written: str, meant: str) -> None:
    assert nearest(written, NAMES) == meant


@pytest.mark.parametrize("written", ["bogus", "x", "", "frobnicate", "fetch"])
def test_another_word_is_no_slip(written: str) -> None:
    """A silly answer is worse than none."""
    assert nearest(written, NAMES) is None


def test_dashes_are_not_what_makes_two_options_alike() -> None:
    assert nearest("--bog", ["--log"]) is None
    assert nearest("--base-pth", ["--base-path", "--bare"]) == "--base-path"


def test_nothing_is_near_where_nothing_is_known() -> None:
    assert nearest("dev", []) is None
