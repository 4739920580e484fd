"""``explain TASK``: the task, where it stands, every predicate, the one reason and the one lever (H2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from tinyscheduler.kit.fields import number_text
from tinyscheduler.model.action import OddAction, StopOrphan
from tinyscheduler.model.explanation import Explanation
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.intent import IntentAnswer
from tinyscheduler.model.lease import BrokenLease
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.reason import Held
from tinyscheduler.model.task import Task
from tinyscheduler.views.figures import wrapper_word
from tinyscheduler.views.held import found_text
from tinyscheduler.views.intents import outlook_text
from tinyscheduler.views.odd import mending_text, orphan_text
from tinyscheduler.views.run_trouble import what_comes
from tinyscheduler.views.seen import RunSeen
from tinyscheduler.views.table import Table, columns
from tinyscheduler.views.wording import ago_text, count_text, first_text, span_text


class Subject(NamedTuple):
    """Everything that is known of one task, of one moment."""

    now: datetime
    task_id: TaskId
    explanation: Explanation | None
    """None: the server did not say what the task is."""
    server_unknown: str | None
    """Why the server could not be asked; None: it answered."""
    run: RunSeen | None
    broken: BrokenLease | None
    ledger: Ledger | BrokenLedger | None
    attempts_max: int
    log: str | None
    """Of the newest attempt; None: it has not run."""
    next_pass_at: datetime | None
    """As expected; None: no pass has ended here yet."""
    intents: tuple[IntentAnswer, ...] = ()
    """What was asked of the next pass about it, and what it is going to make of it."""
    odd: tuple[OddAction, ...] = ()
    """What it does about its broken lease, and about processes that have none."""
    known_here: tuple[Held, ...] = ()
    """What is known on this machine to hold it, of a task that the server says nothing of."""
    unknown_since: datetime | None = None
    """Of the server; None: it answers, or this was the first time."""
    done_first: tuple[str, ...] = ()
    """What the next pass does before it starts anything; the plan was made without it."""
    slip: str = ""
    """The command that mends what looks like a slip of the pen in its queue or its assignee."""

    @property
    def is_known_here(self) -> bool:
        """We have had to do with it, whatever the server says."""
        return (self.run, self.broken, self.ledger) != (None, None, None)


def exit_code(subject: Subject) -> int:
    """3: the server is unknown; 4: it answers and does not know the task."""
    if subject.server_unknown is not None:
        return 3
    return 0 if subject.explanation is not None else 4


def explain_tables(subject: Subject) -> list[Table]:
    """For people: facts line by line, then the predicates."""
    told = subject.explanation
    title = f"task {subject.task_id}" + (f"  {told.task.title}" if told is not None else "")
    facts = tuple(_facts(subject))
    # What would hold a task that is done is of no use to anybody.
    is_over = told is None or told.standing in ("complete", "archived")
    rows = () if told is None or is_over else told.rows
    shown = tuple((_VERDICTS[row.verdict], row.name, found_text(row, subject.now), row.lever) for row in rows)
    return [
        Table("", (), ((title,),)),
        Table("", columns("", "*"), facts),
        Table("asked in this order", columns("", "QUESTION", "*FOUND", "*LEVER"), shown),
    ]


_VERDICTS = {"passed": "passed", "holds": "HOLDS", "skipped": "skipped"}


def held_now(subject: Subject) -> Held | None:
    """Also of a task of which nothing is known but what is on this disk: what the server would say of it
    comes first, and nobody hears it."""
    if subject.explanation is not None:
        return subject.explanation.held
    if subject.server_unknown is None or subject.run is not None or subject.broken is not None:
        return None
    before = next((held for held in subject.known_here if held.reason in ("estop", "paused")), None)
    if before is not None:
        return before
    lever, since = "make the task server answer again", subject.unknown_since
    return Held(subject.task_id, "server_unknown", subject.server_unknown, since=since, lever=lever)


def _facts(subject: Subject) -> Iterator[tuple[str, str]]:
    told = subject.explanation
    if told is not None:
        yield "task", _task_line(told.task, subject.now)
    yield from _server_facts(subject)
    yield "stands", _verdict(subject)
    held = held_now(subject)
    if held is not None and held.lever:
        yield "lever", held.lever
    if subject.done_first and told is not None and told.standing in ("starts", "held"):
        yield "first", first_text(subject.done_first)
    yield from _known_facts(subject, held)
    if subject.slip:
        yield "perhaps", f"a slip: {subject.slip}"
    if told is not None and told.standing in ("starts", "held"):
        waited = f", has waited {span_text(told.waited_s)}" if told.waited_s else ""
        yield "band", f"{told.band}{waited}"
    for answer in subject.intents:
        intent = answer.intent
        asked = f"{intent.kind}, by {intent.by}, {ago_text(intent.at, subject.now)}"
        yield "asked", f"{asked}: {outlook_text(answer)}"
    look = next_look_at(subject)
    if look is not None:
        yield "next look", ago_text(look, subject.now)
    yield from _odd_facts(subject)
    yield from _run_facts(subject)
    yield from _history(subject)
    if subject.log is not None:
        yield "log", subject.log


def _server_facts(subject: Subject) -> Iterator[tuple[str, str]]:
    if subject.server_unknown is not None:
        since = subject.unknown_since
        for_how_long = "" if since is None else f" since {ago_text(since, subject.now)}"
        yield "server", f"unknown{for_how_long}: {subject.server_unknown}"
    elif subject.explanation is None:
        yield "server", "it does not know this task"


def _known_facts(subject: Subject, told: Held | None) -> Iterator[tuple[str, str]]:
    """What holds it here besides what was told already."""
    for held in subject.known_here:
        if told is None or held.reason != told.reason:
            lever = f"; {held.lever}" if held.lever else ""
            yield "known here", f"{held.reason}: {found_text(held, subject.now)}{lever}"


def _task_line(task: Task, now: datetime) -> str:
    parts = [
        f"queue {task.queue}" if task.queue is not None else "no queue",
        f"assigned to {task.assigned_to}" if task.assigned_to is not None else "assigned to nobody",
        f"{task.status} on the server",
        f"priority {number_text(task.priority)}",
        f"created {ago_text(task.created_at, now)}",
    ]
    if task.created_by:
        parts.append(f"by {task.created_by}")
    return ", ".join(parts)


def _verdict(subject: Subject) -> str:
    """Where it stands, in one sentence."""
    told = subject.explanation
    if told is None:
        return _local_verdict(subject)
    match told.standing:
        case "complete":
            return f"complete since {ago_text(told.task.updated_at, subject.now)}; nothing is left to do"
        case "archived":
            return "archived; it is in no list any more"
        case "running" | "settling":
            return _local_verdict(subject)
        case "starts":
            assert told.start is not None, "a task that starts has an agent"
            ahead = f", after {count_text(told.tasks_ahead, 'other task')}" if told.tasks_ahead else ""
            return f"the next pass starts it on {told.start.agent.name}: {told.start.reason}{ahead}"
        case "held":
            assert told.held is not None, "a task that is held has a reason"
            ahead = f"; {count_text(told.tasks_ahead, 'task')} before it" if told.tasks_ahead else ""
            return f"held as {told.held.reason}: {found_text(told.held, subject.now)}{ahead}"


def _local_verdict(subject: Subject) -> str:
    if subject.broken is not None:
        return f"held: its lease cannot be read: {subject.broken.why}"
    if subject.run is None:
        held = held_now(subject)
        nothing = "not running here; nothing is left to do for it"
        return nothing if held is None else f"held as {held.reason}: {held.value}"
    lease, coming = subject.run.facts.lease, what_comes(subject.run)
    if lease.state == "finished":
        kind = lease.outcome.kind if lease.outcome is not None else "finished"
        comes = "the next pass settles it" if subject.run.elsewhere is None else subject.run.elsewhere[0]
        return f"its run on {lease.agent} ended as {kind}; {comes}"
    then = "" if coming is None else f"; {coming[0]}"
    return f"{lease.state} on {lease.agent}, attempt {lease.attempt}{then}"


def _odd_facts(subject: Subject) -> Iterator[tuple[str, str]]:
    for action in subject.odd:
        if isinstance(action, StopOrphan):
            yield "orphan", f"{orphan_text(action.run)}; the next pass ends them"
        else:
            yield "lease", mending_text(action.lease, action)


def _run_facts(subject: Subject) -> Iterator[tuple[str, str]]:
    if subject.run is None or subject.run.facts.lease.state == "finished":
        return
    facts, lease = subject.run.facts, subject.run.facts.lease
    left_s = lease.hard_limit_s - facts.run_age_s
    beat = f"for {span_text(facts.run_age_s)}, last beat {span_text(facts.beat_age_s)} ago"
    wrapper = f"wrapper {wrapper_word(subject.run)} (pid {lease.wrapper_pid or '-'})"
    left = f"{span_text(left_s)} left of {span_text(lease.hard_limit_s)}"
    yield "run", f"lease {lease.lease_id}, {beat}, {wrapper}, {left}"
    if facts.unwanted or facts.drift:
        yield "server", facts.unwanted or facts.drift
    if lease.progress_at is not None:
        yield "progress", f"last output {ago_text(lease.progress_at, subject.now)}"


def _history(subject: Subject) -> Iterator[tuple[str, str]]:
    ledger = subject.ledger
    if isinstance(ledger, BrokenLedger):
        yield "ledger", f"{ledger.path}: {ledger.why}"
    if not isinstance(ledger, Ledger) or _is_of_a_namesake(ledger, subject):
        return
    if ledger.outcomes:
        last = ledger.outcomes[-1]
        is_run = last.kind != "denied"
        how = f"the last one, on {last.agent}, ended" if is_run else f"a start on {last.agent} ended"
        history = f"{count_text(ledger.runs, 'run')}; {how} as {last.kind}"
        yield "history", f"{history} {ago_text(last.at, subject.now)}"
    if ledger.parked is not None:
        parked = ledger.parked
        yield "parked", f"by {parked.by}, {ago_text(parked.at, subject.now)}: {parked.why}"


def _is_of_a_namesake(ledger: Ledger, subject: Subject) -> bool:
    """The server was created anew, and has another task under this id."""
    told = subject.explanation
    return told is not None and told.task.created_at != ledger.task_created_at


def next_look_at(subject: Subject) -> datetime | None:
    """None: nothing is to come, or nobody knows when."""
    told = subject.explanation
    if told is not None and told.standing in ("complete", "archived"):
        return None
    if told is not None and told.held is not None and told.held.next_look_at is not None:
        return told.held.next_look_at
    return subject.next_pass_at
