"""Why one task is started or held: the plan's own functions, asked for one task (features H2).

Nothing is decided here. The plan is played up to the task's turn, and every rule is asked what the plan
asked it, so that a person sees also what did not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tinyscheduler.model.action import Start
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.explanation import Explanation, Row, Standing
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held, HeldReason
from tinyscheduler.model.snapshot import Backlog, StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.holds import first_hold, held_of, sift
from tinyscheduler.planner.line import Line
from tinyscheduler.planner.lineup import band_and_wait
from tinyscheduler.planner.passed import passed
from tinyscheduler.planner.rule import Rule
from tinyscheduler.planner.rules import RULES
from tinyscheduler.planner.start import decide, line_up
from tinyscheduler.planner.view import Finding, View, view_of


def explain(task: Task, snapshot: StartSnapshot) -> Explanation:
    """The plan's answer for this task, which need not be in the backlog: one that works, is complete
    or belongs to others is asked the same questions."""
    whole = _with_task(task, snapshot)
    view = view_of(whole)
    held = _before_limits(task, view)
    turn = None if held is not None else _turn(task, view)
    # Decided last: a start takes its slot, and the rows are those of the moment before.
    rows = tuple(_rows(task, view, turn))
    decision = held if turn is None else decide(task, turn.line, turn.view)
    standing = _standing(task, view, decision)
    is_settled = standing in ("complete", "archived")
    return Explanation(
        task,
        standing,
        rows,
        decision if isinstance(decision, Held) and not is_settled else None,
        decision if isinstance(decision, Start) and standing == "starts" else None,
        None if turn is None else turn.tasks_ahead,
        *band_and_wait(task, snapshot),
    )


class _Turn(NamedTuple):
    """The moment at which the plan looks for an agent for the task."""

    view: View
    """With what the starts before it have taken."""
    line: Line
    tasks_ahead: int


def _with_task(task: Task, snapshot: StartSnapshot) -> StartSnapshot:
    backlog = snapshot.backlog
    if not isinstance(backlog, Known):
        return snapshot
    joined = with_task(task, backlog.value, agents=snapshot.agents, policy=snapshot.policy)
    return snapshot if joined is backlog.value else snapshot._replace(backlog=Known(joined))


def with_task(task: Task, backlog: Backlog, *, agents: Sequence[Agent], policy: Policy) -> Backlog:
    """The backlog as the next pass would see it: with this task in it, if it was fetched by itself. A list
    that was cut, or has a gap where the task belongs, stays without it."""
    if any(seen.id == task.id for seen in backlog.tasks):
        return backlog
    if _gap(task, backlog, agents=agents, policy=policy) is not None:
        return backlog
    working = tuple(seen for seen in backlog.working if seen.id != task.id)
    return backlog._replace(tasks=(*backlog.tasks, task), working=working)


def _before_limits(task: Task, view: View) -> Held | None:
    """The plan has not seen a task where the server is unknown, or the part of it where the task is."""
    local = first_hold(task, view)
    unknown = _unknown(task, view.snapshot)
    is_before = local is not None and local.reason in ("estop", "paused")
    return local if unknown is None or is_before else unknown


def _unknown(task: Task, snapshot: StartSnapshot) -> Held | None:
    backlog = snapshot.backlog
    if not isinstance(backlog, Known):
        return Held(task.id, "server_unknown", backlog.why, lever=ASK_AGAIN)
    if any(seen.id == task.id for seen in backlog.value.tasks):
        return None
    gap = _gap(task, backlog.value, agents=snapshot.agents, policy=snapshot.policy)
    assert gap is not None, "a task without a gap is part of the plan"
    return Held(task.id, "queue_unknown", gap.value, lever=gap.lever)


ASK_AGAIN = "make the task server answer again"


def _gap(task: Task, backlog: Backlog, *, agents: Sequence[Agent], policy: Policy) -> Finding | None:
    """Why the plan cannot know of a task that is surely there; None: it would."""
    if task.status != "idle" or task.archived_at is not None:
        return None
    for gap in backlog.gaps:
        is_here = gap.queue == task.queue if task.assigned_to is None else gap.agent == task.assigned_to
        if is_here and (gap.queue, gap.agent) != (None, None):
            where = f"queue {gap.queue}" if gap.queue is not None else f"tasks of {gap.agent}"
            return Finding(f"{where}: {gap.why}", "mend the task server; the next pass asks again")
    if backlog.is_cut and _is_ours(task, agents):
        return Finding(
            f"{policy.max_fetch} idle tasks are looked at in a pass and this one is behind them",
            "raise TINYSCHEDULER_MAX_FETCH, or the task's priority",
        )
    return None


def _is_ours(task: Task, agents: Sequence[Agent]) -> bool:
    """A pass would fetch it: it is assigned to one of our agents, or is in the pool of one's queue."""
    if task.assigned_to is not None:
        return any(agent.name == task.assigned_to for agent in agents)
    return any(task.queue in agent.queues for agent in agents)


