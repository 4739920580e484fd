"""What is to be remembered of tasks that wait, after a pass has started what it could.

Pure, so that a pass which changes nothing finds that out by comparing. The time of a task runs while it could
start and only room is missing; it stands still while something else holds it, and is forgotten when the task
runs or leaves its queue (features D9, D15).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.snapshot import Backlog, StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Waiting, starved_s, waited_s
from tinyscheduler.planner.able import FILTERS
from tinyscheduler.planner.starvation import NOBODY_SERVES, STARVES_AFTER_S
from tinyscheduler.planner.view import View, regulars, view_of

REMEMBERED_MAX: Final = 20_000
"""Twice what a pass can look at: the rest is of lists that could not be read lately."""

WAITS_FOR_ROOM: Final[frozenset[HeldReason]] = NOBODY_SERVES | {
    "path_held", "goal_held", "pressure", "resources", "queue_cap", "agent_full", "global_cap", "pacing",
}  # fmt: skip
"""Held by what others have and will give back, or by the lack of anybody: its time runs."""


Place = tuple[QueueName | None, AgentName | None]


def remembered(snapshot: StartSnapshot, plan: StartPlan, leases: Collection[Lease]) -> dict[TaskId, Waiting]:
    """Of every task that waits; of one that the lists do not show only as long as it may be there."""
    if not isinstance(snapshot.backlog, Known):
        return dict(snapshot.waiting)
    backlog, leased = snapshot.backlog.value, {lease.task_id: lease for lease in leases}
    findings = {held.task_id: held.reason for held in plan.held}
    notes = _Notes(snapshot)
    after = {
        task.id: note
        for task in backlog.tasks
        if (note := notes.of(task, findings.get(task.id), leased.get(task.id))) is not None
    }
    shown = {task.id for task in (*backlog.tasks, *backlog.working)}
    for task_id, before in snapshot.waiting.items():
        if _may_wait(task_id, before, backlog, leased, is_shown=task_id in shown):
            after.setdefault(task_id, before)
    return after if len(after) <= REMEMBERED_MAX else dict(list(after.items())[:REMEMBERED_MAX])


def _may_wait(
    task_id: TaskId, before: Waiting, backlog: Backlog, leased: Mapping[TaskId, Lease], *, is_shown: bool
) -> bool:
    """Its run may still come to nothing, or nobody has looked where it is."""
    lease = leased.get(task_id)
    if lease is not None:
        return lease.state in _MAY_COME_TO_NOTHING
    places = {(gap.queue, gap.agent) for gap in backlog.gaps}
    is_in_gap = bool(places & {(before.queue, None), (None, before.assigned_to)})
    return not is_shown and (backlog.is_cut or is_in_gap)


_MAY_COME_TO_NOTHING = ("claiming", "starting")


class _Notes:
    """What one pass finds out about the tasks it has seen."""

    def __init__(self, snapshot: StartSnapshot) -> None:
        self._snapshot = snapshot
        self._now = snapshot.now
        self._view: View | None = None
        agents, caps = snapshot.agents, snapshot.policy.queue_caps
        self._queues = {queue for agent in agents for queue in agent.queues} | {name for name, _ in caps}
        self._agents = {agent.name for agent in agents}

    def of(self, task: Task, reason: HeldReason | None, lease: Lease | None) -> Waiting | None:
        """None: it runs, or is not ours to remember."""
        if reason == "bad_task" and self._is_refused(task):
            # Nothing is wrong with what it says; the server lets nobody begin it.
            reason = None
        if reason == "bad_task" or (lease is not None and lease.state not in _MAY_COME_TO_NOTHING):
            return None
        place = self._place(task, reason)
        before = self._snapshot.waiting.get(task.id)
        if before is not None and (before.created_at, before.queue) != (task.created_at, place[0]):
            before = None
        if before is None and (place == (None, None) or lease is not None):
            # Started at once: if that comes to nothing, it has waited for nothing either.
            return None
        if lease is not None:
            return self._noted(task, place, before, "leased", is_unserved=False)
        if reason == "working_elsewhere" and task.status == "idle" and task.id in self._snapshot.refused:
            # Its claim was refused, and nobody else has it.
            reason = None
        # Planned, and not started: its claim came to nothing, or the pass had no time left.
        is_unserved = reason is None or self._is_unserved(task, reason)
        return self._noted(task, place, before, reason or "pacing", is_unserved=is_unserved)

    def _is_refused(self, task: Task) -> bool:
        from tinyscheduler.planner.refused import last_refusal

        ledger = self._snapshot.ledgers.get(task.id)
        return isinstance(ledger, Ledger) and last_refusal(ledger) is not None

    def _place(self, task: Task, reason: HeldReason | None) -> Place:
        """Where to look for it in the passes to come: only where we looked on our own account, or it was
        ours when it was seen first. A person's task is nobody's to ask for."""
        before = self._snapshot.waiting.get(task.id)
        queue, agent = task.queue, task.assigned_to
        if queue not in self._queues and (before is None or before.queue != queue):
            queue = None
        if agent not in self._agents and (before is None or before.assigned_to != agent):
            agent = None
        return queue, None if reason == "not_ours" else agent

    def _is_unserved(self, task: Task, reason: HeldReason) -> bool:
        """Nobody has a slot for it but those who came to its relief."""
        if reason not in WAITS_FOR_ROOM or reason in NOBODY_SERVES:
            return reason in NOBODY_SERVES
        if self._view is None:
            self._view = view_of(self._snapshot)
        view = self._view
        if task.id not in view.relieved:
            return False
        agents = regulars(task, view)
        for each in FILTERS:
            if each.reason in NOBODY_SERVES:
                agents = each.keeps(agents, task, view)
        return not agents

    def _noted(
        self, task: Task, place: Place, before: Waiting | None, reason: HeldReason, *, is_unserved: bool
    ) -> Waiting:
        now = self._now
        if before is None:
            since = now if reason in WAITS_FOR_ROOM else None
            return Waiting(task.created_at, *place, reason, now, since)
        is_same = before.reason == reason and before.held_since <= now
        before = before._replace(
            queue=place[0],
            assigned_to=place[1],
            reason=reason,
            held_since=before.held_since if is_same else now,
        )
        return _starved(_waited(before, now), now, is_unserved=is_unserved)


def _waited(note: Waiting, now: datetime) -> Waiting:
    """Its time runs or stands still. A time in the future comes from a clock that was wrong."""
    if note.reason not in WAITS_FOR_ROOM:
        return note if note.since is None else note._replace(waited_s=waited_s(note, now), since=None)
    return note if note.since is not None and note.since <= now else note._replace(since=now)


def _starved(note: Waiting, now: datetime, *, is_unserved: bool) -> Waiting:
    """Whoever is served, or waits in a line that moves, does not starve; whoever is held by something else
    keeps the time."""
    if note.reason not in WAITS_FOR_ROOM:
        is_still = note.starving_since is None
        return note if is_still else note._replace(starved_s=starved_s(note, now), starving_since=None)
    if not is_unserved or waited_s(note, now) <= STARVES_AFTER_S:
        is_clear = note.starving_since is None and not note.starved_s
        return note if is_clear else note._replace(starved_s=0.0, starving_since=None)
    if note.starving_since is not None and note.starving_since <= now:
        return note
    return note._replace(starving_since=now)
