"""One example for each row of the table of ``approve``."""

from __future__ import annotations

from tests.builders import a_broken_ledger, a_ledger, a_task
from tests.unit.planner.intent_scenes import a_subject, an_intent
from tests.unit.planner.need_scenes import an_approval
from tinyscheduler.planner.approval import approval_mark
from tinyscheduler.planner.intent_subject import Subject
from tinyscheduler.planner.intents import Deed

ASKS = a_task(tags=["needs-approval"])
CHANGED = a_task(tags=["needs-approval"], description="and something else")
INTENT = an_intent("approve", mark=approval_mark(ASKS))

CASES_OF_APPROVAL: tuple[tuple[str, Deed, Subject], ...] = (
    ("other_server", "refuse", a_subject(INTENT._replace(source="fake:2"), task=ASKS)),
    ("ledger_unreadable", "refuse", a_subject(INTENT, ledger=a_broken_ledger(), task=ASKS)),
    ("unasked", "ask", a_subject(INTENT, is_asked=False)),
    ("server_unknown", "wait", a_subject(INTENT, unknown="it is down")),
    ("gone", "refuse", a_subject(INTENT)),
    ("complete", "nothing", a_subject(INTENT, task=a_task(status="complete", tags=["needs-approval"]))),
    ("unclear", "refuse", a_subject(INTENT, task=a_task(description="approval: perhaps"))),
    ("unwanted", "nothing", a_subject(INTENT, task=a_task())),
    ("approved", "done", a_subject(INTENT, ledger=a_ledger(approvals=[an_approval(ASKS)]), task=ASKS)),
    ("changed", "refuse", a_subject(INTENT, task=CHANGED)),
    ("changed", "refuse", a_subject(an_intent("approve"), task=ASKS)),
    ("wanted", "approve", a_subject(INTENT, task=ASKS)),
    ("wanted", "approve", a_subject(INTENT, ledger=a_ledger(approvals=[an_approval(CHANGED)]), task=ASKS)),
)
