"""Why a task may not start whatever the capacity: the rows of ``rules`` that look at the task, its lease
and its ledger, and at the world as it is.

First match wins. Each row says what was found and names the one lever that would release the task.
"""

from __future__ import annotations

from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.rate_limit import LIMIT_S_MAX
from tinyscheduler.model.task import BEING_IMPORTED, Task
from tinyscheduler.planner.able import is_name
from tinyscheduler.planner.capacity import latest_end
from tinyscheduler.planner.retry import fingerprint
from tinyscheduler.planner.view import Finding, View, is_foreign, ledger_of


def estop(_task: Task, view: View) -> Finding | None:
    """The file that stops everything."""
    if view.snapshot.is_estopped:
        return Finding("the ESTOP file is there", "tinyscheduler estop --clear")
    return None


def not_ours(task: Task, view: View) -> Finding | None:
    """It is another's: never touched."""
    name = task.assigned_to
    if name is None or name in view.agents or name in view.former:
        return None
    if task.id in view.leases or task.id in view.broken:
        # Handed over while it ran: until its run is proven gone, that is what holds it.
        return None
    if name == BEING_IMPORTED:
        return Finding("an import is at work on it, or was broken off", "import its file again")
    if task.status == "working" and _is_left_by_us(task, view):
        return Finding(
            f"assigned to {name}, who is no agent of ours, and working since a run of ours was on it",
            f"if nobody is at work on it, set it idle on the server, or let {name}'s scheduler requeue it",
        )
    return Finding(
        f"assigned to {name}, who is no agent of ours",
        f"tinyscheduler task update {task.id} --assign {_whom(task)}, or add {name} to agent-control",
    )


def _whom(task: Task) -> str:
    """Back to the pool, which is what is meant most often, where there is one."""
    return "NAME" if task.queue is None else f"'' (whoever serves {task.queue} gets it), or NAME"


def _is_left_by_us(task: Task, view: View) -> bool:
    """Its last run here ended after somebody had given it away; who set it working nobody can tell."""
    ledger = ledger_of(task, view)
    return isinstance(ledger, Ledger) and bool(ledger.outcomes) and ledger.outcomes[-1].is_passed_on


def leased(task: Task, view: View) -> Finding | None:
    """A run is in flight, or there may be one."""
    lease, broken = view.leases.get(task.id), view.broken.get(task.id)
    if broken is not None:
        return Finding(
            f"its lease cannot be read: {broken.why}",
            f"the next pass mends it if it can; else tinyscheduler release {task.id} --reason TEXT",
        )
    if lease is None or lease.state == "finished":
        return None
    value = f"{lease.state} on {lease.agent}, attempt {lease.attempt}"
    limit, ends_by_at = f"{lease.hard_limit_s} s", latest_end(lease)
    return Finding(value, "", limit=limit, since=lease.created_at, ends_by_at=ends_by_at)


def settling(task: Task, view: View) -> Finding | None:
    """Its run is over, and nobody has been told yet."""
    lease, ledger = view.leases.get(task.id), ledger_of(task, view)
    if lease is not None and lease.state == "finished":
        kind = lease.outcome.kind if lease.outcome is not None else "finished"
        value = f"its run on {lease.agent} ended as {kind}; the server is told next"
        return Finding(value, "", since=lease.outcome.at if lease.outcome is not None else None)
    if lease is None and isinstance(ledger, Ledger) and ledger.open is not None:
        if is_foreign(ledger.open, task, view.snapshot):
            return None
        return Finding(
            f"its ledger has an open run of {ledger.open.agent} without a lease",
            "look whether its agent still runs; the pass closes it after 120 s",
            limit="120 s",
        )
    return None


def working_elsewhere(task: Task, view: View) -> Finding | None:
    """Somebody has it, or had it before us in this pass."""
    if task.id in view.leases:
        # Also where a stop or a park waits for it: its run is ours.
        return None
    refused = view.snapshot.refused.get(task.id)
    if refused is not None:
        return Finding("", "", hold=refused)
    if task.status == "idle" and task.archived_at is None:
        return None
    value = f"its status on the server is {task.status}"
    if task.status == "working" and task.archived_at is None and task.id in view.open_parents:
        # Nobody's: the status changes with each start of a subtask, and what holds it is the same.
        derived = Finding(f"{value}, as that of its subtasks", "complete its subtasks")
        return None if task.assigned_to is None else derived
    if task.status == "working" and task.assigned_to in view.agents:
        return Finding(
            f"{value}, and no run of ours is",
            f"when nobody works on it: tinyscheduler requeue {task.id} --reason TEXT",
        )
    return Finding(value, "set it idle on the server")


def ledger_unreadable(task: Task, view: View) -> Finding | None:
    """What its runs have cost is not known (law 8)."""
    ledger = ledger_of(task, view)
    if isinstance(ledger, BrokenLedger):
        return Finding(ledger.why, f"mend or remove {ledger.path}")
    return None


