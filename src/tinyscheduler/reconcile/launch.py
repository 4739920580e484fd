"""Start one task: order, lease, ledger, claim, look again, process. Law 3 in the order of the calls.

Every step leaves a state that the next pass can name: see ``planner.tend`` for what it does then.
"""

from __future__ import annotations

import os
from typing import assert_never

from tinyscheduler.errors import StartFailed, StateError
from tinyscheduler.model.action import Start
from tinyscheduler.model.claim_marks import lease_id_of
from tinyscheduler.model.lease import Lease, lease_tag
from tinyscheduler.model.ledger import BrokenLedger, Ledger, OpenRun, PastRun
from tinyscheduler.model.order import Order
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.task import Task
from tinyscheduler.planner.hints import hints_of
from tinyscheduler.planner.resources import needed
from tinyscheduler.planner.retry import content, released
from tinyscheduler.ports import World
from tinyscheduler.reconcile.claim import Bid, Lost, NotAsked, Unclear, Won, claim, claim_of
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.halt import halted
from tinyscheduler.reconcile.orders import (
    agent_environment,
    make_order,
    run_limits_s,
    secret_names,
    stall_limit_s,
)
from tinyscheduler.reconcile.prompt import last_run, prompt_for, queues_served
from tinyscheduler.reconcile.undo import doubt, forget, undo


def launch(context: Context, start: Start) -> Lease | Held:
    """The lease now on disk (``starting``, or ``claiming`` after an unclear claim), or why not.

    Raises StartFailed and StateError. What is left then is at most a lease that the next pass undoes.
    """
    world = context.world
    ledger = ledger_for(context, start)
    # The planner let it pass, so a person has changed the task: it is parked no more.
    is_release = ledger.parked is not None
    lease = new_lease(world, start, ledger)
    environment = agent_environment(world, lease, start.agent)
    order = make_order(world, lease, start.agent, secrets=secret_names(start.agent))
    order_path = _prepare(context, start, lease, order, last=last_run(ledger))
    if not world.leases.create(lease):
        return Held(lease.task_id, "leased", "it has a lease already")
    context.note("lease_created", lease, start.reason)
    opened = _opened(world, released(ledger) if is_release else ledger, lease, task=start.task)
    world.ledgers.write(opened)
    if is_release:
        context.note("task_released", lease, "the task was changed since it was parked")
    unclaimed = _claim(context, start, lease, ledger=opened)
    if unclaimed is not None:
        return unclaimed
    halt = halted(world, start, lease)
    if halt is not None:
        undo(context, lease, halt.reason)
        return halt
    starting = _restamped(world, lease._replace(state="starting"))
    world.leases.write(starting)
    return _spawn(context, starting, order, path=order_path, environment=environment)


def _prepare(context: Context, start: Start, lease: Lease, order: Order, *, last: PastRun | None) -> str:
    """The folders of this run. What is wrong with them is this task's or this agent's matter, not a
    reason to start nothing else. Raises StartFailed."""
    world = context.world
    try:
        world.state.make_workspace(lease.workspace)
    except StateError as error:
        context.memory.start_failed(lease.agent, lease.lease_id, error.message)
        raise StartFailed(error.message, hint=error.hint) from error
    queues = queues_served(agent.queues for agent in world.configuration.agents if agent.is_enabled)
    try:
        return world.runs.prepare(order, prompt_for(start.task, lease, last=last, queues=queues))
    except StateError as error:
        raise StartFailed(error.message, hint=error.hint) from error


def new_lease(world: World, start: Start, ledger: Ledger) -> Lease:
    """A lease in state ``claiming``; nothing is written."""
    configuration, host = world.configuration, world.processes.host()
    policy, agent, task = configuration.policy, start.agent, start.task
    now, monotonic = world.clock.now(), world.clock.monotonic()
    attempt, hints = ledger.runs + 1, hints_of(task)
    hard_s, soft_s = run_limits_s(policy, agent, stretch=start.stretch)
    return Lease(
        task_id=task.id,
        lease_id=lease_id_of(world.state.state_id(), os.urandom(5)),
        generation=ledger.generation + 1,
        attempt=attempt,
        state="claiming",
        agent=agent.name,
        queue=task.queue,
        source=world.server.source,
        claim=claim_of(task),
        host=host.name,
        machine_id=host.machine_id,
        created_at=now,
        heartbeat_at=now,
        start_monotonic=monotonic,
        heartbeat_monotonic=monotonic,
        boot_id=host.boot_id,
        pid_namespace=host.pid_namespace,
        heartbeat_interval_s=policy.heartbeat_interval_s,
        hard_limit_s=hard_s,
        soft_limit_s=soft_s,
        grace_s=policy.grace_s,
        stall_limit_s=stall_limit_s(policy, agent),
        engine=world.engine.name,
        account=agent.account,
        tags=task.tags,
        workspace=agent.workspace or f"{configuration.places.workspaces}/shared",
        run_folder=world.runs.path_for(task.id, attempt),
        writes=hints.writes,
        reads=hints.reads,
        goal=hints.goal,
        resources=needed(agent, hints),
    )


