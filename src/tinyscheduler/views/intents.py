"""Requests and what becomes of them, as JSON and as lines."""

from __future__ import annotations

from tinyscheduler.model.intent import IntentAnswer
from tinyscheduler.views.plan import id_json


def answer_json(answer: IntentAnswer) -> dict[str, object]:
    """``{request kind task_id lease_id by reason requeue came why}``."""
    intent = answer.intent
    return {
        "request": intent.id,
        "kind": intent.kind,
        "task_id": id_json(intent.task_id),
        "lease_id": intent.lease_id,
        "by": intent.by,
        "reason": intent.reason,
        "requeue": intent.requeue,
        "came": answer.word,
        "why": answer.why,
    }


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
