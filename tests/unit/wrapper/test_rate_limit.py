"""What an agent says of its provider's limit (features C7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.builders import NOW
from tinyscheduler.model.lease import Outcome
from tinyscheduler.model.rate_limit import LIMIT_S_MAX
from tinyscheduler.model.result import BadResult, RunResult, outcome_of, parse_result


def outcome(limit: object, *, status: str = "failed") -> Outcome:
    found = parse_result({"status": status, "rate_limited": limit}, redact=str)
    assert isinstance(found, RunResult), found
    return outcome_of(found, at=NOW, code=1)


def in_s(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        ({"until": in_s(3600)}, 3600),
        ({"retry_after_sec": 90}, 90),
        ({"until": in_s(30 * 86_400)}, LIMIT_S_MAX),
        ({"retry_after_sec": 1e9}, LIMIT_S_MAX),
        ({"until": in_s(-60)}, 0),
        (True, None),
        ({}, None),
    ],
)
def test_the_run_is_rate_limited_until_then_and_a_week_at_most(limit: object, seconds: float | None) -> None:
    found = outcome(limit)

    assert (found.kind, found.code) == ("rate_limited", 1)
    assert found.until == (None if seconds is None else NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("limit", [None, False])
def test_no_limit_is_no_limit(limit: object) -> None:
    assert outcome(limit).kind == "failed"


def test_partial_work_under_a_limit_is_the_limits_fault_too() -> None:
    assert outcome(True, status="partial").kind == "rate_limited"


@pytest.mark.parametrize(("status", "kind"), [("success", "succeeded"), ("handoff", "handed_off")])
def test_work_that_came_to_its_end_is_not_undone_by_a_limit(status: str, kind: str) -> None:
    assert outcome({"until": "nonsense"}, status=status).kind == kind


@pytest.mark.parametrize(
    "limit",
    ["soon", 5, [], {"until": "tomorrow"}, {"until": "2026-01-31T12:00:00"}, {"until": 5},
     {"until": "0001-01-01T00:00:00+23:00"}, {"retry_after_sec": -1}, {"retry_after_sec": "5"},
     {"retry_after_sec": True}, {"retry_after_sec": float("nan")}],
)  # fmt: skip
def test_what_cannot_be_understood_is_no_result(limit: object) -> None:
    found = parse_result({"status": "failed", "rate_limited": limit}, redact=str)

    assert isinstance(found, BadResult)
    assert "rate_limited" in found.why