def ledger_for(context: Context, start: Start) -> Ledger:
    """The task's ledger, or a new one that goes on counting generations: the fence never goes back."""
    task, source = start.task, context.world.server.source
    found = context.world.ledgers.read([task.id]).get(task.id)
    assert not isinstance(found, BrokenLedger), "the planner holds ledger_unreadable"
    if found is None:
        return Ledger(task.id, source, task.created_at)
    if (found.source, found.task_created_at) == (source, task.created_at):
        return found
    return Ledger(task.id, source, task.created_at, generation=found.generation, runs=found.runs)


def _opened(world: World, ledger: Ledger, lease: Lease, *, task: Task) -> Ledger:
    """Written before the claim is sent, so that a claim of which nobody heard the end is known."""
    now = world.clock.now()
    tag = lease_tag(world.state.state_id(), lease.task_id, lease.lease_id)
    run = OpenRun(lease.lease_id, lease.agent, lease.claim, tag, now, None, content=content(task))
    return ledger._replace(generation=lease.generation, runs=lease.attempt, open=run)


def _claim(context: Context, start: Start, lease: Lease, *, ledger: Ledger) -> Lease | Held | None:
    """None: won. The lease: nobody knows, so it stays as it is."""
    bid = Bid(lease.agent, lease.lease_id, context.world.clock.now(), is_tagged=ledger.is_tagged)
    result = claim(context.server, start.task, bid)
    match result:
        case Won():
            context.note("claim_won", lease)
            return None
        case Lost("bad_task", found, hint):
            return _refused(context, lease, ledger, found=found, hint=hint)
        case Lost(reason, found):
            return _dropped(context, lease, ledger, reason=reason, found=found)
        case NotAsked(why):
            return _dropped(context, lease, ledger, reason="server_unknown", found=why)
        case Unclear(why):
            context.note("claim_unknown", lease, why)
            doubt(context.world, ledger)
            return lease
        case _:
            assert_never(result)


def _dropped(context: Context, lease: Lease, ledger: Ledger, *, reason: HeldReason, found: str) -> Held:
    context.note("claim_lost", lease, found)
    forget(context, lease, ledger)
    return Held(lease.task_id, reason, found, lever="the next pass looks again")


def _refused(context: Context, lease: Lease, ledger: Ledger, *, found: str, hint: str) -> Held:
    """Told once for each answer; ``status`` shows it for as long as it is held."""
    from tinyscheduler.planner.refused import after_refusal, last_refusal, refusal_lever

    world, before = context.world, last_refusal(ledger)
    lever, now = refusal_lever(lease.task_id, hint), world.clock.now()
    after = after_refusal(ledger, lease, found, now=now, policy=world.configuration.policy)
    if before is None or before.why != after.outcomes[-1].why:
        context.report.trouble(
            f"task {lease.task_id} cannot be begun: {found}", hint=lever, reference="task-refused"
        )
    context.note("claim_lost", lease, found)
    forget(context, lease, after)
    return Held(lease.task_id, "bad_task", found, next_look_at=after.not_before, lever=lever)


def _spawn(
    context: Context, lease: Lease, order: Order, *, path: str, environment: dict[str, str]
) -> Lease | Held:
    """From here on the pass writes the lease no more: it is the wrapper's."""
    try:
        context.world.engine.start(path, order, environment)
    except StartFailed as error:
        undo(context, lease, error.message, start_failed=True)
        raise
    context.note("run_started", lease, attempt=lease.attempt)
    return lease


def _restamped(world: World, lease: Lease) -> Lease:
    """The 30 s for adoption begin now, not before the claim."""
    now, monotonic = world.clock.now(), world.clock.monotonic()
    return lease._replace(
        created_at=now, heartbeat_at=now, start_monotonic=monotonic, heartbeat_monotonic=monotonic
    )
