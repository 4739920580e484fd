"""One run from adoption to outcome (design 6). The steps are here, the rules are in pure modules.

    adopt the lease -> start the agent -> watch (``watch``) -> judge (``outcomes``) -> ``finished``

Nothing may be lost: whatever step this process is killed after, the lease, the tag on the agent's
processes and the result file say enough for the next pass to go on.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from tinyscheduler.errors import StateError
from tinyscheduler.kit.fields import instant_text
from tinyscheduler.model.lease import Outcome, containment_name
from tinyscheduler.model.result import SUMMARY_CHARS_MAX, BadResult
from tinyscheduler.wrapper import limits
from tinyscheduler.wrapper.adoption import adopt
from tinyscheduler.wrapper.agent import (
    AgentProcess,
    CannotStart,
    agent_environment,
    reap_others,
    start_agent,
)
from tinyscheduler.wrapper.capture import Capture
from tinyscheduler.wrapper.log import Log
from tinyscheduler.wrapper.outcomes import Ending, judge
from tinyscheduler.wrapper.outside import outside_cause
from tinyscheduler.wrapper.progress import digest_of
from tinyscheduler.wrapper.redact import Redactor
from tinyscheduler.wrapper.wakeup import Wakeup
from tinyscheduler.wrapper.watch import Watch, Watched
from tinyscheduler.wrapper.world import Run, World

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tinyscheduler.model.order import Order
    from tinyscheduler.model.result import RunResult
    from tinyscheduler.ports import Clock, Containment, Enclosure, LeaseStore, Processes, RunFolders
    from tinyscheduler.wrapper.heartbeat import HeldLease

TERM_APART_S = 0.5
"""systemd signals all processes of a unit within milliseconds, on a machine that is busy ending."""
RECORD_RETRY_S = 2
"""A disk that refuses the outcome is asked again; the lease goes on beating meanwhile."""


def supervise(
    order: Order,
    *,
    leases: LeaseStore,
    processes: Processes,
    clock: Clock,
    runs: RunFolders,
    containment: Containment,
    environ: Mapping[str, str],
) -> tuple[str, ...]:
    """Run the order to its end; what this process shall become, or () for nothing: just leave.

    Main thread only (signals). Raises StateError while nothing has been started yet.
    """
    log = Log(lambda: instant_text(clock.now()))
    with Wakeup() as wakeup:
        world = World(leases, processes, clock, runs, containment, wakeup, log)
        plan = containment.plan(containment_name(order.tag), order.containment)
        held = adopt(order, leases=leases, processes=processes, clock=clock, log=log, enclosure=plan)
        if held is None:
            return ()
        outcome = _outcome_of(Run(order, world, held), plan, environ)
        containment.close()
        if outcome is None or not _record(outcome, held):
            return ()
    return order.after_argv


def _outcome_of(run: Run, plan: Enclosure, environ: Mapping[str, str]) -> Outcome | None:
    """None: the lease was lost, and its agent is gone."""
    order, world = run.order, run.world
    cause = outside_cause(order, world)
    if cause is not None:
        return Outcome(cause.kind, world.clock.now(), summary=f"before the agent was started: {cause.why}")
    own_environ = agent_environment(order, environ)
    redactor = Redactor(own_environ.get(name, "") for name in order.secret_names)
    try:
        agent = _start_inside(run, plan, own_environ)
    except CannotStart as error:
        world.log.say(f"the agent did not start: {error}")
        return Outcome("start_failed", world.clock.now(), summary=str(error)[:SUMMARY_CHARS_MAX])
    watched = _watch(run, agent, redactor)
    return None if watched.is_lease_lost else _judge(run, watched, redactor)


def _start_inside(run: Run, plan: Enclosure, environ: Mapping[str, str]) -> AgentProcess:
    """The agent is born in what holds it, so no process of it was ever outside. Raises CannotStart."""
    enclosure = run.world.containment.enter(plan)
    if enclosure != plan:
        run.world.log.say(f"the agent is held by {enclosure.rung}: {plan.rung} was refused")
        run.held.note_enclosure(enclosure)
    try:
        return start_agent(run.order, environ)
    finally:
        run.world.containment.leave()


def _watch(run: Run, agent: AgentProcess, redactor: Redactor) -> Watched:
    order, world = run.order, run.world
    capture = Capture(
        order.log,
        redactor,
        bytes_max=order.limits.output_max_bytes,
        files_max=order.limits.output_files,
    )
    watched = Watch(run, agent, capture).run()
    agent.reap()
    if world.containment.inherits_orphans():
        reap_others(None)
    if capture.dropped_bytes:
        world.log.say(f"{capture.dropped_bytes} bytes of output could not be written and are lost")
    return watched


def _judge(run: Run, watched: Watched, redactor: Redactor) -> Outcome:
    order, world, limit = run.order, run.world, watched.limit
    if watched.exit.signal == signal.SIGTERM and watched.cause is None and limit is None:
        # A shutdown sends it to agent and wrapper one after the other, and ours may be on its way.
        world.wakeup.wait(TERM_APART_S)
    ending = Ending(
        at=world.clock.now(),
        code=watched.exit.code,
        signal=watched.exit.signal,
        success=order.success,
        # The pass, or a shutdown, may have ended the agent before its word reached us.
        stop=watched.cause or outside_cause(order, world),
        limit=limit,
        limit_text="" if limit is None else limits.describe(limit, order.limits),
        result=_read_result(run, redactor),
    )
    outcome = judge(ending)
    if outcome.kind == "succeeded":
        own = (os.path.dirname(order.result), os.path.dirname(order.estop_file))
        outcome = outcome._replace(digest=digest_of(order.cwd, outcome, excluded=own))
    world.log.say(f"the run ended: {outcome.kind}, {outcome.summary}")
    return outcome


def _read_result(run: Run, redactor: Redactor) -> RunResult | BadResult | None:
    order = run.order
    try:
        return run.world.runs.result(order.result, redact=redactor.clean, workspace=order.cwd)
    except StateError as error:
        return BadResult(f"it cannot be read: {error.message}")


def _record(outcome: Outcome, held: HeldLease) -> bool:
    """Until it is on disk; False: the lease is lost, and somebody else answers for the task."""
    while True:
        kept = held.finish(outcome)
        if kept != "failed":
            return kept == "kept"
        held.beat()
        time.sleep(RECORD_RETRY_S)
