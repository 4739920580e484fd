"""The one task for which room is kept, so that younger ones do not pass it for ever (ADR 0054).

Being first in the line is no help to a task that needs two things at once: whichever becomes free is taken by
somebody who needs only that, while the other one is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.resources import NO_RESOURCES
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import waited_s
from tinyscheduler.planner.able import able
from tinyscheduler.planner.ranking import natural_id, waits_of
from tinyscheduler.planner.resources import fits, needed
from tinyscheduler.planner.view import View

OTHERS_HAVE_IT: Final[frozenset[HeldReason]] = frozenset(
    {"path_held", "goal_held", "resources", "queue_cap", "agent_full", "global_cap"}
)
"""What it waits for becomes free some day, and may be taken by another then."""


def kept_for(view: View) -> Task | None:
    """The overdue task that has waited longest for what others have; None: there is none, or ageing is off.
    One that something else holds, or that could not even start alone, keeps nothing from anybody."""
    policy, backlog = view.snapshot.policy, view.snapshot.backlog
    if not policy.overdue_s or not policy.orders_blockers_first or not isinstance(backlog, Known):
        return None
    now, wait_s = view.snapshot.now, waits_of(view.snapshot)
    # Nearly always nobody has waited so long, and no task need be looked at.
    long_ago = {
        task_id
        for task_id, seen in view.snapshot.waiting.items()
        if seen.reason in OTHERS_HAVE_IT and waited_s(seen, now) >= policy.overdue_s
    }
    if not long_ago:
        return None
    seen_long = [task for task in backlog.value.tasks if task.id in long_ago]
    overdue = [task for task in seen_long if wait_s(task) >= policy.overdue_s]
    overdue.sort(key=lambda task: (-wait_s(task), task.created_at, natural_id(task.id)))
    return next((task for task in overdue if _could_start(task, view)), None)


def _could_start(task: Task, view: View) -> bool:
    """With all room free."""
    # The table of rules and its helpers know this module.
    from tinyscheduler.planner.holds import is_held_by_itself

    policy = view.snapshot.policy
    shut = {name for name, cap in (*policy.queue_caps, *policy.tag_caps) if cap <= 0}
    if policy.max_parallel <= 0 or shut & {task.queue, *task.tags}:
        return False
    return next(_possible(task, view), None) is not None and not is_held_by_itself(task, view)


def _possible(task: Task, view: View) -> Iterator[Agent]:
    """Agents on which it could run if nothing else did."""
    totals, caps = view.snapshot.totals, dict(view.snapshot.policy.account_caps)
    for agent in able(task, view):
        is_open = agent.slots > 0 and (agent.account is None or caps.get(agent.account, 1) > 0)
        if is_open and (totals is None or fits(needed(agent, view.hints(task)), NO_RESOURCES, totals)):
            yield agent
