"""Carry out the starts of a plan, one after the other, at the pace of their accounts.

Apart from ``run`` because most passes start nothing and need none of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.errors import StartFailed, StateError, TaskServerError
from tinyscheduler.model.action import Start, StartPlan
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.pass_result import Result, ResultWord
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.planner.breakers import BURST, RATE
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.halt import forbidden
from tinyscheduler.reconcile.launch import launch
from tinyscheduler.reconcile.pre_start import denial, may_be_asked


def launch_all(
    context: Context, plan: StartPlan, leases: list[Lease], *, deadline: float
) -> dict[TaskId, Held]:
    """Tasks whose start was refused, so that their slots may be planned again; none when this pass
    is to start nothing more. New leases join ``leases``; every start that is not made joins what the
    report says is held."""
    try:
        lost, is_over = _launch_each(context, plan.starts, leases, deadline=deadline)
    finally:
        context.memory.keep_pace()
    context.report.not_started(lost)
    return {} if is_over else lost


def _launch_each(
    context: Context, starts: Sequence[Start], leases: list[Lease], *, deadline: float
) -> tuple[dict[TaskId, Held], bool]:
    """What was not started, and whether this pass is to start nothing more."""
    lost: dict[TaskId, Held] = {}
    for at, start in enumerate(starts):
        end = _end(context, deadline=deadline)
        if end is not None:
            return lost | {rest.task.id: end._replace(task_id=rest.task.id) for rest in starts[at:]}, True
        held = _keep_pace(context, start, deadline=deadline)
        if held is None:
            try:
                held = _asked_and_launched(context, start, leases)
            except (StateError, TaskServerError) as error:
                context.report.fault(error, task_id=start.task.id)
                _result(context, start, "failed", reason=error.message)
                end = _stopped_by(error)
                return lost | {rest.task.id: end._replace(task_id=rest.task.id) for rest in starts[at:]}, True
        if held is not None:
            lost[start.task.id] = held
    return lost, False


def _end(context: Context, *, deadline: float) -> Held | None:
    """Why nothing more is started, as the answer about any task; None: the next one may be."""
    if context.server.trouble is not None:
        return _stopped_by(context.server.trouble)
    if context.world.clock.monotonic() > deadline:
        context.report.limit("the pass took its whole time; the rest is started by the next one")
        return Held(_ANY, "pacing", "the pass took its whole time", lever="the next pass starts it")
    if not may_be_asked(context, deadline=deadline):
        context.report.limit("pre_start took its whole time; the rest is asked in the next pass")
        return Held(_ANY, "pacing", "pre_start took its whole time", lever="the next pass asks it")
    return None


_ANY = TaskId("")


def _stopped_by(error: StateError | TaskServerError) -> Held:
    reason: HeldReason = "disk" if isinstance(error, StateError) else "server_unknown"
    return Held(_ANY, reason, error.message, lever=error.hint)


def _keep_pace(context: Context, start: Start, *, deadline: float) -> Held | None:
    """Wait until one more start of the account is in time. A Held: that would take the pass too long."""
    memory, clock = context.memory, context.world.clock
    wait_s = memory.wait_s(start.agent)
    if wait_s > 0 and clock.monotonic() + wait_s > deadline:
        value = f"account {start.agent.account} starts no more in this pass"
        _result(context, start, "held", reason=f"pacing: {value}")
        context.report.limit(
            f"starts of account {start.agent.account} are paced; the rest is for the next pass"
        )
        limit = f"{BURST} at once, then {RATE:g} a second"
        return Held(start.task.id, "pacing", value, limit=limit, lever="the next pass starts more")
    if wait_s > 0:
        clock.sleep(wait_s)
    memory.count_start(start.agent)
    return None


def _asked_and_launched(context: Context, start: Start, leases: list[Lease]) -> Held | None:
    """A no costs nothing before there is a lease; ``launch`` looks once more when there is one."""
    refusal = forbidden(context.world, start) or denial(context, start)
    if refusal is not None:
        _result(context, start, "held", reason=f"{refusal.reason}: {refusal.value}")
        return refusal
    return _launch(context, start, leases)


def _launch(context: Context, start: Start, leases: list[Lease]) -> Held | None:
    """None: started, or at least leased."""
    try:
        got = launch(context, start)
    except StartFailed as error:
        context.report.fault(error, task_id=start.task.id)
        _result(context, start, "failed", reason=error.message)
        return Held(start.task.id, "no_recipe", error.message, lever=error.hint)
    if isinstance(got, Held):
        _result(context, start, "held", reason=f"{got.reason}: {got.value}")
        return got
    leases.append(got)
    if got.state == "claiming":
        unclear = Held(start.task.id, "settling", "its claim was not answered", lever="wait")
        context.report.not_started({start.task.id: unclear})
        _result(context, start, "held", reason=f"settling: {unclear.value}", lease_id=got.lease_id)
    else:
        _result(context, start, "done", reason=start.reason, lease_id=got.lease_id)
    return None


def _result(
    context: Context, start: Start, result: ResultWord, *, reason: str, lease_id: LeaseId | None = None
) -> None:
    task = start.task
    context.report.add(Result("start", task.id, start.agent.name, task.queue, lease_id, result, reason))
