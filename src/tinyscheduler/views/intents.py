"""Intents and what becomes of them, as JSON and as lines."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tinyscheduler.model.intent import IntentAnswer
from tinyscheduler.views.held import id_json
from tinyscheduler.views.table import Table, columns
from tinyscheduler.views.wording import ago_text


def answer_json(answer: IntentAnswer) -> dict[str, object]:
    """``{intent kind task_id lease_id by reason requeue came why}``."""
    intent = answer.intent
    return {
        "intent": intent.id,
        "kind": intent.kind,
        "task_id": id_json(intent.task_id),
        "lease_id": intent.lease_id,
        "by": intent.by,
        "reason": intent.reason,
        "requeue": intent.requeue,
        "came": answer.word,
        "why": answer.why,
    }


def intent_table(answers: Iterable[IntentAnswer], now: datetime) -> Table:
    """What is pending, for people."""
    rows = tuple(
        (a.intent.task_id, a.intent.kind, a.intent.by, ago_text(a.intent.at, now), outlook_text(a))
        for a in answers
    )
    heads = columns(">TASK", "INTENT", "BY", "-SINCE", "*THE NEXT PASS")
    return Table("asked of the next pass", heads, rows)


def foreseen_text(answers: Iterable[IntentAnswer]) -> str:
    """Lines like those of a plan; empty when nothing is asked."""
    return "".join(f"{_line(answer)}\n" for answer in answers)


def outlook_text(answer: IntentAnswer) -> str:
    """What is going to become of it."""
    return f"refuses it: {answer.why}" if answer.word == "refused" else answer.why


def answer_text(answer: IntentAnswer, *, is_waiting: bool) -> str:
    """For whoever asked. ``is_waiting``: passes were run, so what is open is late."""
    intent = answer.intent
    match answer.word:
        case "waits" if is_waiting:
            return f"task {intent.task_id}: {intent.kind} is not done yet: {answer.why}"
        case "waits":
            return f"task {intent.task_id}: {intent.kind} is asked for: {answer.why}; the next pass does it"
        case "refused":
            return f"task {intent.task_id}: {intent.kind} is refused: {answer.why}"
        case "applied" | "nothing_to_do":
            return f"task {intent.task_id}: {answer.why}"


def _line(answer: IntentAnswer) -> str:
    intent = answer.intent
    who = f"{intent.kind} by {intent.by}"
    return f"{'asked':<10} task {intent.task_id:<8} {who:<20} {outlook_text(answer)}"
