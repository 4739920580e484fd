"""Which limit a run has reached, and how long until it could reach the next. Pure.

All times are differences of CLOCK_MONOTONIC: a suspended laptop or a stepped clock ends no agent.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from tinyscheduler.model.order import Limits

LimitName = Literal["hard", "stall", "soft"]

NOTICES_MAX = 2
"""Of a silence, before it is ended."""


class Ages(NamedTuple):
    """Of a run, in seconds."""

    run_s: float
    quiet_s: float
    """Since the agent was last heard of."""
    is_warned: bool
    """The soft limit has been used up: it counts once."""


def reached(limits: Limits, ages: Ages) -> LimitName | None:
    """The gravest limit reached."""
    if ages.run_s >= limits.hard_s:
        return "hard"
    if ages.quiet_s >= stall_end_s(limits):
        return "stall"
    if limits.soft_s is not None and ages.run_s >= limits.soft_s and not ages.is_warned:
        return "soft"
    return None


def next_in_s(limits: Limits, ages: Ages) -> float:
    """Until the nearest limit or notice if the agent says nothing more; never below 0."""
    soft_s = math.inf if limits.soft_s is None or ages.is_warned else limits.soft_s - ages.run_s
    stall_s = next((at_s - ages.quiet_s for at_s in _stages_s(limits) if at_s > ages.quiet_s), 0.0)
    return max(0.0, min(limits.hard_s - ages.run_s, soft_s, stall_s))


def notices_due(limits: Limits, quiet_s: float) -> int:
    """How many a silence of this length has had, 0 to 2."""
    return sum(quiet_s >= at_s for at_s in _stages_s(limits)[:NOTICES_MAX])


def stall_end_s(limits: Limits) -> float:
    """The silence after which a run is ended; infinite: never."""
    return _stages_s(limits)[-1]


def _stages_s(limits: Limits) -> tuple[float, ...]:
    """First notice, second notice, end."""
    first_s = math.inf if limits.stall_s is None else limits.stall_s
    return tuple(first_s + step * limits.stall_pause_s for step in range(NOTICES_MAX + 1))


def describe(limit: LimitName, limits: Limits) -> str:
    """One clause for people."""
    match limit:
        case "hard":
            return f"the hard limit of {limits.hard_s} s was reached"
        case "stall":
            return f"nothing was heard for {stall_end_s(limits):g} s"
        case "soft":
            return f"ended after the soft limit of {limits.soft_s} s"
