"""Why one task is started or held: the plan's own functions, asked for one task (features H2).

Nothing is decided here. The verdict is what ``plan_start`` says about the task; the rows repeat, in
its order, the questions it asked, so that a person sees also what did not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from tinyscheduler.model.action import Start, StartPlan
from tinyscheduler.model.explanation import Explanation, Row, RowVerdict, Standing
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.capacity import Capacity
from tinyscheduler.planner.holds import first_hold
from tinyscheduler.planner.ranking import RankKey, blocked_counts, rank_key
from tinyscheduler.planner.rules import RULES
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.view import Finding, View, candidates, ledger_of, view_of

CAPACITY_ROWS: tuple[HeldReason, ...] = ("queue_cap", "agent_full", "global_cap")
"""What is asked of a task that nothing else holds, in the order of ``planner.start``."""


def explain(task: Task, snapshot: StartSnapshot) -> Explanation:
    """The plan's answer for this task, which need not be in the backlog: one that works, is complete
    or belongs to others is asked the same questions."""
    whole = _with_task(task, snapshot)
    view, plan = view_of(whole), plan_start(whole)
    start, held = _verdict(task, view, plan)
    standing = _standing(task, view, start)
    turn = _turn(task, whole, plan) if start is not None or _is_about_capacity(held) else None
    rows = (*_hold_rows(task, view), *_capacity_rows(task, view, held, turn))
    is_settled = standing in ("complete", "archived")
    return Explanation(
        task,
        standing,
        rows,
        None if is_settled else held,
        start if standing == "starts" else None,
        None if turn is None else turn.tasks_ahead,
    )


class _Turn(NamedTuple):
    """The moment at which the plan looks for an agent for the task."""

    capacity: Capacity
    tasks_ahead: int


def _with_task(task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    """The snapshot as the next pass would see it: with this task in the backlog, if it was fetched by
    itself. A list that was cut, or has a gap where the task belongs, stays without it."""
    backlog = snapshot.backlog
    if not isinstance(backlog, Known) or any(seen.id == task.id for seen in backlog.value.tasks):
        return snapshot
    if _gap(task, snapshot) is not None:
        return snapshot
    tasks = (*backlog.value.tasks, task)
    working = tuple(seen for seen in backlog.value.working if seen.id != task.id)
    return snapshot._replace(backlog=Known(backlog.value._replace(tasks=tasks, working=working)))


def _verdict(task: Task, view: View, plan: StartPlan) -> tuple[Start | None, Held | None]:
    """Exactly one of the two."""
    start = next((start for start in plan.starts if start.task.id == task.id), None)
    held = next((held for held in plan.held if held.task_id == task.id), None)
    if start is not None or held is not None:
        return start, held
    # The plan has not seen it: the server is unknown, or the part of it where the task is.
    unknown = _unknown(task, view.snapshot)
    local = first_hold(task, view)
    is_before = local is not None and local.reason in ("estop", "paused")
    return None, local if is_before else unknown


def _unknown(task: Task, snapshot: StartSnapshot) -> Held:
    backlog = snapshot.backlog
    if not isinstance(backlog, Known):
        return Held(task.id, "server_unknown", backlog.why, lever="make the task server answer again")
    found = _gap(task, snapshot)
    assert found is not None, "a task without a gap is part of the plan"
    return Held(task.id, "queue_unknown", found.value, lever=found.lever)


def _gap(task: Task, snapshot: StartSnapshot) -> Finding | None:
    """Why the plan cannot know of a task that is surely there; None: it would."""
    if not isinstance(snapshot.backlog, Known) or task.status != "idle" or task.archived_at is not None:
        return None
    backlog = snapshot.backlog.value
    for gap in backlog.gaps:
        is_here = gap.queue == task.queue if task.assigned_to is None else gap.agent == task.assigned_to
        if is_here and (gap.queue, gap.agent) != (None, None):
            where = f"queue {gap.queue}" if gap.queue is not None else f"tasks of {gap.agent}"
            return Finding(f"{where}: {gap.why}", "mend the task server; the next pass asks again")
    if backlog.is_cut and _is_ours(task, snapshot):
        most = snapshot.policy.max_fetch
        return Finding(
            f"{most} idle tasks are looked at in a pass and this one is behind them",
            "raise TINYSCHEDULER_MAX_FETCH, or the task's priority",
        )
    return None


def _is_ours(task: Task, snapshot: StartSnapshot) -> bool:
    """A pass would fetch it: it is assigned to one of our agents, or is in the pool of one's queue."""
    if task.assigned_to is not None:
        return any(agent.name == task.assigned_to for agent in snapshot.agents)
    return any(task.queue in agent.queues for agent in snapshot.agents)


