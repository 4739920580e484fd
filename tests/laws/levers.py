"""The lever of every reason, pulled on a snapshot: what a person would do, and what it changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tests.builders import an_agent
from tests.laws.start_worlds import known
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.breaker import NO_ACCOUNTS, NO_BREAKERS
from tinyscheduler.model.hours import ALL_OPEN
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.ledger import Approval, BrokenLedger, Ledger
from tinyscheduler.model.machine import NOT_LOOKED_AT
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.approval import approval_mark

Pull = Callable[[Held, Task, StartSnapshot], StartSnapshot]


def pull(held: Held, task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    """The world after the lever of this reason."""
    return LEVERS[held.reason](held, task, snapshot)


def with_task(task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    """The task changed, wherever it is seen."""
    backlog = known(snapshot)
    others = tuple(seen for seen in backlog.tasks if seen.id != task.id)
    working = tuple(seen for seen in backlog.working if seen.id != task.id)
    return snapshot._replace(backlog=Known(backlog._replace(tasks=(*others, task), working=working)))


def _setting(held: Held, name: str) -> tuple[tuple[str, int], ...]:
    """What the lever says the whole setting has to be."""
    found = re.search(rf"TINYSCHEDULER_{name}=(\S+)", held.lever)
    assert found is not None, held
    return tuple((key, int(cap)) for key, _, cap in (part.partition(":") for part in found[1].split(",")))


def _with_agents(snapshot: StartSnapshot, change: Callable[[Agent], Agent]) -> StartSnapshot:
    return snapshot._replace(agents=tuple(change(agent) for agent in snapshot.agents))


def _with_ledger(task: Task, snapshot: StartSnapshot, **changes: object) -> StartSnapshot:
    ledger = snapshot.ledgers.get(task.id)
    if ledger is None or isinstance(ledger, BrokenLedger):
        ledger = Ledger(task.id, snapshot.source, task.created_at, 0, 0)
    ledgers = {**snapshot.ledgers, task.id: ledger._replace(**changes)}  # type: ignore[arg-type]
    return snapshot._replace(ledgers=ledgers)


def _without_run(task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    """It has ended, and was settled."""
    gone = snapshot._replace(
        leases=tuple(lease for lease in snapshot.leases if lease.task_id != task.id),
        broken=tuple(broken for broken in snapshot.broken if broken.task_id != task.id),
    )
    return _with_ledger(task, gone, open=None) if task.id in snapshot.ledgers else gone


def _resume(_held: Held, _task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    return snapshot._replace(pauses=())


def _give_to_the_pool(_held: Held, task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    return with_task(task._replace(assigned_to=None), snapshot)


def _set_idle(_held: Held, task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    refused = {task_id: held for task_id, held in snapshot.refused.items() if task_id != task.id}
    idle = task._replace(status="idle", archived_at=None)
    return with_task(idle, snapshot._replace(refused=refused))


def _enable(_held: Held, _task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    on = snapshot._replace(policy=snapshot.policy._replace(is_enabled=True))
    return _with_agents(on, lambda agent: agent._replace(is_enabled=True))


def _complete_subtasks(_held: Held, task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    backlog = known(snapshot)
    return snapshot._replace(backlog=Known(backlog._replace(open_parents=backlog.open_parents - {task.id})))


def _wait_for_nobody(_held: Held, task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    tags = tuple(tag for tag in task.tags if not tag.startswith("after:"))
    return with_task(task._replace(is_blocked=False, blocked_by=None, tags=tags), snapshot)


def _approve(_held: Held, task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    yes = Approval("sue", "looks good", snapshot.now, approval_mark(task))
    return _with_ledger(task, snapshot, approvals=(yes,))


def _retry(_held: Held, task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    """The count begins anew, and the account and the agents are tried at once."""
    tried = snapshot._replace(breakers=NO_BREAKERS, accounts=NO_ACCOUNTS, refused={})
    if task.id not in snapshot.ledgers:
        return tried
    return _with_ledger(task, tried, parked=None, not_before=None, outcomes=())


def _give_command(_held: Held, _task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    refused = snapshot._replace(refused={})
    return _with_agents(refused, lambda agent: agent._replace(command=("agent",)))


def _mend_text(_held: Held, task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    new_id = TaskId("1000") if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", task.id) else task.id
    old = known(snapshot)
    others = tuple(seen for seen in old.tasks if seen.id != task.id)
    mended = task._replace(id=new_id, tags=(), description="")
    return snapshot._replace(backlog=Known(old._replace(tasks=(*others, mended))))


def _add_agent(_held: Held, task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    """A new one for its queue, and slots for those that have none."""
    pooled = task if task.assigned_to is None else task._replace(assigned_to=None)
    queued = pooled if pooled.queue is not None else pooled._replace(queue="dev")  # type: ignore[arg-type]
    assert queued.queue is not None
    new = an_agent("zoe", queues=(queued.queue,), slots=9, command=("agent",))
    others = tuple(agent for agent in snapshot.agents if agent.name != new.name)
    return with_task(queued, snapshot._replace(agents=(*others, new)))


def _add_capability(_held: Held, task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    tags = tuple(tag for tag in task.tags if not tag.startswith(("cap:", "scope:")))
    return with_task(task._replace(tags=tags), snapshot)


def _end_all_runs(_held: Held, _task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    return snapshot._replace(leases=(), broken=())


def _more_of_the_machine(_held: Held, _task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    return snapshot._replace(totals=None)


def _ease(_held: Held, _task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    policy = snapshot.policy._replace(max_queue_depth=0)
    return snapshot._replace(machine=NOT_LOOKED_AT, policy=policy)


def _raise_queue(held: Held, _task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    policy = snapshot.policy
    if "QUEUE_LIMITS" in held.lever:
        policy = policy._replace(queue_caps=_setting(held, "QUEUE_LIMITS"))  # type: ignore[arg-type]
    else:
        policy = policy._replace(tag_caps=_setting(held, "TAG_LIMITS"))
    return snapshot._replace(policy=policy)


def _raise_agent(held: Held, _task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    if "ACCOUNT_LIMITS" in held.lever:
        caps = _setting(held, "ACCOUNT_LIMITS")
        return snapshot._replace(policy=snapshot.policy._replace(account_caps=caps))
    found = re.search(r"maxConcurrency of (\S+) to (\d+)|write (\S+):(\d+) into", held.lever)
    assert found is not None, held
    name, slots = found[1] or found[3], int(found[2] or found[4])
    return _with_agents(snapshot, lambda agent: agent._replace(slots=slots) if agent.name == name else agent)


def _raise_all(held: Held, _task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    found = re.search(r"TINYSCHEDULER_MAX_PARALLEL=(\d+)", held.lever)
    assert found is not None, held
    return snapshot._replace(policy=snapshot.policy._replace(max_parallel=int(found[1])))


LEVERS: Mapping[HeldReason, Pull] = {
    "estop": lambda _held, _task, snapshot: snapshot._replace(is_estopped=False),
    "paused": _resume,
    "not_ours": _give_to_the_pool,
    "leased": lambda _held, task, snapshot: _without_run(task, snapshot),
    "settling": lambda _held, task, snapshot: _without_run(task, snapshot),
    "working_elsewhere": _set_idle,
    "ledger_unreadable": lambda _held, task, snapshot: snapshot._replace(
        ledgers={task_id: found for task_id, found in snapshot.ledgers.items() if task_id != task.id}
    ),
    "parked": _retry,
    "disabled": _enable,
    "parent_open": _complete_subtasks,
    "blocked": _wait_for_nobody,
    "dependency_failed": _wait_for_nobody,
    "cycle": _wait_for_nobody,
    "needs_approval": _approve,
    "not_before": _retry,
    "cooldown": _retry,
    "no_recipe": _give_command,
    "bad_task": _mend_text,
    "no_agent": _add_agent,
    "no_capability": _add_capability,
    "out_of_scope": _add_capability,
    "path_held": _end_all_runs,
    "goal_held": _end_all_runs,
    "account_limited": _retry,
    "agent_quarantined": _retry,
    "inactive_hours": lambda _held, _task, snapshot: snapshot._replace(closed_hours=ALL_OPEN),
    "pressure": _ease,
    "disk": lambda _held, _task, snapshot: snapshot._replace(free_mb=None),
    "resources": _more_of_the_machine,
    "queue_cap": _raise_queue,
    "agent_full": _raise_agent,
    "global_cap": _raise_all,
    "pacing": lambda _held, _task, snapshot: snapshot._replace(refused={}),
    "denied": _retry,
}
"""Of every reason that a plan gives; the others go away with the server."""
