"""What a person may have said since the plan was made: looked at before each start, and after its claim.

A plan is some seconds old when its last task is started, and a pause holds from the instant it is given
(features E1, E2).
"""

from __future__ import annotations

from tinyscheduler.model.action import Start
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.intent import INTENTS_MAX, Intent
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.reason import Held
from tinyscheduler.planner.pauses import held_by_pause, in_force, pause_of_start
from tinyscheduler.ports import World


def forbidden(world: World, start: Start) -> Held | None:
    """Why nothing of this start is to be begun; None: it may be."""
    task = start.task
    if world.state.is_estopped():
        return _estopped(task.id)
    pause = pause_of_start(task, start.agent, in_force(world.pauses.read(), world.clock.now()))
    return None if pause is None else held_by_pause(task.id, pause)


def _estopped(task_id: TaskId) -> Held:
    return Held(task_id, "estop", "the ESTOP file is there", lever="tinyscheduler estop --clear")


def halted(world: World, start: Start, lease: Lease) -> Held | None:
    """Why a start that has been claimed is not to be made any more; None: it is. Raises StateError."""
    task, held = start.task, forbidden(world, start)
    if held is not None:
        return held
    intent = next((asked for asked in world.intents.scan(INTENTS_MAX).intents if _stops(asked, lease)), None)
    if intent is not None:
        return Held(
            task.id,
            "settling",
            f"{intent.by} asked for a {intent.kind} of it",
            since=intent.at,
            lever="the next pass obeys",
        )
    return None


def _stops(intent: Intent, lease: Lease) -> bool:
    """An intent about another run is none about this one."""
    is_about = intent.kind in ("stop", "park") and intent.task_id == lease.task_id
    return is_about and intent.lease_id in (None, lease.lease_id)