def _standing(task: Task, view: View, start: Start | None) -> Standing:
    lease = view.leases.get(task.id)
    if lease is not None and task.id not in view.broken:
        return "settling" if lease.state == "finished" else "running"
    if task.status == "complete":
        return "complete"
    if task.archived_at is not None:
        return "archived"
    return "held" if start is None else "starts"


def _is_about_capacity(held: Held | None) -> bool:
    return held is not None and held.reason in CAPACITY_ROWS


def _turn(task: Task, snapshot: StartSnapshot, plan: StartPlan) -> _Turn:
    """Capacity as it is left by the starts that come before, and how many runnable tasks those are."""
    key = _rank(snapshot)
    mine = key(task)
    view = view_of(snapshot)
    capacity = view.taken
    before = [start for start in plan.starts if key(start.task) < mine]
    for start in before:
        capacity.take(start.agent, start.task, view.hints(start.task))
    waiting = {held.task_id for held in plan.held if held.reason in CAPACITY_ROWS}
    ahead = [other for other in _seen(snapshot) if other.id in waiting and key(other) < mine]
    return _Turn(capacity, len(before) + len(ahead))


def _rank(snapshot: StartSnapshot) -> Callable[[Task], RankKey]:
    blocks = blocked_counts(_seen(snapshot))
    first = snapshot.policy.orders_blockers_first
    return lambda task: rank_key(task, blocks, blockers_first=first)


def _seen(snapshot: StartSnapshot) -> tuple[Task, ...]:
    backlog = snapshot.backlog
    return backlog.value.tasks if isinstance(backlog, Known) else ()


def _hold_rows(task: Task, view: View) -> tuple[Row, ...]:
    """The rules that are asked before any limit with, where contracts.md has them, those about the server."""
    asked = [(rule.reason, rule.find) for rule in RULES if rule.asked in ("task", "both")]
    rows = [_hold_row(name, find(task, view), task, view) for name, find in asked if find is not None]
    named = {row.name for row in rows if row.verdict == "holds"}
    rows = [
        Row(row.name, "skipped", "not asked: a row above holds") if _AFTER.get(row.name) in named else row
        for row in rows
    ]
    place = next(i for i, row in enumerate(rows) if row.name == "not_ours")
    return (*rows[:place], *_server_rows(task, view.snapshot), *rows[place:])


_AFTER: Mapping[HeldReason, HeldReason] = {"settling": "leased"}
"""Rows that mean something only where another one has passed."""


def _hold_row(name: HeldReason, finding: Finding | None, task: Task, view: View) -> Row:
    if finding is None:
        return Row(name, "passed", _PASSED.get(name, _always("it does not hold"))(task, view))
    if finding.hold is not None:
        # Found earlier in this pass, it may have another name than the row.
        return Row(name, "holds", finding.hold.value, finding.hold.lever)
    return Row(name, "holds", finding.value, finding.lever)


def _server_rows(task: Task, snapshot: StartSnapshot) -> tuple[Row, ...]:
    backlog, gap = snapshot.backlog, _gap(task, snapshot)
    if not isinstance(backlog, Known):
        why = Row("server_unknown", "holds", backlog.why, "make the task server answer again")
        return why, Row("queue_unknown", "skipped", "not asked")
    is_seen = any(seen.id == task.id for seen in backlog.value.tasks)
    answers = Row("server_unknown", "passed", "the task server answers")
    if gap is None or is_seen:
        return answers, Row("queue_unknown", "passed", "its queue was read")
    return answers, Row("queue_unknown", "holds", gap.value, gap.lever)


