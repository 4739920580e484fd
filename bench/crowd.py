"""A snapshot as full as one machine ever gets, with something for every rule of the planner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.breaker import AccountKey, AccountLimit, Accounts, Breakers, Quarantine
from tinyscheduler.model.ids import AgentName, LeaseId, QueueName, TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import Claim, Lease
from tinyscheduler.model.ledger import Ledger, PastRun
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.prerequisite import Prerequisite
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.snapshot import Backlog, StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Waiting

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SOURCE = "bench:1"
QUEUES = tuple(QueueName(f"queue-{number:02}") for number in range(20))
AGENTS, LEASES = 50, 1_000
SLOTS = 22
"""Of each agent: two more than its leases, so that some tasks of every queue start."""
GONE = TaskId("gone")
FRONT = "---\nwrite: [src/part-{part}/**]\nread: docs\ngoal: goal-{goal}\n---\nDo it well."


def crowd(tasks: int, *, seed: int = 1) -> StartSnapshot:
    """1,000 leases, 50 agents of 20 queues, and as many tasks. A tenth of the tasks says by tags what
    it needs, a fifth of those in front matter as well; a tenth waits for another, a twentieth has run."""
    random = Random(seed)
    made = tuple(_task(number, tasks, random) for number in range(tasks))
    return StartSnapshot(
        now=NOW,
        source=SOURCE,
        backlog=Known(Backlog(made)),
        leases=tuple(_lease(number) for number in range(LEASES)),
        broken=(),
        ledgers={task.id: _ledger(task) for task in made[::20]},
        agents=tuple(_agent(number) for number in range(AGENTS)),
        policy=_policy(),
        free_mb=10_000,
        pauses=(Pause("queue", QUEUES[-1], "bench", NOW, "every rule is on", None),),
        breakers=Breakers(agents={AgentName("agent-00"): _quarantine()}),
        accounts=Accounts({AccountKey("acme"): AccountLimit(NOW, NOW + timedelta(minutes=5), 1, ())}),
        waiting={task.id: _waiting(task, random) for task in made},
        prerequisites={GONE: Prerequisite(GONE, "gone")},
        totals=Resources(cpu=10_000.0, memory_mb=10_000_000, gpu=8),
    )


def _task(number: int, count: int, random: Random) -> Task:
    made_at = NOW - timedelta(seconds=random.randrange(86_000))
    is_hinted, is_behind, has_matter = number % 10 == 3, number % 10 == 7, number % 50 == 13
    return Task(
        id=TaskId(str(number)),
        title=f"task {number}",
        status="idle",
        assigned_to=AgentName(f"agent-{number % AGENTS:02}") if number % 4 == 0 else None,
        queue=random.choice(QUEUES),
        priority=float(random.randrange(-3, 12)),
        created_at=made_at,
        updated_at=made_at,
        description=FRONT.format(part=number % 5_000, goal=number % 3_000) if has_matter else "Do it well.",
        tags=_tags(number, count, random) if is_hinted else (),
        blocked_by=TaskId(str(random.randrange(count))) if is_behind else None,
        is_blocked=is_behind,
    )


def _tags(number: int, count: int, random: Random) -> tuple[str, ...]:
    """Some wait for another one, a few for one that is gone."""
    after = () if number % 30 != 3 else (f"after:{random.randrange(count) if number % 300 != 3 else GONE}",)
    return (f"cap:c{number % 3}", f"write:lib/part-{number % 4_000}/a", *after)


def _agent(number: int) -> Agent:
    return Agent(
        AgentName(f"agent-{number:02}"),
        (QUEUES[number % 20], QUEUES[(number * 7 + 3) % 20]),
        SLOTS,
        "bench",
        command=("true",),
        account="acme" if number % 25 == 1 else f"account-{number % 5}",
        capabilities=("c0", "c1", "c2"),
        resources=Resources(cpu=0.5, memory_mb=100, gpu=0),
    )


def _lease(number: int) -> Lease:
    agent, queue = AgentName(f"agent-{number % AGENTS:02}"), QUEUES[number % 20]
    return Lease(
        task_id=TaskId(f"run-{number}"),
        lease_id=LeaseId(f"{number:016x}"),
        generation=1,
        attempt=1,
        state="running",
        agent=agent,
        queue=queue,
        source=SOURCE,
        claim=Claim(None, queue, NOW, "exchange"),
        host="bench",
        machine_id="m",
        created_at=NOW - timedelta(minutes=5),
        heartbeat_at=NOW,
        start_monotonic=0.0,
        heartbeat_monotonic=300.0,
        boot_id="b",
        pid_namespace="n",
        account=f"account-{number % 5}",
        writes=(f"lib/part-{number}/**",),
        reads=("docs",),
        goal=f"run-{number}",
        resources=Resources(cpu=0.5, memory_mb=100, gpu=0),
    )


def _ledger(task: Task) -> Ledger:
    past = PastRun(LeaseId("f" * 16), AgentName("agent-03"), "failed", NOW - timedelta(hours=1), True)
    return Ledger(task.id, SOURCE, task.created_at, 1, 1, outcomes=(past,))


def _waiting(task: Task, random: Random) -> Waiting:
    since = NOW - timedelta(seconds=random.randrange(5_000))
    return Waiting(task.created_at, task.queue, task.assigned_to, "agent_full", since, since)


def _quarantine() -> Quarantine:
    lost = (LeaseId("a"), LeaseId("b"), LeaseId("c"))
    return Quarantine(lost, NOW - timedelta(minutes=1), NOW + timedelta(minutes=14))


def _policy() -> Policy:
    return Policy(
        max_parallel=1_080,
        queue_caps=tuple((queue, 54) for queue in QUEUES[::2]),
        account_caps=(("account-1", 215),),
        tag_caps=(("cap:c1", 20),),
        band_weights=(50, 30, 15, 5),
        max_queue_depth=1_000_000,
    )
