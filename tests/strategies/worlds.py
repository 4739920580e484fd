"""Worlds small enough that agents, caps and tasks meet in every way.

Few names and few values on purpose: a law about caps is only tested where something is full.
"""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

from hypothesis import strategies as st

from tests.builders import (
    NOW,
    SOURCE,
    a_broken_lease,
    a_lease,
    a_past_run,
    a_pause,
    a_process,
    a_task,
    ago,
    an_agent,
    facts,
)
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
from tinyscheduler.model.intent import Intent
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import (
    Claim,
    Lease,
    LeaseState,
    OutcomeClass,
    Owner,
)
from tinyscheduler.model.ledger import BrokenLedger, Ledger, OpenRun, Parked
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import Backlog, LeaseFacts, Liveness, StartSnapshot, TendSnapshot
from tinyscheduler.model.task import Status, Task
from tinyscheduler.planner.retry import fingerprint

STATES: tuple[LeaseState, ...] = get_args(LeaseState)
OUTCOMES: tuple[OutcomeClass, ...] = get_args(OutcomeClass)
STATUSES: tuple[Status, ...] = get_args(Status)
LIVENESS: tuple[Liveness, ...] = get_args(Liveness)
AGENTS = ("anna", "bob", "cleo")
QUEUES = ("dev", "qa", "ops")
ACCOUNTS = ("acme", "zeta")
TAGS = ("gpu", "db")
_mostly = st.sampled_from([True, True, True, True, False])
"""What is true of most things: a world in which half of everything is disabled starts nothing."""
_ages_s = st.integers(0, 5).map(lambda hours: hours * 3600.0)


pauses = st.sampled_from(
    [
        *[()] * 6,
        (a_pause(until_s=-1),),
        (a_pause("queue", "dev"), a_pause("agent", "anna", until_s=60)),
        (a_pause("task", "3"), a_pause("agent", "bob")),
        (a_pause(),),
    ]
)


