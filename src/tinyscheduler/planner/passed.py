"""What a rule says of a task that it does not hold: for ``explain`` alone, so apart from the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.task import Task
from tinyscheduler.planner.able import able
from tinyscheduler.planner.view import View, candidates, ledger_of

NAMES_MAX = 5
"""Of tasks, in one sentence."""

_UNCLEAR = "not known before what it says can be read: see bad_task"

Words = str | Callable[[Task, View], str]


def passed(reason: HeldReason, task: Task, view: View | None) -> str:
    """``view``: None where the rule is not about what a plan sees."""
    words = PASSED[reason]
    if isinstance(words, str):
        return words
    assert view is not None, "rules about the server have a text"
    return words(task, view)


def _whose(task: Task, _view: View) -> str:
    return "assigned to nobody" if task.assigned_to is None else f"assigned to {task.assigned_to}, ours"


def _status(task: Task, view: View) -> str:
    is_derived = task.status != "idle" and task.id in view.open_parents
    return f"its status is {task.status}" + (", as that of its subtasks" if is_derived else "")


def _attempts(task: Task, view: View) -> str:
    ledger = ledger_of(task, view)
    if not isinstance(ledger, Ledger) or not ledger.runs:
        return "it has not run yet"
    return f"it has run {ledger.runs} times" if ledger.runs > 1 else "it has run once"


def _blocker(task: Task, view: View) -> str:
    others = list(dict.fromkeys([*([task.blocked_by] if task.blocked_by else []), *view.hints(task).after]))
    graph = view.graph()
    if not others:
        return _UNCLEAR if view.hints(task).fault is not None else "it waits for no task"
    if task.id in graph.rings or task.id in graph.failing:
        return "what it waits for is not under way: see the next rows"
    if len(others) == 1:
        return f"task {others[0]}, which it waited for, is complete"
    return f"tasks {', '.join(others[:NAMES_MAX])}, which it waited for, are complete"


def _what_it_says(task: Task, view: View) -> str:
    notes = view.hints(task).notes
    return "its id is a name" + (f", and what it says can be read; {'; '.join(notes)}" if notes else "")


def _approval(task: Task, view: View) -> str:
    if view.hints(task).fault is not None:
        return _UNCLEAR
    return "it was approved as it is" if view.hints(task).needs_approval else "nobody has to approve it"


def _who(task: Task, view: View) -> str:
    names = sorted(agent.name for agent in candidates(task, view))
    return f"{', '.join(names)} may run it"


def _space(_task: Task, view: View) -> str:
    free_mb, least_mb = view.snapshot.free_mb, view.snapshot.policy.min_free_mb
    return "free space is not known" if free_mb is None else f"{free_mb} MB free, {least_mb} MB needed"


def _queue_room(task: Task, view: View) -> str:
    cap = dict(view.snapshot.policy.queue_caps).get(task.queue) if task.queue is not None else None
    return "no cap for its queue" if cap is None else f"queue {task.queue} is below its cap of {cap}"


def _agent_room(task: Task, view: View) -> str:
    return ", ".join(f"{agent.name} {view.taken.used(agent)}/{agent.slots}" for agent in able(task, view))


def _whole_room(_task: Task, view: View) -> str:
    return f"all agents {view.taken.total}/{view.snapshot.policy.max_parallel}"


PASSED: Mapping[HeldReason, Words] = {
    "estop": "no ESTOP file",
    "paused": "nothing is paused",
    "server_unknown": "the task server answers",
    "queue_unknown": "its queue was read",
    "not_ours": _whose,
    "leased": "no lease",
    "settling": "no run of it waits to be settled",
    "working_elsewhere": _status,
    "ledger_unreadable": "its ledger is readable, or there is none",
    "parked": _attempts,
    "disabled": "the scheduler is switched on",
    "parent_open": "no open subtasks",
    "blocked": _blocker,
    "dependency_failed": "nothing it needs is parked or gone",
    "cycle": "it does not wait for itself",
    "needs_approval": _approval,
    "not_before": "it need not wait",
    "cooldown": "no agent of it had it a moment ago",
    "no_recipe": "there is a command to run, and what it needs",
    "bad_task": _what_it_says,
    "no_agent": _who,
    "no_capability": "its agents can do what it asks for",
    "out_of_scope": "it is within what its agents may do",
    "path_held": "nobody has the paths that it names",
    "goal_held": "no other task of its goal runs",
    "account_limited": "no limit of a provider is in the way",
    "agent_quarantined": "no quarantine is in the way",
    "inactive_hours": "its agents work at this hour",
    "pressure": "the machine and the queues are not overloaded",
    "disk": _space,
    "resources": "what it takes is free",
    "queue_cap": _queue_room,
    "agent_full": _agent_room,
    "global_cap": _whole_room,
    "denied": "no command of yours said no",
}
"""A test sees that every rule that is asked has its words."""
