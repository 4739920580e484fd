"""``--wait``: run passes until what was asked for is done, or time is up."""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.bootstrap import wire, wire_answers
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.passing import passes_until
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.model.intent import Intent, IntentAnswer
from tinyscheduler.reconcile.report import Report


def wait_for(
    configuration: Configuration,
    context: Context,
    intents: Sequence[Intent],
    *,
    timeout_s: float,
    rejected: str = "",
) -> list[IntentAnswer]:
    """What became of each, in order; ``waits`` for what is still to be done. Raises StateError."""
    found: dict[str, IntentAnswer] = {}
    reports: list[Report] = []

    def is_done(report: Report) -> bool:
        reports.append(report)
        found.update({answer.intent.id: answer for answer in report.answers})
        return not _is_any_pending(configuration, context, intents)

    passes_until(is_done, configuration, context, timeout_s=timeout_s, rejected=rejected)
    at_work = _at_work(reports[-1])
    return [
        _answer(configuration, context, intent, own=found.get(intent.id), at_work=at_work)
        for intent in intents
    ]


def _at_work(report: Report) -> str:
    """Who keeps our own pass away, where it can be named."""
    from tinyscheduler.views.holding import holding_text, holding_trouble

    if report.lock is None:
        return "another pass is at work"
    trouble = holding_trouble(report.lock, report.ended_at)
    return (
        trouble[0] if trouble else f"another pass is at work ({holding_text(report.lock, report.ended_at)})"
    )


def _is_any_pending(configuration: Configuration, context: Context, intents: Sequence[Intent]) -> bool:
    store = wire(configuration, context, is_read_only=True).intents
    return any(store.is_pending(intent) for intent in intents)


def _answer(
    configuration: Configuration,
    context: Context,
    intent: Intent,
    *,
    own: IntentAnswer | None,
    at_work: str,
) -> IntentAnswer:
    """Of our own pass, or what another one has written down."""
    if own is not None and own.word != "waits":
        return own
    told = wire_answers(configuration).find(intent)
    if told is not None:
        return told
    if _is_any_pending(configuration, context, [intent]):
        return own or IntentAnswer(intent, "waits", at_work)
    return IntentAnswer(intent, "applied", "a pass has dealt with it; its journal is not to be read")
