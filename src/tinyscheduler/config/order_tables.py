"""The tables about the order of starts: ``[bands]``, ``[ageing]``, ``[depth]``. Cold path only."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from tinyscheduler.config.about_key import AboutKey
from tinyscheduler.errors import Fault

_ON_OFF = "true or false"
_PRIORITY = "any number"

Priority = Annotated[float, Field(allow_inf_nan=False)]
# A band without a turn would never start anything, and more turns make a round that nobody follows.
Turns = Annotated[list[Annotated[int, Field(ge=1, le=100)]], Field(min_length=4, max_length=4)]
WEEK_MIN = 10_080
"""Who waits a week for the next band does not wait for ageing."""
MONTH_H = 720
"""Longer waits are not told apart (``model.waiting.WAITED_S_MAX``)."""


class BandsTable(BaseModel):
    """``[bands]``: which priority is how urgent, and whether bands take turns (features D8)."""

    model_config = ConfigDict(strict=True, extra="forbid")
    enabled: Annotated[
        bool,
        AboutKey("Bands take turns, so that a stream of urgent tasks leaves room for the others.", _ON_OFF),
    ] = False
    critical: Annotated[Priority, AboutKey("Least priority of a critical task.", _PRIORITY)] = 10.0
    high: Annotated[Priority, AboutKey("Least priority of a high one.", _PRIORITY)] = 5.0
    normal: Annotated[
        Priority, AboutKey("Least priority of a normal one; what is below it is low.", _PRIORITY)
    ] = 0.0
    turns: Annotated[
        Turns,
        AboutKey(
            "Turns of critical, high, normal and low tasks in a round.",
            "four whole numbers from 1 to 100, like [50, 30, 15, 5]",
        ),
    ] = [50, 30, 15, 5]


class AgeingTable(BaseModel):
    """``[ageing]``: how waiting makes a task more urgent (features D9)."""

    model_config = ConfigDict(strict=True, extra="forbid")
    enabled: Annotated[bool, AboutKey("Waiting makes a task more urgent.", _ON_OFF)] = True
    interval_min: Annotated[
        int,
        Field(ge=1, le=WEEK_MIN),
        AboutKey(
            "Minutes of waiting for one band up, as far as critical.", f"a whole number from 1 to {WEEK_MIN}"
        ),
    ] = 30
    overdue_hours: Annotated[
        int,
        Field(ge=0, le=MONTH_H),
        AboutKey(
            "Hours of waiting after which nothing but an older task goes first.",
            f"a whole number from 1 to {MONTH_H}, 0 for never: then nothing bounds a wait",
        ),
    ] = 24


class DepthTable(BaseModel):
    """``[depth]``: what long queues do to runs (features D14)."""

    model_config = ConfigDict(strict=True, extra="forbid")
    stretch_critical_limits: Annotated[
        bool,
        AboutKey(
            "The fuller the queues, the longer critical tasks may run: 1, 1.5, 2.5 or 5 times.", _ON_OFF
        ),
    ] = False


def contradictions_of_bands(bands: BandsTable, path: str) -> list[Fault]:
    """Each band begins below the one before it."""
    floors = {"critical": bands.critical, "high": bands.high, "normal": bands.normal}
    names = list(floors)
    return [
        Fault(f"{path}: bands.{lower}", f"{floors[lower]:g}", f"make it less than {upper}", message)
        for upper, lower in pairwise(names)
        if floors[lower] >= floors[upper]
        for message in [f"it is not below bands.{upper} ({floors[upper]:g}), so no task is ever {lower}"]
    ]