def parked(task: Task, view: View) -> Finding | None:
    """Features C3; a changed task is another one."""
    ledger = ledger_of(task, view)
    if not isinstance(ledger, Ledger) or ledger.parked is None:
        return None
    parked = ledger.parked
    if parked.fingerprint != fingerprint(task):
        return None
    lever = f"tinyscheduler retry {task.id}, or change its title, description, assignee or queue"
    return Finding(parked.why, lever, since=parked.at)


def disabled(task: Task, view: View) -> Finding | None:
    """Switched off by the operator."""
    if not view.snapshot.policy.is_enabled:
        return Finding("the scheduler is switched off", "set TINYSCHEDULER_ENABLED=true")
    agent = view.agents.get(task.assigned_to) if task.assigned_to is not None else None
    if agent is not None and not agent.is_enabled:
        return Finding(f"agent {agent.name} is disabled", f"enable {agent.name} in agent-control")
    names = view.idle.get(task.queue, ()) if agent is None and task.queue is not None else ()
    if names:
        some = "agent" if len(names) == 1 else "agents"
        value = f"queue {task.queue}: {some} {', '.join(names)} disabled"
        return Finding(value, f"enable {names[0]} in agent-control")
    return None


def not_before(task: Task, view: View) -> Finding | None:
    """Features C2."""
    ledger = ledger_of(task, view)
    if not isinstance(ledger, Ledger) or ledger.not_before is None:
        return None
    wait_s = (ledger.not_before - view.snapshot.now).total_seconds()
    if wait_s <= 0 or wait_s > _longest_wait_s(ledger, view):
        return None
    last = ledger.outcomes[-1] if ledger.outcomes else None
    if last is not None and last.kind == "denied":
        # It has not run; its own row says who said no.
        return None
    if last is not None and (last.at - view.snapshot.now).total_seconds() > view.snapshot.policy.retry_base_s:
        # Its run ended in the future: the clock was ahead then, and so is the end of the wait.
        return None
    value = "it is to wait"
    if last is not None:
        value = f"its last run ended as {last.kind}" + (f": {last.why}" if last.why else "")
    return Finding(
        value,
        _lever_of_a_wait(task, None if last is None else last.kind),
        limit=f"{ledger.not_before:%Y-%m-%dT%H:%M:%SZ}",
        since=None if last is None else last.at,
        next_look_at=ledger.not_before,
    )


def _lever_of_a_wait(task: Task, kind: str | None) -> str:
    retry = f"tinyscheduler retry {task.id}"
    if kind == "start_failed":
        return f"mend its command or what its last run met, then: {retry}; or wait"
    return f"wait, or to start it at once: {retry}"


def _longest_wait_s(ledger: Ledger, view: View) -> float:
    """A time further away than its own maximum comes from a clock that was wrong: it holds nothing."""
    is_limited = bool(ledger.outcomes) and ledger.outcomes[-1].kind == "rate_limited"
    return LIMIT_S_MAX if is_limited else 2 * view.snapshot.policy.retry_max_s


def bad_task(task: Task, view: View) -> Finding | None:
    """Law 11: it would name files and processes of ours; or what it says of itself means nothing, and to
    pass over that would start what should wait."""
    if not is_name(task.id):
        return Finding("its id is not a name we can use", "ids are up to 64 of A-Z a-z 0-9 _ -")
    fault = view.hints(task).fault
    if fault is not None:
        return Finding(f"{fault.place}: {fault.value}", fault.remedy)
    return _refused(task, view) if task.id in view.met else None


def _refused(task: Task, view: View) -> Finding | None:
    """The task server said no when it was to be begun, a short time ago."""
    ledger = ledger_of(task, view)
    if not isinstance(ledger, Ledger) or ledger.not_before is None or ledger.not_before <= view.snapshot.now:
        return None
    from tinyscheduler.planner.refused import last_refusal, refusal_lever

    last = last_refusal(ledger)
    if last is None:
        return None
    return Finding(
        last.why,
        refusal_lever(task.id),
        limit=f"{ledger.not_before:%Y-%m-%dT%H:%M:%SZ}",
        since=last.at,
        next_look_at=ledger.not_before,
    )


def disk(_task: Task, view: View) -> Finding | None:
    """Features B13."""
    free_mb, least_mb = view.snapshot.free_mb, view.snapshot.policy.min_free_mb
    if free_mb is None or free_mb >= least_mb:
        return None
    # Half of what is free: the next pass finds a little less.
    return Finding(
        f"{free_mb} MB free, {least_mb} MB needed",
        f"free disk space, or TINYSCHEDULER_MIN_FREE_MB={free_mb // 2}",
        limit=f"{least_mb} MB",
    )
