"""What counts as a slip of the pen: a mend may not guess."""

from __future__ import annotations

import pytest

from tinyscheduler.config.agents import KNOWN_KEYS, LATER_KEYS
from tinyscheduler.config.mending.spelling import meant
from tinyscheduler.config.sources import NAMES


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("MAX_PARALEL", "MAX_PARALLEL"),
        ("MAX_PARRALEL", "MAX_PARALLEL"),
        ("MAXPARALLEL", "MAX_PARALLEL"),
        ("max_parallel", "MAX_PARALLEL"),
        ("HEARTBAET_SEC", "HEARTBEAT_SEC"),
        ("RETRY_BAS_SEC", "RETRY_BASE_SEC"),
        ("AGENT_LIMIT", "AGENT_LIMITS"),
        ("LOG_DIRS", "LOG_DIR"),
        ("GRACE", None),
        ("MAX_RUNTIME", None),
        ("RETRY_SEC", None),
        ("DIR", None),
        ("URL", None),
        ("MAX_PARALLEL", None),
    ],
)
def test_setting_is_recognised_by_a_slip_or_two_and_never_guessed(written, expected):
    assert meant(written, NAMES) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("agentname", "agentName"), ("agent_name", "agentName"), (" agentType", "agentType"),
        ("max_concurrency", "maxConcurrency"), ("enabld", "enabled"), ("workspaces", "workspace"),
        ("nev", None), ("name", None), ("type", None), ("notes", None),
    ],
)  # fmt: skip
def test_key_is_recognised_in_any_style(written, expected):
    assert meant(written, (*KNOWN_KEYS, *LATER_KEYS)) == expected


def test_two_that_are_equally_near_are_nobody():
    assert meant("colour-gry", ["colour-grey", "colour-gray"]) is None
    assert meant("colour-gre", ["colour-grey", "colour-gray"]) == "colour-grey"


@pytest.mark.parametrize("known", [NAMES, KNOWN_KEYS, LATER_KEYS])
def test_right_names_are_slips_of_no_other(known):
    """Otherwise a name that a later version takes away would be turned into its neighbour."""
    for name in known:
        assert meant(name, set(known) - {name}) is None
