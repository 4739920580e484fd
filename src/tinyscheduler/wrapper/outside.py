"""Reasons to stop that come from outside the run, gravest knowledge first."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tinyscheduler.errors import StateError
from tinyscheduler.model.result import one_line
from tinyscheduler.wrapper.outcomes import Cause

if TYPE_CHECKING:
    from tinyscheduler.model.lease import StopOrder
    from tinyscheduler.model.order import Order
    from tinyscheduler.wrapper.world import World


BY_CHARS_MAX = 600
"""Who has asked and why; it goes into a comment."""


def outside_cause(order: Order, world: World) -> Cause | None:
    """Why the run must stop now, or None.

    A stop order first: the pass that writes one also sends TERM to us and to the agent, and then the
    order says why.
    """
    stop = _stop_order(order, world)
    if stop is not None:
        return Cause(stop.reason, f"stopped by {one_line(stop.by, chars_max=BY_CHARS_MAX)}")
    if os.path.lexists(order.estop_file):
        return Cause("interrupted", "stopped by ESTOP")
    if world.wakeup.asked_by is not None:
        return Cause("interrupted", f"the wrapper was ended by {world.wakeup.asked_by}")
    return None


def _stop_order(order: Order, world: World) -> StopOrder | None:
    """One for an older lease of the task is not ours to obey."""
    try:
        stop = world.leases.stop_order(order.task_id)
    except StateError as error:
        world.log.say(f"the stop file could not be read: {error.message}")
        return None
    return stop if stop is not None and stop.lease_id == order.lease_id else None
