"""Take a start back: server first, only what is still ours; then the lease."""

from __future__ import annotations

from datetime import timedelta

from tinyscheduler.errors import ServerRefused
from tinyscheduler.model.lease import Lease, Outcome, Owner
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.sightings import age_s
from tinyscheduler.planner.retry import after_run
from tinyscheduler.ports import World
from tinyscheduler.reconcile.claim import give_back
from tinyscheduler.reconcile.context import Context, check_server
from tinyscheduler.reconcile.observe import moment
from tinyscheduler.reconcile.reclaim import tell_survivors
from tinyscheduler.reconcile.refusals import after_refusals
from tinyscheduler.reconcile.stop import Doomed, stop_runs


def undo(context: Context, lease: Lease, reason: str, *, start_failed: bool = False) -> bool:
    """True: the lease is gone. False: an unanswered claim may still take effect; the lease stays.

    ``start_failed`` writes the failed start into the ledger, which delays the next one.
    Raises TaskServerError, StateError; the lease stays then too.
    """
    world = context.world
    ledger = _open_ledger(context, lease)
    if ledger is None and _was_never_sent(context, lease):
        context.note("lease_undone", lease, reason)
        forget(context, lease, None)
        return True
    check_server(context, lease)
    # A lease that has left ``claiming`` got its answer.
    is_unclear = lease.state == "claiming" and _is_unclear(context, ledger)
    try:
        colleagues = {agent.name for agent in world.configuration.agents}
        if not give_back(context.server, lease, colleagues, is_unclear=is_unclear):
            return False
    except ServerRefused as error:
        if ledger is None or is_unclear:
            raise
        _give_up(context, lease, ledger, after_refusals(context, lease, ledger, error))
        return True
    context.note("lease_undone", lease, reason)
    if ledger is None or not start_failed:
        forget(context, lease, ledger)
        return True
    outcome = Outcome("start_failed", world.clock.now(), summary=reason)
    world.ledgers.write(after_run(ledger, lease, outcome, world.configuration.policy))
    context.memory.start_failed(lease.agent, lease.lease_id, reason)
    world.leases.remove(lease)
    return True


def _give_up(context: Context, lease: Lease, ledger: Ledger, outcome: Outcome) -> None:
    """The task stays as the server has it; people have been told."""
    world = context.world
    world.ledgers.write(after_run(ledger, lease, outcome, world.configuration.policy))
    context.note("task_settled", lease, "left", outcome=outcome.kind)
    world.leases.remove(lease)


def forget(context: Context, lease: Lease, ledger: Ledger | None) -> None:
    """A start of which nothing is left on the server: as if it had not been, but for the generation,
    which is the fence in every write and never goes back. ``ledger`` None: it was cut off before
    the ledger was opened.

    Raises StateError; the next pass goes on then.
    """
    world = context.world
    if ledger is not None:
        world.ledgers.write(ledger._replace(open=None, runs=max(0, ledger.runs - 1)))
    else:
        _count_generation(context, lease)
    world.leases.remove(lease)
    world.runs.discard(lease.task_id, lease.attempt)


def doubt(world: World, ledger: Ledger) -> None:
    """From now on it counts how long the claim of the open run may still take effect. Raises StateError."""
    assert ledger.open is not None, "asked only of runs whose claim was cut off"
    now = moment(world)
    until = now.at + timedelta(seconds=world.configuration.policy.claim_timeout_s)
    world.ledgers.write(ledger._replace(open=ledger.open._replace(unclear_since=now, unclear_until=until)))


def revoke(context: Context, lease: Lease, reason: str) -> bool:
    """A wrapper that has not adopted its lease in time. True: the lease is gone.

    The owner name decides who was first. Whatever carries the tag is ended and proven gone before the
    owner name is free again, so that a slow wrapper can never revive an undone lease.
    Raises TaskServerError, StateError.
    """
    world = context.world
    owner = world.leases.take(lease.task_id, Owner(lease.lease_id, "revoked", None))
    if owner.by == "wrapper" and owner.lease_id == lease.lease_id:
        return False
    context.note("run_revoked", lease, reason)
    doomed = Doomed(lease, None, "start_failed")
    survivors = stop_runs(world, [doomed], tell=context.fault)[lease.lease_id]
    if survivors:
        tell_survivors(context, lease, survivors)
        return False
    return undo(context, lease, reason, start_failed=reason in _ITS_OWN_FAULT)


_ITS_OWN_FAULT = ("not_adopted_in_time", "revocation_unfinished")
"""Revocations that say something of the agent; the others come from ESTOP, people and reboots."""


def _is_unclear(context: Context, ledger: Ledger | None) -> bool:
    """An unanswered claim may still take effect. Counted from the first look that found it so: by then
    whoever sent it has ended, however long it was stopped, slow or suspended before it sent."""
    if ledger is None or ledger.open is None:
        return False
    world, since = context.world, ledger.open.unclear_since
    now = moment(world)
    if since is None or (since.boot_id != now.boot_id and since.at > now.at):
        doubt(world, ledger)
        return True
    return age_s(since, now) < world.configuration.policy.claim_timeout_s


def _was_never_sent(context: Context, lease: Lease) -> bool:
    """The ledger is written before the claim is sent, so a readable one that does not know this lease
    proves that nothing was; a missing one does so only for a task's very first lease."""
    if lease.state != "claiming":
        return False
    known = context.world.ledgers.read([lease.task_id]).get(lease.task_id)
    return isinstance(known, Ledger) or (known is None and lease.generation == 1)


def _count_generation(context: Context, lease: Lease) -> None:
    known = context.world.ledgers.read([lease.task_id]).get(lease.task_id)
    if known is None:
        known = Ledger(lease.task_id, lease.source, lease.claim.task_created_at)
    if isinstance(known, Ledger) and known.generation < lease.generation:
        context.world.ledgers.write(known._replace(generation=lease.generation))


def _open_ledger(context: Context, lease: Lease) -> Ledger | None:
    """The ledger if its open run is this lease's; a crash may have come before it was written."""
    found = context.world.ledgers.read([lease.task_id]).get(lease.task_id)
    if isinstance(found, Ledger) and found.open is not None:
        return found if found.open.lease_id == lease.lease_id else None
    return None
