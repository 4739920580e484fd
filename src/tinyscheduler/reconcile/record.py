"""Write down what a pass did: pass record, canonical log line, last journal event (features A7)."""

from __future__ import annotations

from tinyscheduler.errors import StateError
from tinyscheduler.kit.fields import identifier_value, instant_text
from tinyscheduler.model.event import Event
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.intent import IntentAnswer
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.report import IDS_MAX, Report

SCHEMA = 1


def record(context: Context) -> None:
    """Never raises: a record that cannot be written is a fault of this pass."""
    report, world = context.report, context.world
    if world.settings_rejected:
        world.journal.append(Event("settings_rejected", reason=world.settings_rejected))
    world.journal.append(
        Event("pass_ended", detail=(("exit", report.exit_code), ("counts", dict(report.counts()))))
    )
    if world.journal.failures():
        report.trouble(
            f"{world.journal.failures()} journal entries could not be written",
            hint="look at the disk; state/journal has to be a folder that this user may write",
            reference="journal",
        )
    try:
        record = pass_record(
            report,
            interval_s=world.configuration.loop_interval_s,
            settings_rejected=world.settings_rejected,
        )
        world.state.record_pass(record, log_line=log_line(report))
    except StateError as error:
        report.fault(error)


def pass_record(report: Report, *, interval_s: int, settings_rejected: str = "") -> dict[str, object]:
    """JSON values only; at most ``IDS_MAX`` ids of a kind. What is out of the ordinary has a field only
    where it happened."""
    return {
        "schema": SCHEMA,
        "pass": report.pass_id,
        "began_at": instant_text(report.began_at),
        "ended_at": instant_text(report.ended_at),
        "duration_sec": round(report.duration_s, 4),
        "interval_sec": interval_s,
        "exit": report.exit_code,
        "counts": dict(report.counts()),
        "ids": {name: _some(ids) for name, ids in report.ids().items()},
        "held": {
            reason: {"count": len(ids), "ids": _some(ids)} for reason, ids in report.held_by_reason().items()
        },
        **({"swept": dict(report.swept)} if report.swept else {}),
        **({"settings_rejected": settings_rejected} if settings_rejected else {}),
        "intents": [_answer(answer) for answer in report.answers[:IDS_MAX]],
        "limits": list(report.limits),
        "faults": [
            {"ref": fault.reference, "message": fault.message, "hint": fault.hint}
            for fault in report.faults[:IDS_MAX]
        ],
    }


def log_line(report: Report) -> str:
    """One line, constant words, values as fields; no task text, so nothing can forge a line."""
    counts = " ".join(f"{name}={count}" for name, count in report.counts().items())
    return (
        f"{instant_text(report.ended_at)} pass_ended pass={report.pass_id} "
        f"exit={report.exit_code} duration_ms={report.duration_s * 1000:.1f} {counts}"
    )


def _answer(answer: IntentAnswer) -> dict[str, object]:
    intent = answer.intent
    return {
        "intent": intent.id,
        "kind": intent.kind,
        "task_id": identifier_value(intent.task_id),
        "by": intent.by,
        "came": answer.word,
        "why": answer.why,
    }


def _some(ids: list[TaskId]) -> list[int | str]:
    return [identifier_value(task_id) for task_id in ids[:IDS_MAX]]
