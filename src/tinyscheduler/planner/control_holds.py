"""Why a task is held by what a person has said about when and whether: the rows of ``rules`` about control.

Some are about a task, some about those who could run it and some about the machine; to whoever asks why
nothing starts that is one question.
"""

from __future__ import annotations

from tinyscheduler.model.ledger import Ledger, PastRun
from tinyscheduler.model.task import Task
from tinyscheduler.planner.agent_holds import behind_gates
from tinyscheduler.planner.pauses import end_text, lever, pause_of_task, words
from tinyscheduler.planner.retry import mark
from tinyscheduler.planner.view import Finding, View, ledger_of

DENIALS_KEPT = 20
"""In a row: more than the delay between them has rungs (1 s doubled up to a day)."""


def paused(task: Task, view: View) -> Finding | None:
    """Everything, its queue, the task itself, or everybody who could run it (features E1)."""
    if not view.pauses:
        return None
    pause = pause_of_task(task, view.pauses)
    if pause is None:
        return behind_gates(task, view, "paused")
    return Finding(
        words(pause), lever(pause), limit=end_text(pause), since=pause.at, next_look_at=pause.until
    )


def inactive_hours(task: Task, view: View) -> Finding | None:
    """Of its queue, or of everybody who could run it (features D19)."""
    closed = view.snapshot.closed_hours.queues.get(task.queue) if task.queue is not None else None
    if closed is None:
        return behind_gates(task, view, "inactive_hours")
    return Finding(
        f"queue {task.queue} works {closed.hours}",
        "wait, or change [hours] in tinyscheduler.toml",
        limit="" if closed.opens_at is None else f"{closed.opens_at:%Y-%m-%dT%H:%M:%SZ}",
        next_look_at=closed.opens_at,
    )


def pressure(task: Task, view: View) -> Finding | None:
    """The machine has enough to do with what runs, or the queues are too full (features D14)."""
    if view.busy is None:
        return None if view.depth is None else _deep(task, view)
    value, limit, key = view.busy
    deed = f"wait, or write the lines [pressure] and {key} = 0 (no limit) into tinyscheduler.toml"
    return Finding(value, deed, limit=limit)


def _deep(task: Task, view: View) -> Finding | None:
    # Nearly all queues are shallow, and load none of it.
    from tinyscheduler.planner.depth import deep_queues

    return deep_queues(task, view)


def denied(task: Task, view: View) -> Finding | None:
    """A command of the operator's said no a short time ago (features D18)."""
    ledger = ledger_of(task, view)
    last = last_denial(ledger) if isinstance(ledger, Ledger) else None
    if last is None or not isinstance(ledger, Ledger) or ledger.not_before is None:
        return None
    if ledger.not_before <= view.snapshot.now or not _is_of(last, view.snapshot.policy.pre_start):
        return None
    return Finding(
        denial_value(last.code, last.why or "no"),
        denial_lever(last.code, task),
        limit=f"{ledger.not_before:%Y-%m-%dT%H:%M:%SZ}",
        since=last.at,
        next_look_at=ledger.not_before,
    )


def _is_of(denial: PastRun, command: tuple[str, ...]) -> bool:
    """It was this command's no. That of one that is asked no more holds nobody; who had it before commands
    were noted is believed."""
    return bool(command) and denial.result_hash in (None, command_mark(command))


def command_mark(command: tuple[str, ...]) -> str:
    """By which a no is known for that of this command."""
    return mark("\0".join(command))


def denial_value(code: int | None, why: str) -> str:
    """``code`` None: the command gave no answer."""
    return f"pre_start said: {why}" if code is not None else f"pre_start gave no answer: {why}"


def denial_lever(code: int | None, task: Task) -> str:
    """What helps at once; it is asked again by itself."""
    deed = "do what it says" if code is not None else "mend the command in [hooks] of tinyscheduler.toml"
    return f"{deed}; it is asked again by itself, or at once after: tinyscheduler retry {task.id}"


def last_denial(ledger: Ledger) -> PastRun | None:
    """None: the last thing that happened to the task was something else."""
    last = ledger.outcomes[-1] if ledger.outcomes else None
    return last if last is not None and last.kind == "denied" else None


def with_few_denials(ledger: Ledger) -> Ledger:
    """Without the oldest of many denials in a row: a command that says no for weeks must not push out of the
    ledger what the task's runs have cost."""
    past = ledger.outcomes
    tail = len(past)
    while tail and past[tail - 1].kind == "denied":
        tail -= 1
    if len(past) - tail < DENIALS_KEPT:
        return ledger
    # What the count of attempts begins after has to stay, or it would begin before all of them.
    oldest = tail + (past[tail].lease_id == ledger.counted_after)
    return ledger._replace(outcomes=(*past[:oldest], *past[oldest + 1 :]))
