"""``explain --json``: the same as the tables of ``explain``."""

from __future__ import annotations

from tinyscheduler.kit.fields import instant_text, instant_text_or_none
from tinyscheduler.model.ledger import BrokenLedger
from tinyscheduler.views.explain import Subject, held_now, next_look_at
from tinyscheduler.views.figures import wrapper_word
from tinyscheduler.views.held import held_json, id_json, row_json
from tinyscheduler.views.intents import answer_json
from tinyscheduler.views.seen import RunSeen
from tinyscheduler.views.task import task_json


def explain_json(subject: Subject) -> dict[str, object]:
    """The body of ``explain --json``."""
    told, held = subject.explanation, held_now(subject)
    return {
        "task_id": id_json(subject.task_id),
        "task": None if told is None else task_json(told.task),
        "standing": _standing(subject),
        "held": None if held is None else held_json(held),
        "did_you_mean": subject.slip or None,
        "start": None
        if told is None or told.start is None
        else {"agent": told.start.agent.name, "reason": told.start.reason},
        "rows": [] if told is None else [row_json(row) for row in told.rows],
        "tasks_ahead": None if told is None else told.tasks_ahead,
        "band": None if told is None else told.band,
        "waited_sec": None if told is None else round(told.waited_s, 1),
        "done_first": list(subject.done_first),
        "next_look_at": instant_text_or_none(next_look_at(subject)),
        "lease": None if subject.run is None else _run_json(subject.run),
        "lease_unreadable": None if subject.broken is None else subject.broken._asdict(),
        "ledger": _ledger_json(subject),
        "intents": [answer_json(answer) for answer in subject.intents],
        "log": subject.log,
        "server_unknown": subject.server_unknown,
        "server_unknown_since": instant_text_or_none(subject.unknown_since),
        "known_here": [held_json(known) for known in subject.known_here],
    }


def _standing(subject: Subject) -> str:
    """Also for a task that only we know of."""
    if subject.explanation is not None:
        return subject.explanation.standing
    if subject.run is not None:
        return "settling" if subject.run.facts.lease.state == "finished" else "running"
    return "unknown" if held_now(subject) is None else "held"


def _run_json(run: RunSeen) -> dict[str, object]:
    facts, lease = run.facts, run.facts.lease
    return {
        "lease_id": lease.lease_id,
        "state": lease.state,
        "agent": lease.agent,
        "attempt": lease.attempt,
        "wrapper": wrapper_word(run),
        "pid": lease.wrapper_pid,
        "age_sec": round(facts.run_age_s, 1),
        "beat_age_sec": round(facts.beat_age_s, 1),
        "hard_limit_sec": lease.hard_limit_s,
        "left_sec": round(lease.hard_limit_s - facts.run_age_s, 1),
        "workspace": lease.workspace,
    }


def _ledger_json(subject: Subject) -> dict[str, object] | None:
    ledger = subject.ledger
    if ledger is None:
        return None
    if isinstance(ledger, BrokenLedger):
        return {"path": ledger.path, "unreadable": ledger.why}
    parked = ledger.parked
    return {
        "runs": ledger.runs,
        "attempts_max": subject.attempts_max,
        "outcomes": [
            {"class": past.kind, "agent": past.agent, "at": instant_text(past.at), "spent": past.is_spent}
            for past in ledger.outcomes
        ],
        "not_before": instant_text_or_none(ledger.not_before),
        "parked": None
        if parked is None
        else {"why": parked.why, "by": parked.by, "at": instant_text(parked.at)},
    }
