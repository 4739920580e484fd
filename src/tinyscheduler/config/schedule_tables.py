"""``[[schedules]]``: tasks that come by the clock (features G6). Cold path only.

An array of tables, and so apart from ``tables``, where each name stands once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from tinyscheduler.config import rules
from tinyscheduler.config.about_key import AboutKey
from tinyscheduler.config.faults import sentence, shown, suggestion
from tinyscheduler.errors import Fault
from tinyscheduler.kit.cron import instants_after
from tinyscheduler.kit.zones import zone_of
from tinyscheduler.model.schedule import MARK, CatchUp, Schedule

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from tinyscheduler.config.sources import Inputs

NAME: Final = "schedules"
SCHEDULES_MAX: Final = 200
"""Beyond it a file of settings is no place for them."""
TITLE_CHARS_MAX: Final = 500
DESCRIPTION_CHARS_MAX: Final = 20_000
"""Four bytes each at most, and the public server reads 102,400 of a request (tinytask 5)."""
TAGS_MAX: Final = 20
WEEK_S: Final = 604_800
YEAR_S: Final = 31_536_000
_SPAN: Final = re.compile(r"([0-9]{1,6})([mhdw])")
_UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": WEEK_S}
_ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Whether an expression ever comes true does not depend on when it is asked."""


def _seconds(text: str, most_s: int) -> int:
    found = _SPAN.fullmatch(text.strip())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not 60 <= seconds <= most_s:
        raise ValueError("it is no length of time from a minute up, or too long a one")
    return seconds


def _check_every(text: str) -> str:
    _seconds(text, YEAR_S)
    return text


def _check_window(text: str) -> str:
    _seconds(text, WEEK_S)
    return text


def _check_zone(text: str) -> str:
    zone_of(text)
    return text


def _check_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("it is empty, or has characters that cannot be seen")
    return text.strip()


def _check_body(text: str) -> str:
    if "\0" in text:
        raise ValueError("it contains a NUL character")
    return text


def _check_tag(text: str) -> str:
    if text.startswith(MARK):
        raise ValueError(f"{MARK} begins the mark that the scheduler itself gives")
    return rules.check_tag(text)


Text = Annotated[str, AfterValidator(rules.check_name)]
_QUEUE_WANTED: Final = "letters, digits, _ and -, 64 at most"


class ScheduleTable(BaseModel):
    """One ``[[schedules]]``."""

    model_config = ConfigDict(strict=True, extra="forbid")
    name: Annotated[Text, AboutKey("Tells it from the others; part of the mark on its tasks.", _QUEUE_WANTED)]
    title: Annotated[
        str,
        AfterValidator(_check_line),
        Field(max_length=TITLE_CHARS_MAX),
        AboutKey("Title of each task.", f"one line of text, {TITLE_CHARS_MAX} characters at most"),
    ]
    cron: Annotated[
        str,
        AboutKey(
            "When: minute, hour, day, month and weekday, as in a crontab.",
            '"0 2 * * *", "*/15 9-17 * * mon-fri", "@daily"; or leave it away and write every',
        ),
    ] = ""
    every: Annotated[
        str,
        AfterValidator(_check_every),
        AboutKey(
            "When: each time so much time is over, counted from 1970-01-01 00:00 UTC.",
            'a whole number with m, h, d or w, like "90m"; or leave it away and write cron',
        ),
    ] = ""
    zone: Annotated[
        str,
        AfterValidator(_check_zone),
        AboutKey("Time zone of cron; UTC where none is named.", 'an IANA name, like "Europe/Berlin"'),
    ] = ""
    enabled: Annotated[
        bool, AboutKey("While it is false nothing comes due, and nothing is caught up with.", "true or false")
    ] = True
    catch_up: Annotated[
        CatchUp,
        AboutKey(
            "What is made of times that were missed, when no pass looked for over three minutes: nothing,"
            " the newest, or all. Younger ones are made in any case.",
            '"skip", "once" or "all"',
        ),
    ] = "skip"
    window: Annotated[
        str,
        AfterValidator(_check_window),
        AboutKey("What is older is not caught up with.", 'from "1m" to "1w"'),
    ] = "24h"
    description: Annotated[
        str,
        AfterValidator(_check_body),
        Field(max_length=DESCRIPTION_CHARS_MAX),
        AboutKey("Description of each task; may begin with front matter.", "text"),
    ] = ""
    queue: Annotated[Text | None, AboutKey("Queue of each task.", _QUEUE_WANTED)] = None
    assigned_to: Annotated[
        Text | None, AboutKey("Agent that gets each task; none: whoever serves the queue.", _QUEUE_WANTED)
    ] = None
    priority: Annotated[
        float, Field(allow_inf_nan=False), AboutKey("Bigger is more urgent.", "any number")
    ] = 0.0
    tags: Annotated[
        list[Annotated[str, AfterValidator(_check_tag)]],
        Field(max_length=TAGS_MAX),
        AboutKey("Tags of each task, besides the mark.", f'a list of {TAGS_MAX} at most, like ["after:12"]'),
    ] = []