def _maybe(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


@st.composite
def agents(draw: st.DrawFn, name: str) -> Agent:
    """One of the team, with any number of slots, none included."""
    return an_agent(
        name,
        queues=draw(st.lists(st.sampled_from(QUEUES), unique=True, max_size=3)),
        slots=draw(st.integers(-1, 3)),
        is_enabled=draw(_mostly),
        weight=draw(st.sampled_from([0.5, 1.0, 2.0])),
        account=draw(_maybe(st.sampled_from(ACCOUNTS))),
        command=("agent",) if draw(_mostly) else (),
    )


@st.composite
def tasks(draw: st.DrawFn, task_id: str) -> Task:
    """Of our queues or not, for our agents or not, with numbers no person would choose."""
    return a_task(
        task_id,
        queue=draw(st.sampled_from((*QUEUES, *QUEUES, "foreign", None))),
        assigned_to=draw(st.sampled_from((None, None, None, *AGENTS, "a-person"))),
        status="idle" if draw(_mostly) else draw(st.sampled_from(STATUSES)),
        priority=draw(st.sampled_from([-1.5, 0.0, 0.0, 5.0]) | st.floats(allow_nan=False)),
        age_s=draw(_ages_s),
        title=draw(st.text(max_size=5)),
        tags=draw(st.lists(st.sampled_from(TAGS), unique=True, max_size=2)),
        blocked_by=draw(st.sampled_from((None, None, None, "1", "2", "99"))),
        is_archived=not draw(_mostly),
    )


_task_ids = st.integers(1, 12).map(str) | st.sampled_from(["01", "²", "ü-1", "a/../b", "", "-1", "\u0661"])


@st.composite
def leases(draw: st.DrawFn, task_id: str) -> Lease:
    """Of our agents or of one that is in agent-control no more."""
    return a_lease(
        task_id,
        state=draw(st.sampled_from(STATES)),
        agent=draw(st.sampled_from((*AGENTS, "gone-agent"))),
        queue=draw(st.sampled_from((*QUEUES, None))),
        account=draw(_maybe(st.sampled_from(ACCOUNTS))),
        tags=draw(st.lists(st.sampled_from(TAGS), unique=True, max_size=2)),
    )


@st.composite
def ledgers_of(draw: st.DrawFn, task: Task) -> Ledger | BrokenLedger | None:
    """None for most tasks, as in life."""
    what = draw(st.sampled_from(("none", "none", "none", "recent", "broken", "parked", "waits", "open")))
    if what == "none":
        return None
    if what == "broken":
        return BrokenLedger(task.id, "ledger/x.json", "it does not parse")
    ledger = Ledger(task.id, SOURCE, task.created_at, generation=1, runs=1)
    if what == "parked":
        changed = task._replace(title=task.title + "!")
        seen = task if draw(_mostly) else changed
        return ledger._replace(parked=Parked("3 attempts", "scheduler", ago(60), fingerprint(seen)))
    if what == "waits":
        return ledger._replace(not_before=NOW + timedelta(seconds=draw(st.integers(-5, 5))))
    if what == "open":
        claim = Claim(None, task.queue, task.created_at, "exchange")
        run = OpenRun(LeaseId("old"), AgentName("anna"), claim, "tag", ago(500), None)
        return ledger._replace(open=run)
    ages_s = sorted(draw(st.lists(st.sampled_from([0.0, 30.0, 60.0, 600.0]), max_size=3)), reverse=True)
    runs = [a_past_run("handed_off", agent=draw(st.sampled_from(AGENTS)), at=ago(age)) for age in ages_s]
    return ledger._replace(outcomes=tuple(runs))


def _caps(names: tuple[str, ...]) -> st.SearchStrategy[tuple[tuple[str, int], ...]]:
    return st.dictionaries(st.sampled_from(names), st.integers(0, 3), max_size=2).map(
        lambda caps: tuple(caps.items())
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Caps low enough to be reached."""
    return Policy(
        is_enabled=draw(st.sampled_from([True] * 9 + [False])),
        max_parallel=draw(st.integers(0, 7)),
        queue_caps=tuple((QueueName(name), cap) for name, cap in draw(_caps(QUEUES))),
        account_caps=draw(_caps(ACCOUNTS)),
        tag_caps=draw(_caps(TAGS)),
        orders_blockers_first=draw(st.booleans()),
        kills_max=draw(st.integers(0, 3)),
    )


@st.composite
def start_snapshots(draw: st.DrawFn) -> StartSnapshot:
    """What ``observe_start`` may give: each task once, each lease and ledger once."""
    ids = draw(st.lists(_task_ids, unique=True, max_size=8))
    seen = [draw(tasks(task_id)) for task_id in ids]
    leased = draw(st.lists(st.integers(1, 15).map(str), unique=True, max_size=5))
    broken = draw(
        st.lists(st.integers(1, 25).map(str).filter(lambda n: n not in leased), unique=True, max_size=2)
    )
    remembered = [ledger for task in seen if (ledger := draw(ledgers_of(task))) is not None]
    busy = set(draw(st.lists(st.sampled_from(ids), max_size=2))) if ids else set()
    backlog = Backlog(
        tuple(task for task in seen if task.id not in busy),
        open_parents=frozenset(
            TaskId(i) for i in draw(st.lists(st.sampled_from(["1", "2", "3"]), max_size=2))
        ),
        is_cut=not draw(_mostly),
        working=tuple(task._replace(status="working") for task in seen if task.id in busy),
    )
    return StartSnapshot(
        now=NOW,
        source=SOURCE,
        backlog=Known(backlog),
        leases=tuple(draw(leases(task_id)) for task_id in leased),
        broken=tuple(a_broken_lease(task_id) for task_id in broken),
        ledgers={ledger.task_id: ledger for ledger in remembered},
        agents=tuple(draw(agents(name)) for name in AGENTS[: draw(st.integers(0, 3))]),
        policy=draw(policies()),
        is_estopped=draw(st.sampled_from([False] * 9 + [True])),
        pauses=draw(pauses),
        free_mb=draw(st.sampled_from([None, 10_000, 10_000, 500, 499])),
    )


unknown_backlogs = st.just(Unknown("nobody answers"))


@st.composite
def lease_facts(draw: st.DrawFn, task_id: str) -> LeaseFacts:
    """Every state with every finding, also those that should not occur together."""
    lease = draw(leases(task_id))._replace(
        heartbeat_interval_s=draw(st.sampled_from([0, 1, 15, 60])),
        hard_limit_s=draw(st.sampled_from([1, 3600])),
    )
    owners = [None, Owner(lease.lease_id, "wrapper", a_process()), Owner(lease.lease_id, "revoked", None)]
    owners.append(Owner(LeaseId("another"), "wrapper", a_process()))
    return facts(
        lease,
        wrapper=draw(st.sampled_from(LIVENESS)),
        owner=draw(st.sampled_from(owners)),
        is_same_boot=draw(_mostly),
        beat_age_s=draw(st.sampled_from([0.0, 44.0, 45.0, 45.001, 180.0, 181.0, 1e9])),
        run_age_s=draw(st.sampled_from([0.0, 30.0, 30.001, 36.0, 3635.0, 3635.001, 1e9])),
        intent=draw(st.sampled_from([None, None, None, *_ends(lease)])),
        unwanted=draw(st.sampled_from(["", "", "", "reassigned to eve"])),
        is_owner_unreadable=not draw(_mostly),
    )


def _ends(lease: Lease) -> list[Intent]:
    """Requests that end a run."""
    return [
        Intent("i", kind, lease.task_id, lease.lease_id, "bob", NOW) for kind in ("stop", "park", "release")
    ]


@st.composite
def tend_snapshots(draw: st.DrawFn) -> TendSnapshot:
    """Leases and broken leases of different tasks."""
    ids = draw(st.lists(st.integers(1, 20).map(str), unique=True, max_size=8))
    cut = draw(st.integers(0, len(ids)))
    return TendSnapshot(
        NOW,
        tuple(draw(lease_facts(task_id)) for task_id in ids[:cut]),
        tuple(a_broken_lease(task_id) for task_id in ids[cut:]),
        draw(st.booleans()),
        draw(policies()),
    )
