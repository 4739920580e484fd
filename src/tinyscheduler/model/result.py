"""What an agent says about its own run: the content of ``result.json`` (contracts.md, Result).

Kept in the model because two rooms that are strangers judge the same file: the wrapper when its
agent has ended, and the pass when the wrapper did not live to do it. Bytes are the adapter's
business; this module sees parsed JSON and never trusts it (law 11).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.lease import HandoverTarget, Outcome, OutcomeClass
from tinyscheduler.model.rate_limit import RateLimit, end_of, rate_limit_of

RESULT_BYTES_MAX = 65_536
"""Of the file. A summary and some links fit twenty times; more is a log in the wrong place."""
SUMMARY_CHARS_MAX = 2_000
"""It becomes one comment on the task."""
ARTIFACTS_MAX = 50
ARTIFACT_CHARS_MAX = 1_000
SESSION_ID_CHARS_MAX = 200
NAME_CHARS_MAX = 64

_NAME_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_AMOUNT_MAX = 1e15
"""Exact as a float; comparing with it also refuses NaN and the infinities."""
_USAGE_NUMBERS = ("input_tokens", "output_tokens", "cost_usd", "turns")

Redact = Callable[[str], str]
"""Takes secrets out of a text."""
IsInside = Callable[[str], bool]
"""Whether a path leads to something inside the run's workspace, links followed."""

_WEB = ("http://", "https://")

ResultStatus = Literal["success", "partial", "failed", "handoff"]

_OUTCOMES: dict[ResultStatus, OutcomeClass] = {
    "success": "succeeded",
    "partial": "partial",
    "failed": "failed",
    "handoff": "handed_off",
}


class RunResult(NamedTuple):
    """A valid result, redacted and cut to its limits."""

    status: ResultStatus
    summary: str = ""
    artifacts: tuple[str, ...] = ()
    usage: tuple[tuple[str, float | str], ...] = ()
    to: HandoverTarget | None = None
    rate_limited: RateLimit | None = None
    """Of ``partial`` and ``failed`` only: its account is used up, which is not the task's fault."""


class BadResult(NamedTuple):
    """There is something in the result's place, and it counts as no result."""

    why: str
    """One line for people, redacted."""


def is_plain(path: str) -> bool:
    """``IsInside`` where no workspace is known: relative, and never upwards."""
    return not path.startswith("/") and ".." not in path.split("/")


def parse_result(
    document: object, *, redact: Redact, is_inside: IsInside = is_plain
) -> RunResult | BadResult:
    """Judge parsed JSON. ``redact`` sees every text before it is cut: half a secret is one too."""
    if not isinstance(document, dict):
        return BadResult("it is not a JSON object")
    try:
        return _read(document, redact, is_inside)
    except ValueError as error:
        return BadResult(one_line(redact(str(error)), chars_max=200))


def outcome_of(
    result: RunResult, *, at: datetime, code: int | None = None, signal: int | None = None
) -> Outcome:
    """The outcome of a run whose result counts; ``code`` and ``signal`` are the agent's."""
    limit = result.rate_limited
    return Outcome(
        _OUTCOMES[result.status] if limit is None else "rate_limited",
        at,
        code=code,
        signal=signal,
        summary=result.summary,
        until=None if limit is None else end_of(limit, at),
        usage=result.usage,
        artifacts=result.artifacts,
        to=result.to,
    )


def one_line(text: str, *, chars_max: int) -> str:
    """Blanks folded, control and direction characters dropped: it is shown on terminals."""
    visible = "".join(char for char in text if char.isprintable() or char.isspace())
    shown = " ".join(visible.split())
    return shown if len(shown) <= chars_max else shown[: chars_max - 1] + "…"


