"""What an ended run costs its task: the outcome table of contracts.md as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from tinyscheduler.model.ids import AgentName
from tinyscheduler.model.lease import Lease, Outcome, OutcomeClass
from tinyscheduler.model.ledger import OUTCOMES_KEPT, WHY_CHARS_MAX, Asked, Ledger, OpenRun, Parked, PastRun
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.task import Task

Delay = Literal["none", "base", "ladder", "until"]

Told = Literal["never", "parked", "each", "agent", "account"]
"""When people hear of it beyond the comment on the task: when it parks the task, each time, or once of
the agent or the account that it closes."""


class Cost(NamedTuple):
    """One row of the table."""

    is_spent: bool
    """Counts towards ``max_attempts``."""
    delay: Delay
    free_in_a_row: int | None = None
    """After so many runs in a row that cost nothing, of whatever kind, it does count: what costs nothing must
    not go round for ever."""
    counts_own: bool = False
    """Only runs of the same agent count towards that: what one agent leaves, another may well do."""
    parks: bool = False
    """At once, whatever the count: only a person can say that it should go on."""
    told: Told = "never"


COSTS: Mapping[OutcomeClass, Cost] = {
    "succeeded": Cost(False, "none"),
    "partial": Cost(False, "base", 3),
    "handed_off": Cost(False, "none", 10, counts_own=True),
    "no_result": Cost(True, "base", told="parked"),
    "failed": Cost(True, "ladder", told="parked"),
    "killed": Cost(True, "ladder", told="parked"),
    "timed_out": Cost(True, "ladder", told="each"),
    "stalled": Cost(True, "ladder", told="each"),
    "lost": Cost(True, "ladder", told="parked"),
    "start_failed": Cost(False, "base", told="agent"),
    "rate_limited": Cost(False, "until", 10, counts_own=True, told="account"),
    "deferred": Cost(False, "base", 10),
    "interrupted": Cost(False, "none", 10),
    "cancelled": Cost(False, "none", parks=True),
    "gate_failed": Cost(True, "ladder", told="each"),
    "budget_exceeded": Cost(True, "ladder", parks=True, told="each"),
    "denied": Cost(False, "ladder", told="each"),
    "unsettled": Cost(False, "none", told="each"),
}

STOPPED: frozenset[OutcomeClass] = frozenset({"cancelled", "handed_off", "interrupted", "lost"})
"""What a run that a person has stopped may be called in the end: its task was moved on the server
meanwhile, an ESTOP or a shutdown was quicker, its lease was given up or lost. It is parked all the same: who
says stop means the task."""

SAME_SUCCESSES_MAX = 3
"""Successes in a row that leave everything as it was: the task comes back for a reason that no further
run will mend (features C5)."""


def after_run(
    ledger: Ledger, run: Lease | OpenRun, outcome: Outcome, policy: Policy, *, is_passed_on: bool = False
) -> Ledger:
    """The ledger after this run. Once per lease_id: a repeated settlement changes nothing, nor does that of
    an older lease that somebody has put back while another run is open.
    ``is_passed_on``: the run has left its task to somebody else."""
    if any(past.lease_id == run.lease_id for past in ledger.outcomes):
        is_its_own = ledger.open is None or ledger.open.lease_id == run.lease_id
        return ledger._replace(open=None) if is_its_own else ledger
    past = PastRun(
        run.lease_id,
        run.agent,
        outcome.kind,
        outcome.at,
        not is_passed_on and _is_spent(ledger, run.agent, outcome.kind),
        outcome.code,
        _trace(ledger, run, outcome),
        why=outcome.summary[:WHY_CHARS_MAX],
        is_passed_on=is_passed_on,
    )
    after = ledger._replace(open=None, outcomes=(*ledger.outcomes, past)[-OUTCOMES_KEPT:])
    return after._replace(
        not_before=_not_before(outcome, _rung(after), ledger, policy),
        parked=ledger.parked or _parked(after, outcome, policy, _asked(ledger, run)),
    )


def released(ledger: Ledger) -> Ledger:
    """Free to run again, with all its attempts before it; what has been stays to be read."""
    last = ledger.outcomes[-1].lease_id if ledger.outcomes else ledger.counted_after
    return ledger._replace(parked=None, not_before=None, counted_after=last)


def counted(ledger: Ledger) -> tuple[PastRun, ...]:
    """The runs since the task was last released; of a release too long ago to be seen, all."""
    marks = [at for at, past in enumerate(ledger.outcomes) if past.lease_id == ledger.counted_after]
    return ledger.outcomes[marks[-1] + 1 :] if marks else ledger.outcomes


def spent_attempts(ledger: Ledger) -> int:
    """Counted outcomes that spend, since the last one that cleared the count."""
    count = 0
    for past in counted(ledger):
        count = 0 if past.kind == "succeeded" else count + past.is_spent
    return count


def content(task: Task) -> str:
    """What the task asks for: the same text is the same piece of work, whoever has it."""
    return ":".join(mark(text) for text in (task.title, task.description, task.queue or ""))


def fingerprint(task: Task) -> str:
    """What a person would change to say "try again" (features C4), readable and exact enough: a
    change of any of the four gives another text."""
    texts = (task.title, task.description, task.assigned_to or "", task.queue or "")
    return ":".join(mark(text) for text in texts)


def parked_now(ledger: Ledger, task: Task) -> Parked | None:
    """None: it is not parked, was released by a change, or the ledger is of a namesake."""
    parked = ledger.parked if ledger.task_created_at == task.created_at else None
    return parked if parked is not None and parked.fingerprint == fingerprint(task) else None


def mark(text: str) -> str:
    """Tells one text from another; short, and nothing of the text can be read in it."""
    return f"{len(text)}.{_checksum(text):08x}"


def _trace(ledger: Ledger, run: Lease | OpenRun, outcome: Outcome) -> str | None:
    """What a success has left behind and of what; None: it cannot be told, or it was none."""
    is_open = ledger.open is not None and ledger.open.lease_id == run.lease_id
    asked_for = ledger.open.content if ledger.open is not None and is_open else ""
    is_known = outcome.kind == "succeeded" and outcome.digest and asked_for
    return f"{asked_for}/{outcome.digest}" if is_known else None


def _is_spent(ledger: Ledger, agent: AgentName, kind: OutcomeClass) -> bool:
    cost = COSTS[kind]
    if cost.free_in_a_row is None:
        return cost.is_spent
    free = [past for past in _free_in_a_row(ledger) if past.agent == agent or not cost.counts_own]
    return len(free) + 1 >= cost.free_in_a_row


def _free_in_a_row(ledger: Ledger) -> Iterator[PastRun]:
    """Runs that have cost nothing, since the last one that did, that succeeded, or that left the task to
    somebody else (ADR 0060). Runs that never began, or that a person has stopped, are looked past."""
    for past in reversed(counted(ledger)):
        if past.is_spent or past.is_passed_on or past.kind == "succeeded":
            return
        if COSTS[past.kind].free_in_a_row is not None:
            yield past


def _not_before(outcome: Outcome, rung: int, ledger: Ledger, policy: Policy) -> datetime | None:
    match COSTS[outcome.kind].delay:
        case "none":
            return None
        case "ladder":
            delay_s = min(policy.retry_base_s * 2 ** max(0, rung - 1), policy.retry_max_s)
        case _:
            delay_s = policy.retry_base_s
    not_before = outcome.at + timedelta(seconds=delay_s * _jitter(ledger))
    if COSTS[outcome.kind].delay == "until" and outcome.until is not None:
        # Not less than the base: a limit that is over by now would start the same run again at once.
        not_before = max(not_before, outcome.until)
    return not_before


def _rung(after: Ledger) -> int:
    """Of the ladder: attempts that were spent, or how often in a row the task was denied, which spends
    none."""
    runs = counted(after)
    denials = 0
    while denials < len(runs) and runs[-1 - denials].kind == "denied":
        denials += 1
    return denials or spent_attempts(after)


def _jitter(ledger: Ledger) -> float:
    """1.0 to 1.1 from a hash of task and attempt: tasks that failed together do not come back
    together, and the same snapshot still gives the same plan."""
    return 1.0 + _checksum(f"{ledger.task_id}/{ledger.runs}") % 1000 / 10_000


def _asked(ledger: Ledger, run: Lease | OpenRun) -> Asked | None:
    is_open = ledger.open is not None and ledger.open.lease_id == run.lease_id
    return ledger.open.asked if ledger.open is not None and is_open else None


def _parked(after: Ledger, outcome: Outcome, policy: Policy, asked: Asked | None) -> Parked | None:
    if asked is not None and not asked.requeue and outcome.kind in STOPPED:
        # A person's word counts for what a person has stopped: it says also what comes next.
        return Parked(asked.reason, asked.by, outcome.at, "")
    if asked is not None and outcome.kind == "cancelled":
        return None
    why = _why_parked(after, outcome, policy)
    # The fingerprint is filled in by whoever knows the task as it is left on the server.
    return None if why is None else Parked(why, "scheduler", outcome.at, "")


def _why_parked(after: Ledger, outcome: Outcome, policy: Policy) -> str | None:
    """The first rule that holds."""
    spent = spent_attempts(after)
    if COSTS[outcome.kind].parks:
        return f"its run ended as {outcome.kind}"
    if outcome.kind == "failed" and is_permanent(outcome.code, policy):
        return f"exit status {outcome.code}, after which no other attempt is made"
    if spent >= policy.max_attempts:
        return f"{spent} attempts, the last one {outcome.kind}"
    if _is_without_progress(after):
        return f"{SAME_SUCCESSES_MAX} successes without progress"
    return None


def is_permanent(code: int | None, policy: Policy) -> bool:
    """By this exit code the agent says that another attempt is of no use."""
    if not code:
        return False
    is_listed = not policy.retryable_exits or code in policy.retryable_exits
    return code in policy.permanent_exits or not is_listed


def _is_without_progress(after: Ledger) -> bool:
    last = counted(after)[-SAME_SUCCESSES_MAX:]
    traces = {past.result_hash for past in last}
    return len(last) == SAME_SUCCESSES_MAX and len(traces) == 1 and None not in traces


def _checksum(text: str) -> int:
    """FNV-1a, 32 bits: pure, stable between runs (unlike ``hash``), and needs no import."""
    value = 0x811C9DC5
    for byte in text.encode("utf-8", "surrogatepass"):
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value
