"""What a row of the table in ``rules`` is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.task import Task
from tinyscheduler.planner.view import Finding, View

Find = Callable[[Task, View], Finding | None]
Asked = Literal["looking", "task", "turn", "both", "starting"]
"""When a rule is asked. ``task``: of every task before any limit is looked at (features D7). ``turn``: of
those that are left, in their order, against what this plan has given away already. ``both``: at both
times. ``looking`` and ``starting``: not by a plan, but before and after it, by those who look and start."""
Needs = Literal["task", "place", "rank", "met", "own"]
"""What a rule looks at besides the world. ``place``: nothing of a task but its assignee, its queue and who
may run it, so that one answer does for all tasks of a kind; ``rank``: that, and where queues are deep how
urgent it is. ``met``: what is known of the task by its id, as a lease, a ledger or a subtask; of most nothing
is. ``own``: what it is or says of itself, and whom it waits for; most say nothing: see ``able.likeness``."""


class Rule(NamedTuple):
    """One row. ``condition``, ``releases`` and ``lever`` are its words in docs/reasons.md."""

    reason: HeldReason
    condition: str
    """When it holds."""
    releases: str
    """What ends it without anybody."""
    lever: str
    """What a person can do; ``-``: nothing."""
    find: Find | None
    """None: it is not asked by a plan, or by nobody yet."""
    asked: Asked = "task"
    needs: Needs = "task"