def _read(document: dict[str, object], redact: Redact, is_inside: IsInside) -> RunResult:
    artifacts, note = _artifacts(document.get("artifacts"), redact, is_inside)
    summary = one_line(redact(_summary(document)), chars_max=SUMMARY_CHARS_MAX - len(note))
    status = _status(document)
    return RunResult(
        status,
        (summary + note).lstrip(),
        artifacts,
        _usage(document.get("usage")),
        _target(document.get("to")) if status == "handoff" else None,
        rate_limit_of(document.get("rate_limited")) if status in ("partial", "failed") else None,
    )


def _status(document: dict[str, object]) -> ResultStatus:
    found = document.get("status")
    for status in _OUTCOMES:
        if status == found:
            return status
    raise ValueError(f"status should be one of {', '.join(_OUTCOMES)}, it is {found!r:.60}")


def _summary(document: dict[str, object]) -> str:
    found = document.get("summary")
    if found is None:
        return ""
    if isinstance(found, str):
        return found
    raise ValueError(f"summary should be text, it is {found!r:.60}")


def _artifacts(found: object, redact: Redact, is_inside: IsInside) -> tuple[tuple[str, ...], str]:
    """Those that count, and a word about the others for the summary."""
    if found is None:
        return (), ""
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise ValueError("artifacts should be a list of text")
    clean = ("".join(char for char in entry if char.isprintable()) for entry in found)
    fitting = [entry for entry in clean if 0 < len(entry) <= ARTIFACT_CHARS_MAX]
    ours = [entry for entry in fitting[:ARTIFACTS_MAX] if _is_artifact(entry, is_inside)]
    beyond, outside = len(found) - len(fitting[:ARTIFACTS_MAX]), len(fitting[:ARTIFACTS_MAX]) - len(ours)
    note = _left_out(beyond, "beyond the limits") + _left_out(outside, "outside the workspace")
    return tuple(redact(entry)[:ARTIFACT_CHARS_MAX] for entry in ours), note


def _is_artifact(entry: str, is_inside: IsInside) -> bool:
    """A page on the web, or a path inside the workspace. Other schemes (``file:``, ``javascript:``) are
    links that somebody might follow."""
    if entry.lower().startswith(_WEB):
        return " " not in entry and len(entry.partition("://")[2].strip("/")) > 0
    head = entry.partition("/")[0]
    return ":" not in head and is_inside(entry)


def _left_out(count: int, where: str) -> str:
    return f" ({count} {'artifact' if count == 1 else 'artifacts'} {where} left out)" if count else ""


def _usage(found: object) -> tuple[tuple[str, float | str], ...]:
    if found is None:
        return ()
    if not isinstance(found, dict):
        raise ValueError(f"usage should be a JSON object, it is {found!r:.60}")
    numbers: list[tuple[str, float | str]] = [
        (name, _amount(name, found[name])) for name in _USAGE_NUMBERS if found.get(name) is not None
    ]
    session = found.get("session_id")
    if session is None:
        return tuple(numbers)
    if not isinstance(session, str) or len(session) > SESSION_ID_CHARS_MAX or not session.isprintable():
        raise ValueError(f"usage.session_id should be a short text, it is {session!r:.60}")
    return (*numbers, ("session_id", session))


def _amount(name: str, found: object) -> float:
    if isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found < _AMOUNT_MAX:
        return found
    raise ValueError(f"usage.{name} should be a number of at least 0, it is {found!r:.60}")


def _target(found: object) -> HandoverTarget | None:
    """None: the agent has moved the task itself, or leaves it where it is."""
    if found is None:
        return None
    if not isinstance(found, dict):
        raise ValueError(f"to should be a JSON object, it is {found!r:.60}")
    queue, agent = _name("queue", found.get("queue")), _name("agent", found.get("agent"))
    return HandoverTarget(
        None if queue is None else QueueName(queue), None if agent is None else AgentName(agent)
    )


def _name(field: str, found: object) -> str | None:
    if found is None:
        return None
    if isinstance(found, str) and 0 < len(found) <= NAME_CHARS_MAX and _NAME_CHARS.issuperset(found):
        return found
    raise ValueError(f"to.{field} should be a name, it is {found!r:.60}")
