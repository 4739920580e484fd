"""Intents and what is known of their tasks, for tests of the tables."""

from __future__ import annotations

from datetime import datetime

from tests.builders import NOW, SOURCE
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
from tinyscheduler.model.intent import Intent, IntentKind
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import BrokenLease
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import LeaseFacts
from tinyscheduler.model.task import Comment, Task, TaskDetail
from tinyscheduler.planner.intent_subject import Subject, intent_marker

STATE_ID = "state"
"""That of ``an_open_run``."""


def an_intent(
    kind: IntentKind = "stop",
    task_id: str = "1",
    *,
    lease_id: str | None = None,
    requeue: bool = False,
    at: datetime = NOW,
    source: str = SOURCE,
    number: int = 1,
    mark: str = "",
) -> Intent:
    """Asked just now by bob, of whatever the task does."""
    return Intent(
        f"20260131T120000.{number:06d}Z-0000000{number % 10}",
        kind,
        TaskId(task_id),
        None if lease_id is None else LeaseId(lease_id),
        "bob",
        at,
        "asked by bob",
        requeue,
        source,
        mark,
    )


def a_subject(
    intent: Intent,
    *,
    lease: LeaseFacts | None = None,
    broken: BrokenLease | None = None,
    ledger: Ledger | BrokenLedger | None = None,
    task: Task | None = None,
    is_asked: bool = True,
    is_said: bool = False,
    unknown: str | None = None,
    has_open_children: bool = False,
    living: tuple[int, ...] = (),
) -> Subject:
    """A task that nothing is known of but what is said here; without a task the server knows none."""
    comments = (Comment("1", f"said {intent_marker(intent)}", None, NOW),) if is_said else ()
    found = Known(None if task is None else TaskDetail(task, comments))
    asked = found if is_asked else None
    return Subject(
        intent,
        NOW,
        lease,
        broken,
        ledger,
        frozenset({AgentName("dev-1")}),
        SOURCE,
        STATE_ID,
        Policy(),
        Unknown(unknown) if unknown is not None else asked,
        has_open_children,
        living,
        frozenset({QueueName("dev")}),
    )
