"""What holds a task while the task server does not answer: as much of the table as this disk can say.

Apart from ``explain``, which explains a task as the server shows it. Here there is none, only what passes
have written down: where it waited, and what its runs have come to.
"""

from __future__ import annotations

from collections.abc import Iterator

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Waiting
from tinyscheduler.planner.holds import held_of
from tinyscheduler.planner.rules import RULES
from tinyscheduler.planner.view import view_of

_OF_ANY: frozenset[HeldReason] = frozenset({"estop", "paused", "settling", "ledger_unreadable", "not_before"})
_OF_ITS_PLACE: frozenset[HeldReason] = frozenset({
    "disabled", "cooldown", "no_recipe", "no_agent", "account_limited", "agent_quarantined", "inactive_hours",
    "disk", "denied",
})  # fmt: skip
"""Asked where a pass has written down in whose queue it is, or whose it is."""


def known_here(task_id: TaskId, snapshot: StartSnapshot) -> tuple[Held, ...]:
    """In the order of the table; of ``snapshot`` the backlog is unknown. What the server would say of the
    task may hold it as well."""
    waiting, ledger = snapshot.waiting.get(task_id), snapshot.ledgers.get(task_id)
    found = tuple(_found(_stand_in(task_id, waiting, ledger, snapshot), snapshot, waiting is not None))
    if waiting is None or any(held.reason == waiting.reason for held in found):
        return found
    value = "so the last pass found it that has seen it on the server"
    return (*found, Held(task_id, waiting.reason, value, since=waiting.held_since))


def _stand_in(
    task_id: TaskId, waiting: Waiting | None, ledger: Ledger | BrokenLedger | None, snapshot: StartSnapshot
) -> Task:
    """Nobody sees it: it is what the rules ask about a task."""
    made_at = waiting.created_at if waiting is not None else snapshot.now
    if isinstance(ledger, Ledger):
        made_at = ledger.task_created_at
    queue, agent = (None, None) if waiting is None else (waiting.queue, waiting.assigned_to)
    return Task(task_id, "", "idle", agent, queue, 0.0, made_at, made_at)


def _found(task: Task, snapshot: StartSnapshot, is_placed: bool) -> Iterator[Held]:
    view = view_of(snapshot)
    asked = _OF_ANY | _OF_ITS_PLACE if is_placed else _OF_ANY
    for rule in RULES:
        if rule.reason == "parked":
            yield from _parked(task.id, snapshot)
        elif rule.reason in asked and rule.find is not None:
            finding = rule.find(task, view)
            if finding is not None:
                yield held_of(task, rule.reason, finding, view)


def _parked(task_id: TaskId, snapshot: StartSnapshot) -> Iterator[Held]:
    """Whether it was changed since is the server's to say."""
    ledger = snapshot.ledgers.get(task_id)
    if isinstance(ledger, Ledger) and ledger.source == snapshot.source and ledger.parked is not None:
        parked, lever = ledger.parked, f"tinyscheduler retry {task_id}"
        yield Held(task_id, "parked", parked.why, since=parked.at, lever=lever)
