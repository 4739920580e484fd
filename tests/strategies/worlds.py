"""Worlds small enough that agents, caps and tasks meet in every way.

Few names and few values on purpose: a law about caps is only tested where something is full.
"""

from __future__ import annotations

from datetime import timedelta

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
from tests.strategies import values
from tests.strategies.values import AGENTS
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
from tinyscheduler.model.intent import Intent
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import (
    Claim,
    Lease,
    Owner,
)
from tinyscheduler.model.ledger import BrokenLedger, Ledger, OpenRun, Parked
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import Backlog, LeaseFacts, StartSnapshot, TendSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.retry import fingerprint

pauses = st.sampled_from(
    [
        *[()] * 6,
        (a_pause(until_s=-1),),
        (a_pause("queue", "dev"), a_pause("agent", "anna", until_s=60)),
        (a_pause("task", "3"), a_pause("agent", "bob")),
        (a_pause(),),
    ]
)


@st.composite
def agents(draw: st.DrawFn, name: str) -> Agent:
    """One of the team, with any number of slots, none included."""
    return an_agent(
        name,
        queues=draw(values.agent_queues),
        slots=draw(values.slots),
        is_enabled=draw(values.mostly),
        weight=draw(values.weights),
        account=draw(values.accounts),
        command=("agent",) if draw(values.mostly) else (),
    )


@st.composite
def tasks(draw: st.DrawFn, task_id: str) -> Task:
    """Of our queues or not, for our agents or not, with numbers no person would choose."""
    return a_task(
        task_id,
        queue=draw(values.task_queues),
        assigned_to=draw(values.assignees),
        status="idle" if draw(values.mostly) else draw(values.statuses),
        priority=draw(values.priorities),
        age_s=draw(values.ages_s),
        title=draw(values.titles),
        tags=draw(values.tags),
        blocked_by=draw(values.blockers),
        is_archived=not draw(values.mostly),
    )


@st.composite
def leases(draw: st.DrawFn, task_id: str) -> Lease:
    """Of our agents or of one that is in agent-control no more."""
    return a_lease(
        task_id,
        state=draw(values.states),
        agent=draw(values.lease_agents),
        queue=draw(values.lease_queues),
        account=draw(values.accounts),
        tags=draw(values.tags),
    )


@st.composite
def ledgers_of(draw: st.DrawFn, task: Task) -> Ledger | BrokenLedger | None:
    """None for most tasks, as in life."""
    what = draw(values.memories)
    if what == "none":
        return None
    if what == "broken":
        return BrokenLedger(task.id, "ledger/x.json", "it does not parse")
    ledger = Ledger(task.id, SOURCE, task.created_at, generation=1, runs=1)
    if what == "parked":
        changed = task._replace(title=task.title + "!")
        seen = task if draw(values.mostly) else changed
        return ledger._replace(parked=Parked("3 attempts", "scheduler", ago(60), fingerprint(seen)))
    if what == "waits":
        return ledger._replace(not_before=NOW + timedelta(seconds=draw(values.delays_s)))
    if what == "open":
        claim = Claim(None, task.queue, task.created_at, "exchange")
        run = OpenRun(LeaseId("old"), AgentName("anna"), claim, "tag", ago(500), None)
        return ledger._replace(open=run)
    ages_s = sorted(draw(values.run_ages_s), reverse=True)
    runs = [a_past_run("handed_off", agent=draw(values.names_of_agents), at=ago(age)) for age in ages_s]
    return ledger._replace(outcomes=tuple(runs))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Caps low enough to be reached."""
    return Policy(
        is_enabled=draw(values.almost_always),
        max_parallel=draw(values.parallels),
        queue_caps=tuple((QueueName(name), cap) for name, cap in draw(values.queue_caps)),
        account_caps=draw(values.account_caps),
        tag_caps=draw(values.tag_caps),
        orders_blockers_first=draw(values.either),
        kills_max=draw(values.up_to_three),
    )


@st.composite
def start_snapshots(draw: st.DrawFn) -> StartSnapshot:
    """What ``observe_start`` may give: each task once, each lease and ledger once."""
    ids = draw(values.ids_of_tasks)
    seen = [draw(tasks(task_id)) for task_id in ids]
    leased = draw(values.ids_of_leases)
    broken = [task_id for task_id in draw(values.ids_of_broken) if task_id not in leased]
    remembered = [ledger for task in seen if (ledger := draw(ledgers_of(task))) is not None]
    busy = {ids[place % len(ids)] for place in draw(values.places)} if ids else set()
    backlog = Backlog(
        tuple(task for task in seen if task.id not in busy),
        open_parents=frozenset(map(TaskId, draw(values.open_parents))),
        is_cut=not draw(values.mostly),
        working=tuple(task._replace(status="working") for task in seen if task.id in busy),
    )
    return StartSnapshot(
        now=NOW,
        source=SOURCE,
        backlog=Known(backlog),
        leases=tuple(draw(leases(task_id)) for task_id in leased),
        broken=tuple(a_broken_lease(task_id) for task_id in broken),
        ledgers={ledger.task_id: ledger for ledger in remembered},
        agents=tuple(draw(agents(name)) for name in AGENTS[: draw(values.up_to_three)]),
        policy=draw(policies()),
        is_estopped=not draw(values.almost_always),
        pauses=draw(pauses),
        free_mb=draw(values.free_mb),
    )


unknown_backlogs = st.just(Unknown("nobody answers"))


@st.composite
def lease_facts(draw: st.DrawFn, task_id: str) -> LeaseFacts:
    """Every state with every finding, also those that should not occur together."""
    lease = draw(leases(task_id))._replace(
        heartbeat_interval_s=draw(values.beat_intervals_s),
        hard_limit_s=draw(values.limits_s),
    )
    owners = [None, Owner(lease.lease_id, "wrapper", a_process()), Owner(lease.lease_id, "revoked", None)]
    owners.append(Owner(LeaseId("another"), "wrapper", a_process()))
    return facts(
        lease,
        wrapper=draw(values.liveness),
        owner=owners[draw(values.up_to_three)],
        is_same_boot=draw(values.mostly),
        beat_age_s=draw(values.beat_ages_s),
        run_age_s=draw(values.lives_s),
        intent=[None, None, None, *_ends(lease)][draw(values.up_to_five)],
        unwanted=draw(values.unwanted),
        is_owner_unreadable=not draw(values.mostly),
    )


def _ends(lease: Lease) -> list[Intent]:
    """Requests that end a run."""
    return [
        Intent("i", kind, lease.task_id, lease.lease_id, "bob", NOW) for kind in ("stop", "park", "release")
    ]


@st.composite
def tend_snapshots(draw: st.DrawFn) -> TendSnapshot:
    """Leases and broken leases of different tasks."""
    ids = draw(values.ids_of_facts)
    cut = min(draw(values.cuts), len(ids))
    return TendSnapshot(
        NOW,
        tuple(draw(lease_facts(task_id)) for task_id in ids[:cut]),
        tuple(a_broken_lease(task_id) for task_id in ids[cut:]),
        draw(values.either),
        draw(policies()),
    )
