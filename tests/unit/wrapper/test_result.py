"""What an agent says about its run is data of a stranger."""

from datetime import UTC, datetime

import pytest

from tinyscheduler.model.lease import HandoverTarget
from tinyscheduler.model.result import (
    ARTIFACT_CHARS_MAX,
    ARTIFACTS_MAX,
    SUMMARY_CHARS_MAX,
    BadResult,
    RunResult,
    outcome_of,
    parse_result,
)


def parsed(**document: object) -> RunResult | BadResult:
    return parse_result(document, redact=lambda text: text.replace("hunter22", "[redacted]"))


def why(**document: object) -> str:
    found = parsed(**document)
    assert isinstance(found, BadResult), found
    return found.why


def good(**document: object) -> RunResult:
    found = parsed(**{"status": "success", **document})
    assert isinstance(found, RunResult), found
    return found


def test_a_whole_result_is_understood() -> None:
    found = parsed(
        status="handoff",
        summary="ready for review",
        artifacts=["src/a.py", "https://example.org/1"],
        usage={"input_tokens": 10, "cost_usd": 0.5, "session_id": "abc", "other": "ignored"},
        to={"queue": "qa", "agent": None},
    )

    assert found == RunResult(
        "handoff",
        "ready for review",
        ("src/a.py", "https://example.org/1"),
        (("input_tokens", 10), ("cost_usd", 0.5), ("session_id", "abc")),
        HandoverTarget("qa", None),  # type: ignore[arg-type]
    )


def test_a_status_alone_is_enough_and_null_is_absence() -> None:
    assert good(summary=None, artifacts=None, usage=None, to=None) == RunResult("success")


@pytest.mark.parametrize("document", [[], "success", None, 3])
def test_only_an_object_is_a_result(document: object) -> None:
    assert parse_result(document, redact=str) == BadResult("it is not a JSON object")


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "status"),
        ({"status": "done"}, "status"),
        ({"status": ["success"]}, "status"),
        ({"status": "success", "summary": 1}, "summary"),
        ({"status": "success", "artifacts": "a"}, "artifacts"),
        ({"status": "success", "artifacts": [1]}, "artifacts"),
        ({"status": "success", "usage": [1]}, "usage"),
        ({"status": "success", "usage": {"turns": "3"}}, "usage.turns"),
        ({"status": "success", "usage": {"turns": True}}, "usage.turns"),
        ({"status": "success", "usage": {"cost_usd": -1}}, "usage.cost_usd"),
        ({"status": "success", "usage": {"cost_usd": float("nan")}}, "usage.cost_usd"),
        ({"status": "success", "usage": {"session_id": "x" * 201}}, "usage.session_id"),
        ({"status": "handoff", "to": "qa"}, "to"),
        ({"status": "handoff", "to": {"queue": "a/../b"}}, "to.queue"),
        ({"status": "handoff", "to": {"agent": ""}}, "to.agent"),
    ],
)
def test_a_wrong_field_is_named_and_makes_it_no_result(document: dict[str, object], field: str) -> None:
    assert field in why(**document)


def test_a_summary_becomes_one_line_that_a_terminal_can_show() -> None:
    found = good(summary="fixed\n\tit \x1b[31mred\u202e \ud800 end")

    assert found.summary == "fixed it [31mred end"


def test_a_long_summary_is_cut() -> None:
    found = good(summary="x" * (SUMMARY_CHARS_MAX + 1))

    assert len(found.summary) == SUMMARY_CHARS_MAX
    assert found.summary.endswith("…")


def test_secrets_go_before_texts_are_cut() -> None:
    """Cut first, and half a secret is left that no longer looks like one."""
    padding = "x" * (SUMMARY_CHARS_MAX - 4)

    found = good(summary=f"{padding} hunter22", artifacts=["https://example.org/?k=hunter22"])

    assert "hunt" not in found.summary
    assert found.artifacts == ("https://example.org/?k=[redacted]",)


def test_what_is_wrong_is_told_without_secrets() -> None:
    assert "hunter22" not in why(status="hunter22")


def test_artifacts_beyond_the_limits_are_left_out_and_counted() -> None:
    entries = ["x" * (ARTIFACT_CHARS_MAX + 1), *(f"f{n}" for n in range(ARTIFACTS_MAX + 3))]

    found = good(summary="s" * SUMMARY_CHARS_MAX, artifacts=entries)

    assert len(found.artifacts) == ARTIFACTS_MAX
    assert found.summary.endswith("(4 artifacts beyond the limits left out)")
    assert len(found.summary) == SUMMARY_CHARS_MAX


@pytest.mark.parametrize("entry", ["a.txt", "src/a b.py", "./a:b", "http://h/x", "HTTPS://h", "..a/b"])
def test_a_path_of_the_workspace_or_a_page_is_an_artifact(entry: str) -> None:
    found = good(artifacts=[entry])

    assert (found.artifacts, found.summary) == ((entry,), "")


@pytest.mark.parametrize(
    "entry",
    [
        "/etc/passwd",
        "../secret",
        "a/../../b",
        "file:///etc/passwd",
        "ftp://h/x",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://",
        "https:///",
        "http://h/a b",
        "http:/h",
        ".\u200b./secret",
    ],
)
def test_anything_else_is_left_out_and_counted(entry: str) -> None:
    found = good(summary="done", artifacts=["a.txt", entry])

    assert found.artifacts == ("a.txt",)
    assert found.summary == "done (1 artifact outside the workspace left out)"


def test_a_target_counts_only_for_a_hand_off() -> None:
    assert good(to={"queue": "qa"}).to is None


def test_an_outcome_carries_how_the_process_ended_too() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)

    outcome = outcome_of(good(summary="done"), at=at, signal=9)

    assert (outcome.kind, outcome.signal, outcome.at, outcome.summary) == ("succeeded", 9, at, "done")
