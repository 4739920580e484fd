"""How a run ended: an ordered table, first match wins. Pure; classes as in contracts.md, Outcomes.

A finished piece of work is not done again, whatever ended the process (design 6, Stop; features
B11): a valid ``success`` beats every other reason. Any other result is still the agent's own word
and beats our limits, but not a stop that was asked for: what a person cancelled must not come back
as ``partial`` (features E3).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.model.agent import SuccessRule
from tinyscheduler.model.lease import Outcome, OutcomeClass
from tinyscheduler.model.result import SUMMARY_CHARS_MAX, BadResult, RunResult, outcome_of
from tinyscheduler.wrapper.limits import LimitName

DEFERRED_EXIT = 75
"""EX_TEMPFAIL of sysexits.h: "not now, try again"."""


class Cause(NamedTuple):
    """A stop that came from outside the run."""

    kind: OutcomeClass
    why: str


class Ending(NamedTuple):
    """Everything that is known about the end. ``code`` or ``signal`` is the agent's, never both."""

    at: datetime
    code: int | None
    signal: int | None
    success: SuccessRule
    stop: Cause | None = None
    limit: LimitName | None = None
    limit_text: str = ""
    result: RunResult | BadResult | None = None


class Rule(NamedTuple):
    """One row."""

    name: str
    holds: Callable[[Ending], bool]
    verdict: Callable[[Ending], Outcome]


def judge(ending: Ending) -> Outcome:
    """The first rule that holds; the last row catches all."""
    for rule in RULES:
        if rule.holds(ending):
            return rule.verdict(ending)
    raise AssertionError("the last rule holds always")


def _is_done(ending: Ending) -> bool:
    return isinstance(ending.result, RunResult) and ending.result.status == "success"


def _as_result(ending: Ending) -> Outcome:
    assert isinstance(ending.result, RunResult), "only rules that saw a result lead here"
    return outcome_of(ending.result, at=ending.at, code=ending.code, signal=ending.signal)


def _as_stop(ending: Ending) -> Outcome:
    assert ending.stop is not None, "only the rule that saw a stop leads here"
    return _outcome(ending, ending.stop.kind, ending.stop.why)


def _as_limit(ending: Ending) -> Outcome:
    return _outcome(ending, "stalled" if ending.limit == "stall" else "timed_out", ending.limit_text)


def _as_killed(ending: Ending) -> Outcome:
    return _outcome(ending, "killed", f"ended by signal {ending.signal}, which was not ours")


def _as_deferred(ending: Ending) -> Outcome:
    return _outcome(ending, "deferred", f"exit status {DEFERRED_EXIT}: not now")


def _as_failed(ending: Ending) -> Outcome:
    return _outcome(ending, "failed", f"exit status {ending.code}")


def _as_exit_code(ending: Ending) -> Outcome:
    return _outcome(ending, "succeeded", "exit status 0")


def _as_no_result(ending: Ending) -> Outcome:
    return _outcome(ending, "no_result", "exit status 0, but a result was due and there is none")


def _outcome(ending: Ending, kind: OutcomeClass, why: str) -> Outcome:
    if isinstance(ending.result, BadResult):
        why = f"{why}; the result file does not count: {ending.result.why}"
    return Outcome(kind, ending.at, code=ending.code, signal=ending.signal, summary=why[:SUMMARY_CHARS_MAX])


RULES: tuple[Rule, ...] = (
    Rule("work_is_done", _is_done, _as_result),
    Rule("stopped", lambda e: e.stop is not None, _as_stop),
    Rule("result", lambda e: isinstance(e.result, RunResult), _as_result),
    Rule("limit", lambda e: e.limit is not None, _as_limit),
    Rule("signal", lambda e: e.signal is not None, _as_killed),
    Rule("deferred", lambda e: e.code == DEFERRED_EXIT, _as_deferred),
    Rule("exit_status", lambda e: e.code != 0, _as_failed),
    Rule("exit_code_counts", lambda e: e.success == "exit_code", _as_exit_code),
    Rule("no_result", lambda _: True, _as_no_result),
)
