"""The tables about when something may start: ``[hours]``, ``[pressure]``, ``[hooks]``. Cold path only."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tinyscheduler.config import rules
from tinyscheduler.config.about_key import AboutKey
from tinyscheduler.kit.zones import zone_of
from tinyscheduler.model.hours import window_of

HOURS_WANTED = 'days, times and a time zone, like "Mon-Fri 22:00-06:00 Europe/Berlin", or a list of them'
HOURS_MAX = 20
"""Of one queue or agent; nobody reads more."""


def _as_tuple(value: object) -> object:
    """TOML and JSON have lists; one text stands for a list of one."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def check_argv(words: tuple[str, ...]) -> tuple[str, ...]:
    """Raises ValueError."""
    if words and (not words[0].strip() or any("\0" in word for word in words)):
        raise ValueError("it names no program")
    return words


def check_hours(text: str) -> str:
    """Raises ValueError: what is wrong. The zone has to be known here and now."""
    zone_of(window_of(text).zone)
    return " ".join(text.split())


Hours = Annotated[
    tuple[Annotated[str, AfterValidator(check_hours)], ...],
    BeforeValidator(_as_tuple),
    Field(min_length=1, max_length=HOURS_MAX),
]
QueueText = Annotated[str, AfterValidator(rules.check_name)]


class HoursTable(BaseModel):
    """``[hours]``: when queues are served (features D19). Those of agents are in agent-control."""

    model_config = ConfigDict(strict=True, extra="forbid")
    queues: Annotated[
        dict[QueueText, Hours],
        AboutKey(
            "Active hours of queues; outside of them nothing of the queue starts.",
            f"a table: queue = {HOURS_WANTED}",
        ),
    ] = {}


class PressureTable(BaseModel):
    """``[pressure]``: when the machine has enough to do (features D14)."""

    model_config = ConfigDict(strict=True, extra="forbid")
    enabled: Annotated[
        bool, AboutKey("Nothing starts while the machine has enough to do.", "true or false")
    ] = True
    load_per_core: Annotated[
        float,
        Field(ge=0, le=1_000, allow_inf_nan=False),
        AboutKey(
            "Load of the last minute for each core above which nothing starts.", "a number; 0: do not look"
        ),
    ] = 3.0
    free_memory_mb: Annotated[
        int,
        Field(ge=0, le=100_000_000),
        AboutKey(
            "Free memory below which nothing starts; a quarter of the machine's if that is less.",
            "a whole number of megabytes; 0: do not look",
        ),
    ] = 2_147
    swap_used_percent: Annotated[
        int,
        Field(ge=0, le=100),
        AboutKey(
            "Part of the swap space in use above which nothing starts.", "a whole number; 0: do not look"
        ),
    ] = 80


class HooksTable(BaseModel):
    """``[hooks]``: commands that are asked (features D18)."""

    model_config = ConfigDict(strict=True, extra="forbid")
    pre_start: Annotated[
        tuple[str, ...],
        BeforeValidator(_as_tuple),
        AfterValidator(check_argv),
        AboutKey(
            "Asked before each start, with the entry of the plan on its standard input; exit status 0 is yes,"
            " any other no, with the reason on the first line it prints.",
            'the argv as a list, like ["/opt/may-start", "--strict"]; empty: nobody is asked',
        ),
    ] = ()
