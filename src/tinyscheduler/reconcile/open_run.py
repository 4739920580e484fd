"""The lease that a run should have, from what its ledger says. Loaded where one is missing or broken."""

from __future__ import annotations

from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import Ledger, OpenRun
from tinyscheduler.ports import World
from tinyscheduler.reconcile.observe import moment


def lease_of_open_run(world: World, ledger: Ledger, run: OpenRun) -> Lease:
    """``running`` on this machine, beaten now and begun when the ledger says; its wrapper is not known, and
    its limits are those of today. On no disk."""
    host, policy, now = world.processes.host(), world.configuration.policy, moment(world)
    age_s = max(0.0, (now.at - run.at).total_seconds())
    agent = next((agent for agent in world.configuration.agents if agent.name == run.agent), None)
    # A ledger that was cut off before it counted its first run has counted none.
    attempt = max(1, ledger.runs)
    return Lease(
        task_id=ledger.task_id,
        lease_id=run.lease_id,
        generation=ledger.generation,
        attempt=attempt,
        state="running",
        agent=run.agent,
        queue=run.claim.queue,
        source=ledger.source,
        claim=run.claim,
        host=host.name,
        machine_id=host.machine_id,
        created_at=run.at,
        heartbeat_at=now.at,
        start_monotonic=now.monotonic - age_s,
        heartbeat_monotonic=now.monotonic,
        boot_id=host.boot_id,
        pid_namespace=host.pid_namespace,
        heartbeat_interval_s=policy.heartbeat_interval_s,
        hard_limit_s=policy.hard_limit_s,
        grace_s=policy.grace_s,
        engine=world.engine.name,
        account=None if agent is None else agent.account,
        run_folder=world.runs.path_for(ledger.task_id, attempt),
    )