def checked_schedules(
    document: dict[str, object], inputs: Inputs, faults: list[Fault]
) -> tuple[Schedule, ...]:
    """Those that are right; faults are added to the list."""
    found, path = document.get(NAME, []), inputs.toml_path
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        remedy = f"write [[{NAME}]] on a line of its own before each schedule"
        faults.append(Fault(f"{path}: {NAME}", shown(found), remedy, "it is no list of tables"))
        return ()
    if len(found) > SCHEDULES_MAX:
        faults.append(Fault(f"{path}: {NAME}", f"{len(found)}", f"write {SCHEDULES_MAX} at most", "too many"))
        return ()
    right: list[Schedule] = []
    for number, row in enumerate(found):
        where = f"{path}: {NAME}[{number}]"
        try:
            table = ScheduleTable.model_validate(row)
        except ValidationError as error:
            faults += [_fault(one, where) for one in error.errors(include_url=False)]
            continue
        wrong = list(_contradictions(table, where))
        faults += wrong
        if not wrong:
            right.append(_schedule(table))
    faults += _twice(right, path)
    return tuple(right)


def notes_on_schedules(schedules: Iterable[Schedule], served: set[str], agents: set[str]) -> tuple[str, ...]:
    """A mistyped name makes tasks for nobody, and nobody would be told."""
    return tuple(
        f"schedule {schedule.name} names {name}, {what}{suggestion(name, known)}"
        for schedule in schedules
        for name, known, what in (
            (schedule.queue, served, "a queue that no agent serves"),
            (schedule.assigned_to, agents, "an agent that agent-control does not name"),
        )
        if name is not None and name not in known
    )


def schedule_rows(schedules: Iterable[Schedule]) -> list[tuple[str, str]]:
    """Name and value of each, as ``config`` shows tables."""
    return [(f"{NAME}.{schedule.name}", _row(schedule)) for schedule in schedules]


def _row(schedule: Schedule) -> str:
    off = "" if schedule.is_enabled else ", off"
    return f"{schedule.rule_shown}, catch_up {schedule.catch_up}{off}: {schedule.title}"


def schedules_markdown() -> str:
    """The table of ``docs/configuration.md``."""
    lines = ["| key | default | meaning |", "|---|---|---|"]
    for key, field in ScheduleTable.model_fields.items():
        told = _about(key)
        default = "must be there" if field.is_required() else _default_text(field.default)
        lines.append(f"| `{key}` | {default} | {told.meaning} *Write:* {told.wants} |")
    return "\n".join(lines) + "\n"


def _default_text(value: object) -> str:
    text = (
        str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else value
    )
    return str(text) if text not in ("", None, []) else "-"


def _about(key: str) -> AboutKey:
    return next(item for item in ScheduleTable.model_fields[key].metadata if isinstance(item, AboutKey))


def _fault(error: ErrorDetails, where: str) -> Fault:
    key, *places = error["loc"]
    place = f"{where}.{key}" + "".join(f"[{p}]" for p in places if isinstance(p, int))
    if error["type"] == "extra_forbidden":
        known = suggestion(str(key), ScheduleTable.model_fields)
        return Fault(place, "", f"remove it{known}", "there is no such key")
    value = "" if error["type"] == "missing" else shown(error.get("input", ""))
    return Fault(place, value, f"write {_about(str(key)).wants}", sentence(error))


def _contradictions(table: ScheduleTable, where: str) -> Iterator[Fault]:
    if bool(table.cron) == bool(table.every):
        message = "it says twice when" if table.cron else "it does not say when"
        yield Fault(where, table.name, "write either cron or every", message)
    if table.every and table.zone:
        message = "an interval has no time of day"
        yield Fault(f"{where}.zone", table.zone, "take it out, or write cron instead of every", message)
    if table.queue is None and table.assigned_to is None:
        remedy = "write queue, assigned_to or both"
        yield Fault(where, table.name, remedy, "nobody would ever be given its tasks")
    if table.cron:
        try:
            first = next(instants_after(table.cron, zone_of(table.zone) or UTC, _ANY_DAY), None)
            message = "" if first else "that never comes"
        except ValueError as error:
            message = str(error)
        if message:
            yield Fault(f"{where}.cron", shown(table.cron), f"write {_about('cron').wants}", message)


def _twice(schedules: list[Schedule], path: str) -> list[Fault]:
    names = [schedule.name for schedule in schedules]
    return [
        Fault(f"{path}: {NAME}", name, "give each a name of its own", "the name is there twice")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]


def _schedule(table: ScheduleTable) -> Schedule:
    return Schedule(
        table.name,
        table.title,
        cron=" ".join(table.cron.split()),
        every_s=_seconds(table.every, YEAR_S) if table.every else 0,
        zone=table.zone or "UTC",
        catch_up=table.catch_up,
        window_s=_seconds(table.window, WEEK_S),
        description=table.description,
        queue=table.queue,
        assigned_to=table.assigned_to,
        priority=table.priority,
        tags=tuple(table.tags),
        is_enabled=table.enabled,
    )
