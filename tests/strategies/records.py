"""Leases and ledgers with anything in them that a file can keep."""

from __future__ import annotations

import string
from datetime import UTC, datetime
from typing import get_args

from hypothesis import strategies as st

from tests.strategies.values import OUTCOMES, STATES
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
from tinyscheduler.model.lease import (
    BrokenLease,
    Claim,
    ClaimWay,
    HandoverTarget,
    Lease,
    Outcome,
    Owner,
    ProcessRef,
    StopOrder,
)
from tinyscheduler.model.ledger import Approval, Ledger, OpenRun, Parked, PastRun
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.sightings import Moment

WAYS: tuple[ClaimWay, ...] = get_args(ClaimWay)
ID_CHARS = string.ascii_letters + string.digits + "_-"
texts = st.text(max_size=20) | st.sampled_from(["\u2028\u2029\x85", "\ud800", '"}\\', "\0", "日本"])
"""Anything a person, an agent or a server may have typed, a lone surrogate included."""
_letters_of_paths = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
paths = st.text(_letters_of_paths, max_size=20) | st.sampled_from(["日本", "\udc80"])
"""The second is what a name that is no UTF-8 looks like."""
names = st.text(ID_CHARS, min_size=1, max_size=64)
instants = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001 - zone follows
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
)
"""Whole milliseconds: what our files keep."""
_finite = st.floats(allow_nan=False, allow_infinity=False)
_counts = st.integers(0, 2**53)
_pids = st.none() | st.integers(1, 2**22)


def _or_none(strategy: st.SearchStrategy[datetime]) -> st.SearchStrategy[datetime | None]:
    return st.none() | strategy


claims = st.builds(
    Claim,
    assigned_to_before=st.none() | texts.map(AgentName),
    queue=st.none() | texts.map(QueueName),
    task_created_at=instants,
    how=st.sampled_from(WAYS),
)
process_refs = st.builds(
    ProcessRef, pid=st.integers(1, 2**22), start=_counts, boot_id=texts, pid_namespace=texts
)
owners = st.builds(
    Owner,
    lease_id=names.map(LeaseId),
    by=st.sampled_from(["wrapper", "revoked"]),
    process=st.none() | process_refs,
    machine_id=texts,
    host=texts,
)
stop_orders = st.builds(
    StopOrder, lease_id=names.map(LeaseId), reason=st.sampled_from(OUTCOMES), by=texts, at=instants
)
targets = st.builds(
    HandoverTarget, queue=st.none() | texts.map(QueueName), agent=st.none() | texts.map(AgentName)
)
outcomes = st.builds(
    Outcome,
    kind=st.sampled_from(OUTCOMES),
    at=instants,
    code=st.none() | st.integers(0, 255),
    signal=st.none() | st.integers(1, 64),
    summary=texts,
    until=_or_none(instants),
    usage=st.dictionaries(texts, _finite | texts, max_size=3).map(lambda usage: tuple(usage.items())),
    artifacts=st.lists(texts, max_size=3).map(tuple),
    to=st.none() | targets,
)
stored_leases = st.builds(
    Lease,
    task_id=names.map(TaskId),
    lease_id=names.map(LeaseId),
    generation=_counts,
    attempt=_counts,
    state=st.sampled_from(STATES),
    agent=texts.map(AgentName),
    queue=st.none() | texts.map(QueueName),
    source=texts,
    claim=claims,
    host=texts,
    machine_id=texts,
    created_at=instants,
    heartbeat_at=instants,
    start_monotonic=_finite,
    heartbeat_monotonic=_finite,
    boot_id=texts,
    pid_namespace=texts,
    wrapper_pid=_pids,
    wrapper_start=st.none() | _counts,
    agent_pid=_pids,
    agent_start=st.none() | _counts,
    progress_at=_or_none(instants),
    heartbeat_interval_s=st.integers(1, 3600),
    hard_limit_s=st.integers(1, 10**6),
    soft_limit_s=st.none() | st.integers(1, 10**6),
    grace_s=st.integers(0, 60),
    engine=texts,
    engine_ref=texts,
    containment=texts,
    cgroup=paths,
    stall_notices=st.integers(0, 2),
    stall_limit_s=st.none() | st.integers(1, 10**6),
    account=st.none() | texts,
    tags=st.lists(texts, max_size=3).map(tuple),
    workspace=paths,
    run_folder=paths,
    outcome=st.none() | outcomes,
    writes=st.lists(texts, max_size=3).map(tuple),
    reads=st.lists(texts, max_size=3).map(tuple),
    goal=st.none() | texts,
    resources=st.builds(Resources, cpu=st.floats(0, 1e6), memory_mb=_counts, gpu=_counts),
)
open_runs = st.builds(
    OpenRun,
    lease_id=names.map(LeaseId),
    agent=texts.map(AgentName),
    claim=claims,
    tag=texts,
    at=instants,
    unclear_until=_or_none(instants),
    unclear_since=st.none() | st.builds(Moment, at=instants, monotonic=st.floats(0, 1e9), boot_id=texts),
)
past_runs = st.builds(
    PastRun,
    lease_id=names.map(LeaseId),
    agent=texts.map(AgentName),
    kind=st.sampled_from(OUTCOMES),
    at=instants,
    is_spent=st.booleans(),
    code=st.none() | st.integers(0, 255),
    result_hash=st.none() | texts,
    is_passed_on=st.booleans(),
    is_stopped=st.booleans(),
)
stored_ledgers = st.builds(
    Ledger,
    task_id=names.map(TaskId),
    source=texts,
    task_created_at=instants,
    generation=_counts,
    runs=_counts,
    open=st.none() | open_runs,
    outcomes=st.lists(past_runs, max_size=4).map(tuple),
    not_before=_or_none(instants),
    parked=st.none() | st.builds(Parked, why=texts, by=texts, at=instants, fingerprint=texts),
    approvals=st.lists(
        st.builds(Approval, by=texts, reason=texts, at=instants, fingerprint=texts), max_size=2
    ).map(tuple),
)
broken_leases = st.builds(BrokenLease, task_id=names.map(TaskId), path=texts, why=texts)
