"""How a run is judged: one example per row, then what beats what."""

from datetime import UTC, datetime

import pytest

from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.lease import HandoverTarget, OutcomeClass
from tinyscheduler.model.result import BadResult, RunResult
from tinyscheduler.wrapper.outcomes import RULES, Cause, Ending, judge

AT = datetime(2026, 1, 2, tzinfo=UTC)
CANCELLED = Cause("cancelled", "stopped by anna")


def an_ending(**changes: object) -> Ending:
    """Exit status 0, no result, success by result file."""
    ending = Ending(AT, code=0, signal=None, success="result")
    return ending._replace(**changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "ending", "expected"),
    [
        ("work_is_done", an_ending(result=RunResult("success")), "succeeded"),
        ("stopped", an_ending(stop=CANCELLED), "cancelled"),
        ("result", an_ending(result=RunResult("partial")), "partial"),
        ("limit", an_ending(code=None, signal=15, limit="hard"), "timed_out"),
        ("limit", an_ending(code=None, signal=15, limit="stall"), "stalled"),
        ("signal", an_ending(code=None, signal=11), "killed"),
        ("deferred", an_ending(code=75), "deferred"),
        ("exit_status", an_ending(code=3), "failed"),
        ("exit_code_counts", an_ending(success="exit_code"), "succeeded"),
        ("no_result", an_ending(), "no_result"),
    ],
)
def test_each_row_gives_its_class(rule: str, ending: Ending, expected: OutcomeClass) -> None:
    first = next(row.name for row in RULES if row.holds(ending))

    assert (first, judge(ending).kind) == (rule, expected)


@pytest.mark.parametrize(
    "ending",
    [
        an_ending(code=1),
        an_ending(code=None, signal=9),
        an_ending(code=None, signal=15, limit="hard"),
        an_ending(code=None, signal=15, stop=CANCELLED),
    ],
)
def test_finished_work_is_not_done_again_whatever_ended_the_process(ending: Ending) -> None:
    """Design 6 and features B11: many agents hang or fail on their way out."""
    outcome = judge(ending._replace(result=RunResult("success", "fixed it")))

    assert (outcome.kind, outcome.summary) == ("succeeded", "fixed it")
    assert (outcome.code, outcome.signal) == (ending.code, ending.signal)


@pytest.mark.parametrize("status", ["partial", "failed", "handoff"])
def test_what_a_person_cancelled_does_not_come_back(status: str) -> None:
    """Features E3: cancelled is never retried."""
    result = RunResult(status)  # type: ignore[arg-type]

    assert judge(an_ending(stop=CANCELLED, result=result)).kind == "cancelled"


def test_the_agents_word_beats_a_limit() -> None:
    result = RunResult("handoff", to=HandoverTarget(QueueName("qa"), None))

    outcome = judge(an_ending(code=None, signal=9, limit="hard", result=result))

    assert (outcome.kind, outcome.to) == ("handed_off", HandoverTarget(QueueName("qa"), None))


def test_a_graceful_exit_after_the_soft_limit_is_no_success() -> None:
    """Exit status 0 after our TERM says that the agent obeyed, not that it was done."""
    assert judge(an_ending(limit="soft", success="exit_code")).kind == "timed_out"


def test_a_result_that_does_not_count_says_why() -> None:
    outcome = judge(an_ending(result=BadResult("it is not JSON")))

    assert outcome.kind == "no_result"
    assert "it is not JSON" in outcome.summary


def test_a_result_that_does_not_count_does_not_spoil_an_exit_code_that_does() -> None:
    outcome = judge(an_ending(success="exit_code", result=BadResult("it is not JSON")))

    assert outcome.kind == "succeeded"
    assert "it is not JSON" in outcome.summary


def test_a_success_result_tells_its_usage_and_artifacts() -> None:
    result = RunResult("success", "done", ("a.txt",), (("turns", 3),))

    outcome = judge(an_ending(result=result))

    assert (outcome.artifacts, outcome.usage) == (("a.txt",), (("turns", 3),))
