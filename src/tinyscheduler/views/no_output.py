"""Why ``logs`` has nothing to show, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import WHY_CHARS_MAX, PastRun
from tinyscheduler.views.wording import line_text


class NoOutput(NamedTuple):
    """One attempt without a word."""

    message: str
    hint: str


def no_output(attempt: int, lease: Lease | None, past: PastRun | None, *, is_over: bool) -> NoOutput:
    """``lease`` and ``past`` are of this attempt, as far as they are known."""
    if not is_over:
        state = "has not been started yet" if lease is None or lease.agent_pid is None else "runs"
        return NoOutput(f"attempt {attempt} has said nothing yet: its agent {state}", "-f waits for it")
    kind = lease.outcome.kind if lease is not None and lease.outcome is not None else past and past.kind
    why = lease.outcome.summary if lease is not None and lease.outcome is not None else past and past.why
    because = f": {line_text(why, chars_max=WHY_CHARS_MAX)}" if why else ""
    if kind == "start_failed":
        return NoOutput(
            f"attempt {attempt} has no output, its agent could not be started{because}",
            "mend its command or workspace in agent-control; tinyscheduler validate-config --online "
            "looks at them",
        )
    if kind is None:
        return NoOutput(f"attempt {attempt} has said nothing", "wrapper.log beside it may say more")
    return NoOutput(f"attempt {attempt} has said nothing, it ended as {kind}{because}", "")
