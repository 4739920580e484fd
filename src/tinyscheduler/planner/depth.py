"""How full the queues are, and what follows from it (features D14).

When more waits than can be looked after, starting everything at once makes it worse: each run makes new
tasks, comments and calls. So the fuller the queues, the fewer slots are used, and at the brim only what is
critical still starts, or one task after the other where nothing is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.bands import CRITICAL, aged, band_of
from tinyscheduler.planner.ranking import waits_of
from tinyscheduler.planner.resources import number_text
from tinyscheduler.planner.retry import parked_now

if TYPE_CHECKING:
    from tinyscheduler.planner.view import Finding, View


class Mode(NamedTuple):
    """One row of the table."""

    name: str
    from_percent: int
    """Of MAX_QUEUE_DEPTH."""
    slots: float
    """Share of the slots that is used."""
    stretch: float
    """How much longer critical tasks may run, where that is switched on."""
    is_critical_only: bool = False


MODES: Final = (
    Mode("critical", 95, 0.25, 5.0, is_critical_only=True),
    Mode("high", 80, 0.25, 2.5),
    Mode("moderate", 50, 0.75, 1.5),
)
"""The fullest first; below the last one everything is normal."""


class Depth(NamedTuple):
    """Of one snapshot."""

    mode: Mode
    waiting: int
    """Without parked tasks."""
    most: int
    slots: int
    """How many runs there may be at once in this mode; what runs already goes on."""
    all_slots: int


def depth_of(snapshot: StartSnapshot) -> Depth | None:
    """None: the queues are not deep. Nor are unknown ones: nothing of them is started anyway."""
    most = snapshot.policy.max_queue_depth
    if not most or not isinstance(snapshot.backlog, Known):
        return None
    tasks = snapshot.backlog.value.tasks
    if _mode_of(len(tasks), most) is None:
        # Nearly always; then nobody need count the parked ones.
        return None
    waiting = len(tasks) - _parked(tasks, snapshot)
    mode = _mode_of(waiting, most)
    if mode is None:
        return None
    slots = sum(max(0, agent.slots) for agent in snapshot.agents if agent.is_enabled)
    slots = min(slots, snapshot.policy.max_parallel)
    # One always goes on, or the queues would never get shorter.
    return Depth(mode, waiting, most, max(1, int(slots * mode.slots)), slots)


def _mode_of(waiting: int, most: int) -> Mode | None:
    return next((mode for mode in MODES if waiting * 100 >= most * mode.from_percent), None)


def _parked(tasks: Iterable[Task], snapshot: StartSnapshot) -> int:
    """What no pass starts is no load. Whatever else is held may be started by the next one."""
    ledgers = ((task, snapshot.ledgers.get(task.id)) for task in tasks)
    return sum(
        isinstance(ledger, Ledger)
        and ledger.source == snapshot.source
        and parked_now(ledger, task) is not None
        for task, ledger in ledgers
    )


def deep_queues(task: Task, view: View) -> Finding | None:
    """The queues are too full for one more run, or for this one."""
    depth = view.depth
    if depth is None:
        return None
    from tinyscheduler.planner.view import Finding

    where = f"{depth.waiting} of {depth.most} tasks wait ({depth.mode.name})"
    lever = "wait, complete tasks that nobody needs, or raise TINYSCHEDULER_MAX_QUEUE_DEPTH"
    if depth.mode.is_critical_only and not _is_critical(task, view) and not _would_stand_still(view):
        floor = number_text(view.snapshot.policy.band_floors[0])
        lever = f"tinyscheduler task update {task.id} --priority {floor} makes it critical; or {lever}"
        return Finding(f"{where}: critical tasks only", lever, limit="critical")
    if view.taken.total < depth.slots:
        return None
    value = f"{where}: {view.taken.total} run, and {depth.slots} may, instead of {depth.all_slots}"
    return Finding(value, lever, limit=str(depth.slots))


def stretch_of(task: Task, view: View) -> float:
    """How much longer the task may run than usual."""
    policy = view.snapshot.policy
    if not policy.stretches_critical or band_of(task.priority, policy) != CRITICAL:
        return 1.0
    return 1.0 if view.depth is None else view.depth.mode.stretch


def _would_stand_still(view: View) -> bool:
    """Nothing runs and nothing critical could start, so the queues would stay as full as they are."""
    if view.taken.total:
        return False
    if not view.critical:
        view.critical.append(any(_may_start(task, view) for task in _idle(view.snapshot)))
    return not view.critical[0]


def _may_start(task: Task, view: View) -> bool:
    from tinyscheduler.planner.holds import first_hold

    return _is_critical(task, view) and first_hold(task, view) is None


def _idle(snapshot: StartSnapshot) -> tuple[Task, ...]:
    return snapshot.backlog.value.tasks if isinstance(snapshot.backlog, Known) else ()


def _is_critical(task: Task, view: View) -> bool:
    """By its priority, or by now."""
    policy = view.snapshot.policy
    wait_s = waits_of(view.snapshot)(task) if policy.orders_blockers_first else 0.0
    return aged(band_of(task.priority, policy), wait_s, policy) <= CRITICAL