def _capacity_rows(task: Task, view: View, held: Held | None, turn: _Turn | None) -> tuple[Row, ...]:
    """Each row has the verdict of the plan; the values are those of the task's turn."""
    if turn is None:
        return tuple(Row(name, "skipped", "not asked: a row above holds") for name in CAPACITY_ROWS)
    reason = held.reason if held is not None else None
    last = CAPACITY_ROWS.index(reason) if reason in CAPACITY_ROWS else len(CAPACITY_ROWS)
    rows = []
    for place, name in enumerate(CAPACITY_ROWS):
        if held is not None and place == last:
            rows.append(Row(name, "holds", held.value, held.lever))
            continue
        verdict: RowVerdict = "passed" if place < last else "skipped"
        rows.append(Row(name, verdict, _CAPACITY_VALUES[name](task, view, turn.capacity)))
    return tuple(rows)


def _queue_room(task: Task, view: View, _capacity: Capacity) -> str:
    cap = dict(view.snapshot.policy.queue_caps).get(task.queue) if task.queue is not None else None
    return "no cap for its queue" if cap is None else f"queue {task.queue} is below its cap of {cap}"


def _agent_room(task: Task, view: View, capacity: Capacity) -> str:
    able = sorted(candidates(task, view), key=lambda agent: agent.name)
    return ", ".join(f"{agent.name} {capacity.used(agent)}/{agent.slots}" for agent in able)


def _whole_room(_task: Task, view: View, capacity: Capacity) -> str:
    return f"all agents {capacity.total}/{view.snapshot.policy.max_parallel}"


_CAPACITY_VALUES: Mapping[HeldReason, Callable[[Task, View, Capacity], str]] = {
    "queue_cap": _queue_room,
    "agent_full": _agent_room,
    "global_cap": _whole_room,
}


def _whose(task: Task, _view: View) -> str:
    return "assigned to nobody" if task.assigned_to is None else f"assigned to {task.assigned_to}, ours"


def _attempts(task: Task, view: View) -> str:
    ledger = ledger_of(task, view)
    if not isinstance(ledger, Ledger) or not ledger.runs:
        return "it has not run yet"
    return f"it has run {ledger.runs} times" if ledger.runs > 1 else "it has run once"


def _blocker(task: Task, _view: View) -> str:
    if task.blocked_by is None:
        return "it waits for no task"
    return f"task {task.blocked_by}, which it waited for, is complete"


def _who(task: Task, view: View) -> str:
    names = sorted(agent.name for agent in candidates(task, view))
    return f"{', '.join(names)} may run it"


def _room(_task: Task, view: View) -> str:
    free_mb, least_mb = view.snapshot.free_mb, view.snapshot.policy.min_free_mb
    return "free space is not known" if free_mb is None else f"{free_mb} MB free, {least_mb} MB needed"


def _always(text: str) -> Callable[[Task, View], str]:
    return lambda _task, _view: text


_PASSED: Mapping[HeldReason, Callable[[Task, View], str]] = {
    "estop": _always("no ESTOP file"),
    "paused": _always("nothing is paused"),
    "not_ours": _whose,
    "leased": _always("no lease"),
    "settling": _always("no run of it waits to be settled"),
    "working_elsewhere": lambda task, _view: f"its status is {task.status}",
    "ledger_unreadable": _always("its ledger is readable, or there is none"),
    "parked": _attempts,
    "disabled": _always("the scheduler is switched on"),
    "parent_open": _always("no open subtasks"),
    "blocked": _blocker,
    "not_before": _always("it need not wait"),
    "cooldown": _always("no agent of it had it a moment ago"),
    "bad_task": _always("its id is a name"),
    "no_agent": _who,
    "no_recipe": _always("there is a command to run"),
    "account_limited": _always("no limit of a provider is in the way"),
    "agent_quarantined": _always("no quarantine is in the way"),
    "disk": _room,
}
"""What a row says that does not hold. A test sees that every row of HOLDS has one."""
