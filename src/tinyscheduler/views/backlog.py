"""``backlog``: what runs, then every task that waits, in the order in which it would start (features H3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.kit.fields import instant_text_or_none
from tinyscheduler.model.action import Start
from tinyscheduler.model.lineup import Waiter
from tinyscheduler.model.snapshot import QueueGap
from tinyscheduler.views.held import found_text, held_json, id_json
from tinyscheduler.views.seen import NOTHING_UNSERVED, RunSeen, UnservedSeen, problem_text
from tinyscheduler.views.table import Table, columns
from tinyscheduler.views.unserved import of_queue, unserved_json, unserved_problems
from tinyscheduler.views.wording import count_text, first_text, span_text


class BacklogSeen(NamedTuple):
    """Everything ``backlog`` shows, of one moment."""

    now: datetime
    runs: tuple[RunSeen, ...]
    waiters: tuple[Waiter, ...]
    """In their order."""
    server_unknown: str | None
    """Why nobody knows what waits; None: it is known."""
    gaps: tuple[QueueGap, ...] = ()
    """Lists that could not be read: their tasks are not among the waiters."""
    limits: tuple[str, ...] = ()
    done_first: tuple[str, ...] = ()
    """What the next pass does before it starts anything; the plan was made without it."""
    unserved: UnservedSeen = NOTHING_UNSERVED
    """What waits where nobody of ours looks."""
    passed_over: int = 0
    """Tasks that wait and are not what was asked for."""


def filtered(seen: BacklogSeen, *, queue: str | None, reason: str | None) -> BacklogSeen:
    """Only what is of this queue, and of what waits only what is held for this reason."""
    runs = tuple(run for run in seen.runs if queue is None or run.facts.lease.queue == queue)
    waiters = tuple(
        waiter
        for waiter in seen.waiters
        if (queue is None or waiter.task.queue == queue) and (reason is None or _word(waiter) == reason)
    )
    # They are in no plan, and so have no reason.
    unserved = of_queue(seen.unserved, queue) if reason is None else NOTHING_UNSERVED
    left = len(seen.waiters) - len(waiters)
    runs = () if reason is not None else runs
    return seen._replace(runs=runs, waiters=waiters, unserved=unserved, passed_over=left)


def backlog_json(seen: BacklogSeen) -> dict[str, object]:
    """The body of ``backlog --json``."""
    is_known = seen.server_unknown is None
    return {
        "running": [_run_json(run) for run in seen.runs],
        "waiting": [_waiter_json(waiter) for waiter in seen.waiters] if is_known else None,
        "sums": dict(_sums(seen)) if is_known else None,
        "server_unknown": seen.server_unknown,
        "gaps": [{"queue": gap.queue, "agent": gap.agent, "why": gap.why} for gap in seen.gaps],
        "limits": list(seen.limits),
        "done_first": list(seen.done_first),
        "unserved": unserved_json(seen.unserved),
    }


def backlog_tables(seen: BacklogSeen) -> list[Table]:
    """For people."""
    return [
        _run_table(seen),
        _waiter_table(seen),
        _sum_table(seen),
        Table("", (), tuple((remark,) for remark in _remarks(seen))),
    ]


def _word(waiter: Waiter) -> str:
    """The reason it waits for, ``starts`` for one that does not wait any more."""
    return "starts" if isinstance(waiter.answer, Start) else waiter.answer.reason


def _sums(seen: BacklogSeen) -> Mapping[str, int]:
    """The word with most tasks first."""
    counts = Counter(_word(waiter) for waiter in seen.waiters)
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def _run_table(seen: BacklogSeen) -> Table:
    rows = tuple(
        (
            run.facts.lease.task_id,
            run.facts.lease.agent,
            run.facts.lease.queue or "-",
            run.facts.lease.state,
            span_text(run.facts.run_age_s),
            span_text(run.facts.lease.hard_limit_s - run.facts.run_age_s),
        )
        for run in seen.runs
    )
    heads = columns(">TASK", "AGENT", "-QUEUE", "STATE", ">AGE", "->LEFT")
    return Table(f"{count_text(len(rows), 'task')} in flight", heads, rows)


def _waiter_table(seen: BacklogSeen) -> Table:
    rows = tuple(_waiter_row(waiter, seen.now) for waiter in seen.waiters)
    # On a narrow terminal a title says more than how long it has waited.
    heads = columns(">TASK", "-QUEUE", "-BAND", "->WAITED", "WHY", "*FOUND", "*LEVER", "~TITLE")
    return Table(f"{count_text(len(rows), 'task')} waiting, the next one first", heads, rows)


def _waiter_row(waiter: Waiter, now: datetime) -> tuple[str, ...]:
    task, answer = waiter.task, waiter.answer
    if isinstance(answer, Start):
        found, lever = f"on {answer.agent.name} in the next pass: {answer.reason}", ""
    else:
        found, lever = found_text(answer, now), answer.lever
    waited = span_text(waiter.waited_s) if waiter.waited_s else "-"
    return task.id, task.queue or "-", waiter.band, waited, _word(waiter), found, lever, task.title


def _sum_table(seen: BacklogSeen) -> Table:
    rows = tuple((word, str(count)) for word, count in _sums(seen).items())
    return Table("sums (docs/reasons.md says what the words mean)", columns("WHY", ">TASKS"), rows)


def _remarks(seen: BacklogSeen) -> list[str]:
    if seen.server_unknown is not None:
        return [f"what waits is not known: {seen.server_unknown}"]
    remarks = [f"not known: {gap.queue or gap.agent or 'tasks'}: {gap.why}" for gap in seen.gaps]
    remarks += [f"limit reached: {limit}" for limit in seen.limits]
    if seen.done_first and seen.waiters:
        remarks.append(first_text(seen.done_first))
    remarks += [problem_text(problem) for problem in unserved_problems(seen.unserved)]
    if seen.waiters or remarks:
        return remarks
    others = count_text(seen.passed_over, "other task")
    return [f"nothing like that waits; not shown: {others}" if seen.passed_over else "nothing waits"]


def _run_json(run: RunSeen) -> dict[str, object]:
    facts, lease = run.facts, run.facts.lease
    return {
        "task_id": id_json(lease.task_id),
        "agent": lease.agent,
        "queue": lease.queue,
        "state": lease.state,
        "attempt": lease.attempt,
        "age_sec": round(facts.run_age_s, 1),
        "left_sec": round(lease.hard_limit_s - facts.run_age_s, 1),
    }


def _waiter_json(waiter: Waiter) -> dict[str, object]:
    task, answer = waiter.task, waiter.answer
    return {
        "task_id": id_json(task.id),
        "title": task.title,
        "queue": task.queue,
        "assigned_to": task.assigned_to,
        "priority": task.priority,
        "band": waiter.band,
        "waiting_since": instant_text_or_none(waiter.waiting_since),
        "waited_sec": round(waiter.waited_s, 1),
        "start": {"agent": answer.agent.name, "reason": answer.reason} if isinstance(answer, Start) else None,
        "held": None if isinstance(answer, Start) else held_json(answer),
    }