def _standing(task: Task, view: View, decision: Start | Held | None) -> Standing:
    lease = view.leases.get(task.id)
    if lease is not None and task.id not in view.broken:
        return "settling" if lease.state == "finished" else "running"
    if task.status == "complete":
        return "complete"
    if task.archived_at is not None:
        return "archived"
    return "starts" if isinstance(decision, Start) else "held"


def _turn(task: Task, view: View) -> _Turn:
    """Play the plan up to the task: what is left by then, and how many runnable tasks come before."""
    backlog = view.snapshot.backlog
    assert isinstance(backlog, Known), "of an unknown backlog no task is runnable"
    runnable, _ = sift(backlog.value.tasks, view)
    line = line_up([task for _, task in runnable.each()], view)
    has_room = view.has_room()
    for tasks_ahead, other in enumerate(line):
        if other.id == task.id:
            return _Turn(view, line, tasks_ahead)
        # As in the plan: when none may start, nothing depends on the order any more.
        if has_room and isinstance(decide(other, line, view), Start):
            has_room = view.has_room()
    raise AssertionError("what nothing holds has a turn")


def _rows(task: Task, view: View, turn: _Turn | None) -> Iterator[Row]:
    """Every rule in its order. ``view`` is that of the turn, if there is one: rules that are asked twice
    hold then because of what was started before."""
    named: set[HeldReason] = set()
    for rule in RULES:
        row = _row(rule, task, view, turn=turn, named=named)
        if row is not None:
            if row.verdict == "holds":
                named.add(rule.reason)
            yield row


def _row(rule: Rule, task: Task, view: View, *, turn: _Turn | None, named: set[HeldReason]) -> Row | None:
    """None: nobody gives this reason yet."""
    match rule.asked:
        case "looking":
            return _server_row(rule.reason, task, view.snapshot)
        case "starting":
            return _row_of_a_start(rule.reason, task, view, turn)
        case "task" | "both" | "turn" if rule.find is None:
            return None
    if rule.asked == "turn" and turn is None:
        return Row(rule.reason, "skipped", "not asked: a row above holds")
    if rule.reason == "settling" and "leased" in named:
        return Row(rule.reason, "skipped", "not asked: a row above holds")
    assert rule.find is not None, "the case above"
    finding = rule.find(task, view)
    if finding is None:
        return Row(rule.reason, "passed", passed(rule.reason, task, view))
    return _held_row(rule.reason, held_of(task, rule.reason, finding, view))


def _held_row(name: HeldReason, held: Held) -> Row:
    """Found earlier in this pass, what holds may have another name than its row."""
    return Row(
        name, "holds", held.value, held.lever, held.limit, held.since, held.next_look_at, held.ends_by_at
    )


def _server_row(name: HeldReason, task: Task, snapshot: StartSnapshot) -> Row:
    held = _unknown(task, snapshot)
    if held is not None and held.reason == name:
        return _held_row(name, held)
    if held is not None and name == "queue_unknown":
        return Row(name, "skipped", "not asked")
    return Row(name, "passed", passed(name, task, None))


def _row_of_a_start(name: HeldReason, task: Task, view: View, turn: _Turn | None) -> Row:
    """Nobody can say before a start is tried."""
    refused = view.snapshot.refused.get(task.id)
    if refused is not None and refused.reason == name:
        return _held_row(name, refused)
    return Row(
        name, "skipped", "asked when it is started" if turn is not None else "not asked: a row above holds"
    )
