"""Lease, owner and stop file <-> JSON. The names on disk are the users' (``_sec``, ``_time``); this
module is the one place that maps them.

The reader also takes the older program's spelling (``agent``, ``started_at``, ``heartbeat``).
"""

from __future__ import annotations

from typing import get_args

from tinyscheduler.kit.fields import (
    NUMBER_MAX,
    Fields,
    exact_instant_text,
    identifier_value,
    instant_text,
    instant_text_or_none,
)
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
from tinyscheduler.model.lease import (
    Claim,
    ClaimWay,
    HandoverTarget,
    Lease,
    LeaseState,
    Outcome,
    OutcomeClass,
    Owner,
    ProcessRef,
    StopOrder,
)
from tinyscheduler.model.resources import NO_RESOURCES, Resources

SCHEMA = 1

_STATES: tuple[LeaseState, ...] = get_args(LeaseState)
_WAYS: tuple[ClaimWay, ...] = get_args(ClaimWay)
_OUTCOMES: tuple[OutcomeClass, ...] = get_args(OutcomeClass)


def lease_to_json(lease: Lease) -> dict[str, object]:
    """The order of contracts.md: what a person looks for comes first."""
    return {
        "schema": SCHEMA,
        "task_id": identifier_value(lease.task_id),
        "agent_name": lease.agent,
        "queue": lease.queue,
        "state": lease.state,
        "pid": lease.wrapper_pid,
        "start_time": instant_text(lease.created_at),
        "last_heartbeat": instant_text(lease.heartbeat_at),
        "max_runtime_sec": lease.hard_limit_s,
        "lease_id": lease.lease_id,
        "generation": lease.generation,
        "attempt": lease.attempt,
        "source": lease.source,
        "claim": claim_to_json(lease.claim),
        "host": lease.host,
        "machine_id": lease.machine_id,
        "boot_id": lease.boot_id,
        "pid_namespace": lease.pid_namespace,
        "pid_start": lease.wrapper_start,
        "agent_pid": lease.agent_pid,
        "agent_pid_start": lease.agent_start,
        "start_monotonic": lease.start_monotonic,
        "heartbeat_monotonic": lease.heartbeat_monotonic,
        "last_progress": instant_text_or_none(lease.progress_at),
        "stall_notices": lease.stall_notices,
        "stall_limit_sec": lease.stall_limit_s,
        "heartbeat_interval_sec": lease.heartbeat_interval_s,
        "soft_runtime_sec": lease.soft_limit_s,
        "grace_sec": lease.grace_s,
        "engine": lease.engine,
        "engine_ref": lease.engine_ref,
        "containment": lease.containment,
        "cgroup": lease.cgroup,
        "account": lease.account,
        "paths": {"read": list(lease.reads), "write": list(lease.writes)},
        "tags": list(lease.tags),
        "resources": lease.resources._asdict(),
        "goal": lease.goal,
        "workspace": lease.workspace,
        "run_dir": lease.run_folder,
        "outcome": None if lease.outcome is None else outcome_to_json(lease.outcome),
        **({"given_up": True} if lease.is_given_up else {}),
    }


def lease_from_json(found: object) -> Lease:
    """Raises ValueError naming the first field that is wrong."""
    fields = Fields(found)
    fields.choice("schema", (SCHEMA,))
    outcome, paths = fields.inner_or_none("outcome"), fields.inner_or_none("paths")
    return Lease(
        task_id=TaskId(fields.identifier("task_id")),
        lease_id=LeaseId(fields.text("lease_id")),
        generation=fields.whole("generation"),
        attempt=fields.whole("attempt"),
        state=fields.choice("state", _STATES),
        agent=AgentName(fields.text(_spelling(fields, "agent_name", "agent"))),
        queue=_queue(fields, "queue"),
        source=fields.text("source"),
        claim=claim_from_json(fields.inner("claim")),
        host=fields.text("host"),
        machine_id=fields.text("machine_id"),
        created_at=fields.instant(_spelling(fields, "start_time", "started_at")),
        heartbeat_at=fields.instant(_spelling(fields, "last_heartbeat", "heartbeat")),
        start_monotonic=fields.number("start_monotonic"),
        heartbeat_monotonic=fields.number("heartbeat_monotonic"),
        boot_id=fields.text("boot_id"),
        pid_namespace=fields.text("pid_namespace"),
        wrapper_pid=fields.pid_or_none("pid"),
        wrapper_start=fields.whole_or_none("pid_start"),
        agent_pid=fields.pid_or_none("agent_pid"),
        agent_start=fields.whole_or_none("agent_pid_start"),
        progress_at=fields.instant_or_none("last_progress"),
        stall_notices=fields.whole_or_none("stall_notices") or 0,
        stall_limit_s=fields.seconds_or_none("stall_limit_sec"),
        heartbeat_interval_s=fields.seconds("heartbeat_interval_sec"),
        hard_limit_s=fields.seconds("max_runtime_sec"),
        soft_limit_s=fields.seconds_or_none("soft_runtime_sec"),
        grace_s=fields.seconds("grace_sec"),
        engine=fields.text("engine"),
        engine_ref=fields.text("engine_ref"),
        containment=fields.text("containment"),
        cgroup=fields.path("cgroup") if fields.text_or_none("cgroup") else "",
        account=fields.text_or_none("account"),
        tags=fields.texts("tags"),
        workspace=fields.path("workspace"),
        run_folder=fields.path("run_dir"),
        outcome=None if outcome is None else outcome_from_json(outcome),
        writes=() if paths is None else paths.texts("write"),
        reads=() if paths is None else paths.texts("read"),
        goal=fields.text_or_none("goal"),
        resources=_resources(fields.inner_or_none("resources")),
        is_given_up=fields.has("given_up") and fields.truth("given_up"),
    )


