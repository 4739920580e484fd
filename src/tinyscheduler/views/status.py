"""``status`` for people: problems first, then what runs, what is free, what waits and why (H1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.past_pass import PastPass
from tinyscheduler.views.figures import (
    IDS_SHOWN_MAX,
    held_by_reason,
    next_pass_at,
    progress_age_s,
    queue_rooms,
    runs_seen,
    slots_used,
    wrapper_word,
)
from tinyscheduler.views.holding import holding_text
from tinyscheduler.views.intents import intent_table
from tinyscheduler.views.pauses import pause_table
from tinyscheduler.views.schedules import schedule_table
from tinyscheduler.views.seen import Problem, RunSeen, Seen, problem_text
from tinyscheduler.views.table import Table, columns
from tinyscheduler.views.wording import ago_text, count_text, counts_text, span_text

SAME_SHOWN_MAX = 10
"""Of one kind of problem; ``--json`` has all."""


def status_tables(seen: Seen, problems: Sequence[Problem]) -> list[Table]:
    """For people; tables without rows are not shown."""
    return [
        _problem_table(problems),
        pause_table(seen.pauses, seen.now),
        intent_table(seen.intents, seen.now),
        _lease_table(seen),
        _agent_table(seen),
        _queue_table(seen),
        _start_table(seen),
        _held_table(seen),
        schedule_table(seen.schedules, seen.now),
        _parked_table(seen),
        _pass_table(seen),
    ]


def _problem_table(problems: Sequence[Problem]) -> Table:
    """The same trouble many times over is one cause: some of it is shown, and how much there is."""
    counts = Counter(problem.reference for problem in problems)
    shown: Counter[str] = Counter()
    rows = []
    for problem in problems:
        word = "note" if problem.severity == "note" else "PROBLEM"
        shown[problem.reference] += 1
        if shown[problem.reference] <= SAME_SHOWN_MAX:
            rows.append((word, problem_text(problem)))
        elif shown[problem.reference] == SAME_SHOWN_MAX + 1:
            rows.append((word, f"{problem.reference}: {counts[problem.reference] - SAME_SHOWN_MAX} more"))
    return Table("", columns("", "*"), tuple(rows))


def _lease_table(seen: Seen) -> Table:
    heads = columns(
        ">TASK", "AGENT", "-QUEUE", "STATE", "-WRAPPER", "-CONTAINED", "->ATTEMPT", ">AGE", "->BEAT",
        "->PROGRESS", "->LEFT",
    )  # fmt: skip
    runs = runs_seen(seen)
    title = f"{count_text(len(runs), 'task')} in flight"
    return Table(title, heads, tuple(_lease_row(run, seen) for run in runs))


def _lease_row(run: RunSeen, seen: Seen) -> tuple[str, ...]:
    facts, lease = run.facts, run.facts.lease
    progress_s = progress_age_s(run, seen)
    left_s = lease.hard_limit_s - facts.run_age_s
    is_over = lease.state == "finished"
    return (
        lease.task_id,
        lease.agent,
        lease.queue or "-",
        lease.state,
        "ended" if is_over else _wrapper_text(run, seen),
        "-" if wrapper_word(run) == "awaited" else lease.containment,
        str(lease.attempt),
        span_text(facts.run_age_s),
        span_text(facts.beat_age_s),
        "-" if progress_s is None else span_text(progress_s),
        "-" if is_over else span_text(left_s) if left_s >= 0 else f"-{span_text(-left_s)}",
    )


def _wrapper_text(run: RunSeen, seen: Seen) -> str:
    """With the time that it has, as long as it has not come."""
    word = wrapper_word(run)
    if word != "awaited" or run.facts.lease.state != "starting":
        return word
    return f"awaited, {span_text(run.facts.run_age_s)} of {seen.configuration.policy.start_timeout_s}s"


def _agent_table(seen: Seen) -> Table:
    used = slots_used(seen)
    rows = tuple(
        (agent.name, " ".join(agent.queues) or "-", _slots_text(agent, used[agent.name]))
        for agent in seen.configuration.agents
    )
    in_use = sum(used.values()) + len(seen.broken)
    title = f"slots: {in_use} of {seen.configuration.policy.max_parallel} in use"
    if not isinstance(seen.runs, Known):
        return Table("", (), ())
    return Table(title, columns("AGENT", "QUEUES", ">SLOTS"), rows)


def _slots_text(agent: Agent, used: int) -> str:
    return f"{used}/{agent.slots}" if agent.is_enabled else f"{used}/{agent.slots} off"


def _queue_table(seen: Seen) -> Table:
    rows = tuple(
        (
            room.name,
            "?" if room.running is None else str(room.running),
            "-" if room.cap is None else str(room.cap),
            str(room.slots),
            "?" if room.waiting is None else str(room.waiting),
        )
        for room in queue_rooms(seen)
    )
    return Table("queues", columns("QUEUE", ">RUNNING", ">CAP", ">SLOTS", ">WAITING"), rows)


def _start_table(seen: Seen) -> Table:
    starts = seen.plan.starts if seen.plan is not None else ()
    rows = tuple((start.task.id, start.agent.name, start.reason, start.task.title) for start in starts)
    # What is in its way is not known to the plan, which knows the tasks.
    is_sure = not seen.state_faults and not seen.settings_fault
    title = "the next pass starts" if is_sure else "the next pass starts, if the problems above let it"
    return Table(title, columns(">TASK", "AGENT", "-WHY", "~TITLE"), rows)


def _held_table(seen: Seen) -> Table:
    rows = tuple(
        (reason, str(len(ids)), " ".join(ids[:IDS_SHOWN_MAX]) + (" ..." if len(ids) > IDS_SHOWN_MAX else ""))
        for reason, ids in held_by_reason(seen).items()
    )
    return Table("held (tinyscheduler explain TASK says more)", columns("REASON", ">TASKS", "WHICH"), rows)


def _parked_table(seen: Seen) -> Table:
    rows = tuple(
        (entry.task_id, ago_text(entry.parked.at, seen.now), entry.parked.by, entry.parked.why)
        for entry in seen.shelf.parked
    )
    return Table("parked", columns(">TASK", "SINCE", "-BY", "*WHY"), rows)


def _pass_table(seen: Seen) -> Table:
    at_work = () if seen.lock is None else ((f"a pass is at work: {holding_text(seen.lock, seen.now)}",),)
    last = seen.last_pass
    if not isinstance(last, PastPass):
        return Table("", (), at_work)
    counts = counts_text(last.counts)
    ended = f"last pass {ago_text(last.ended_at, seen.now)}: exit {last.exit_code}, {last.duration_s:.2f} s"
    expected = next_pass_at(seen)
    assert expected is not None, "there was a pass"
    next_one = f"next pass expected by {ago_text(expected, seen.now)}"
    return Table("", (), (*at_work, (f"{ended}, {counts}",), (next_one,)))
