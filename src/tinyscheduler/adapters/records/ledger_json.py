"""Ledger <-> JSON (contracts.md, Ledger)."""

from __future__ import annotations

from typing import get_args

from tinyscheduler.adapters.records.lease_json import claim_from_json, claim_to_json
from tinyscheduler.kit.fields import (
    Fields,
    exact_instant_text,
    identifier_value,
    instant_text,
    instant_text_or_none,
)
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.lease import OutcomeClass
from tinyscheduler.model.ledger import Approval, Asked, Ledger, OpenRun, Parked, PastRun
from tinyscheduler.model.sightings import Moment

SCHEMA = 1

_OUTCOMES: tuple[OutcomeClass, ...] = get_args(OutcomeClass)


def ledger_to_json(ledger: Ledger) -> dict[str, object]:
    """What a person looks for comes first."""
    return {
        "schema": SCHEMA,
        "task_id": identifier_value(ledger.task_id),
        "source": ledger.source,
        "task_created_at": exact_instant_text(ledger.task_created_at),
        "generation": ledger.generation,
        "runs": ledger.runs,
        "parked": None if ledger.parked is None else _parked_to_json(ledger.parked),
        "not_before": instant_text_or_none(ledger.not_before),
        "open": None if ledger.open is None else _open_to_json(ledger.open),
        "outcomes": [_past_to_json(past) for past in ledger.outcomes],
        "is_tagged": ledger.is_tagged,
        "counted_after": ledger.counted_after,
        "approvals": [_approval_to_json(approval) for approval in ledger.approvals],
    }


def ledger_from_json(found: object) -> Ledger:
    """Raises ValueError naming the first field that is wrong."""
    fields = Fields(found)
    fields.choice("schema", (SCHEMA,))
    opened, parked = fields.inner_or_none("open"), fields.inner_or_none("parked")
    return Ledger(
        task_id=TaskId(fields.identifier("task_id")),
        source=fields.text("source"),
        task_created_at=fields.instant("task_created_at"),
        generation=fields.whole("generation"),
        runs=fields.whole("runs"),
        open=None if opened is None else _open_from_json(opened),
        outcomes=fields.each("outcomes", _past_from_json),
        not_before=fields.instant_or_none("not_before"),
        parked=None if parked is None else _parked_from_json(parked),
        is_tagged=fields.has("is_tagged") and fields.truth("is_tagged"),
        counted_after=_lease_id_or_none(fields, "counted_after"),
        approvals=fields.each("approvals", _approval_from_json),
    )


def _open_to_json(run: OpenRun) -> dict[str, object]:
    return {
        "lease_id": run.lease_id,
        "agent": run.agent,
        "claim": claim_to_json(run.claim),
        "tag": run.tag,
        "at": instant_text(run.at),
        "unclear_until": instant_text_or_none(run.unclear_until),
        "unclear_since": None if run.unclear_since is None else _moment_to_json(run.unclear_since),
        "refusals": run.refusals,
        "asked": None if run.asked is None else run.asked._asdict(),
        "content": run.content,
    }


def _open_from_json(fields: Fields) -> OpenRun:
    asked, unclear = fields.inner_or_none("asked"), fields.inner_or_none("unclear_since")
    return OpenRun(
        lease_id=LeaseId(fields.text("lease_id")),
        agent=AgentName(fields.text("agent")),
        claim=claim_from_json(fields.inner("claim")),
        tag=fields.text("tag"),
        at=fields.instant("at"),
        unclear_until=fields.instant_or_none("unclear_until"),
        refusals=fields.whole_or_none("refusals") or 0,
        asked=None
        if asked is None
        else Asked(asked.text("by"), asked.text("reason"), asked.truth("requeue")),
        content=fields.text_or_none("content") or "",
        unclear_since=None if unclear is None else _moment_from_json(unclear),
    )


def _moment_to_json(moment: Moment) -> dict[str, object]:
    return {
        "at": exact_instant_text(moment.at),
        "monotonic": moment.monotonic,
        "boot_id": moment.boot_id,
    }


def _moment_from_json(fields: Fields) -> Moment:
    return Moment(fields.instant("at"), fields.number("monotonic"), fields.text("boot_id"))


def _lease_id_or_none(fields: Fields, name: str) -> LeaseId | None:
    text = fields.text_or_none(name)
    return None if text is None else LeaseId(text)


def _past_to_json(past: PastRun) -> dict[str, object]:
    return {
        "lease_id": past.lease_id,
        "agent": past.agent,
        "class": past.kind,
        "code": past.code,
        "at": instant_text(past.at),
        "spent": past.is_spent,
        "result_hash": past.result_hash,
        "why": past.why,
        "passed_on": past.is_passed_on,
        **({"stopped": True} if past.is_stopped else {}),
    }


def _past_from_json(fields: Fields) -> PastRun:
    return PastRun(
        lease_id=LeaseId(fields.text("lease_id")),
        agent=AgentName(fields.text("agent")),
        kind=fields.choice("class", _OUTCOMES),
        at=fields.instant("at"),
        is_spent=fields.truth("spent"),
        code=fields.whole_or_none("code"),
        result_hash=fields.text_or_none("result_hash"),
        why=fields.text_or_none("why") or "",
        is_passed_on=fields.has("passed_on") and fields.truth("passed_on"),
        is_stopped=fields.has("stopped") and fields.truth("stopped"),
    )


def _parked_to_json(parked: Parked) -> dict[str, object]:
    return {
        "why": parked.why,
        "by": parked.by,
        "at": instant_text(parked.at),
        "fingerprint": parked.fingerprint,
    }


def _parked_from_json(fields: Fields) -> Parked:
    return Parked(fields.text("why"), fields.text("by"), fields.instant("at"), fields.text("fingerprint"))


def _approval_to_json(approval: Approval) -> dict[str, object]:
    return {
        "by": approval.by,
        "reason": approval.reason,
        "at": instant_text(approval.at),
        "fingerprint": approval.fingerprint,
    }


def _approval_from_json(fields: Fields) -> Approval:
    return Approval(
        fields.text("by"), fields.text("reason"), fields.instant("at"), fields.text("fingerprint")
    )