def claim_to_json(claim: Claim) -> dict[str, object]:
    """Also part of a ledger."""
    return {
        "assigned_to_before": claim.assigned_to_before,
        "queue": claim.queue,
        "task_created_at": exact_instant_text(claim.task_created_at),
        "how": claim.how,
    }


def claim_from_json(fields: Fields) -> Claim:
    """Raises ValueError."""
    before = fields.text_or_none("assigned_to_before")
    return Claim(
        assigned_to_before=None if before is None else AgentName(before),
        queue=_queue(fields, "queue"),
        task_created_at=fields.instant("task_created_at"),
        how=fields.choice("how", _WAYS),
    )


def outcome_to_json(outcome: Outcome) -> dict[str, object]:
    """``class`` on disk, ``kind`` in Python, where class is taken."""
    target = outcome.to
    return {
        "class": outcome.kind,
        "code": outcome.code,
        "signal": outcome.signal,
        "at": instant_text(outcome.at),
        "summary": outcome.summary,
        "until": instant_text_or_none(outcome.until),
        "usage": dict(outcome.usage),
        "artifacts": list(outcome.artifacts),
        "to": None if target is None else {"queue": target.queue, "agent": target.agent},
        "digest": outcome.digest,
    }


def outcome_from_json(fields: Fields) -> Outcome:
    """Raises ValueError."""
    return Outcome(
        kind=fields.choice("class", _OUTCOMES),
        at=fields.instant("at"),
        code=fields.whole_or_none("code"),
        signal=fields.whole_or_none("signal"),
        summary=fields.text("summary"),
        until=fields.instant_or_none("until"),
        usage=_usage(fields.raw("usage")),
        artifacts=fields.texts("artifacts"),
        to=_target(fields.inner_or_none("to")),
        digest=fields.text_or_none("digest") or "",
    )


def owner_to_json(owner: Owner) -> dict[str, object]:
    """A revocation names no process."""
    process = owner.process
    return {
        "lease_id": owner.lease_id,
        "by": owner.by,
        "process": None if process is None else process._asdict(),
        "machine_id": owner.machine_id,
        "host": owner.host,
    }


def owner_from_json(found: object) -> Owner:
    """Raises ValueError."""
    fields = Fields(found)
    process = fields.inner_or_none("process")
    return Owner(
        lease_id=LeaseId(fields.text("lease_id")),
        by=fields.choice("by", ("wrapper", "revoked")),
        process=None
        if process is None
        else ProcessRef(
            process.pid("pid"),
            process.whole("start"),
            process.text("boot_id"),
            process.text("pid_namespace"),
        ),
        machine_id=fields.text_or_none("machine_id") or "",
        host=fields.text_or_none("host") or "",
    )


def stop_to_json(stop: StopOrder) -> dict[str, object]:
    """Field for field."""
    return {
        "lease_id": stop.lease_id,
        "reason": stop.reason,
        "by": stop.by,
        "at": instant_text(stop.at),
    }


def stop_from_json(found: object) -> StopOrder:
    """Raises ValueError."""
    fields = Fields(found)
    return StopOrder(
        lease_id=LeaseId(fields.text("lease_id")),
        reason=fields.choice("reason", _OUTCOMES),
        by=fields.text("by"),
        at=fields.instant("at"),
    )


def _spelling(fields: Fields, ours: str, older: str) -> str:
    return ours if fields.has(ours) or not fields.has(older) else older


def _resources(fields: Fields | None) -> Resources:
    """None: an older lease."""
    if fields is None:
        return NO_RESOURCES
    return Resources(fields.number("cpu"), fields.whole("memory_mb"), fields.whole("gpu"))


def _queue(fields: Fields, name: str) -> QueueName | None:
    text = fields.text_or_none(name)
    return None if text is None else QueueName(text)


def _usage(found: object) -> tuple[tuple[str, float | str], ...]:
    if not isinstance(found, dict):
        return ()
    return tuple((k, v) for k, v in found.items() if isinstance(v, str) or _is_amount(v))


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and abs(value) <= NUMBER_MAX


def _target(fields: Fields | None) -> HandoverTarget | None:
    if fields is None:
        return None
    agent = fields.text_or_none("agent")
    return HandoverTarget(_queue(fields, "queue"), None if agent is None else AgentName(agent))
