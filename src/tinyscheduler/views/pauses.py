"""Pauses, for ``pause``, ``resume`` and ``status``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tinyscheduler.kit.fields import instant_text_or_none
from tinyscheduler.model.pause import Pause
from tinyscheduler.views.table import Table, columns
from tinyscheduler.views.wording import ago_text


def pause_json(pause: Pause) -> Mapping[str, object]:
    """One pause for machines; all is null whose name there is none of."""
    return {
        "scope": pause.scope,
        "name": pause.name or None,
        "by": pause.by or None,
        "reason": pause.reason or None,
        "since": instant_text_or_none(pause.at),
        "until": instant_text_or_none(pause.until),
        "trouble": pause.trouble or None,
    }


def pause_table(pauses: Sequence[Pause], now: datetime) -> Table:
    """Empty when nothing is paused."""
    rows = tuple(
        (
            pause.scope if pause.scope == "all" else f"{pause.scope} {pause.name}",
            "-" if pause.at is None else ago_text(pause.at, now),
            "until resume" if pause.until is None else ago_text(pause.until, now),
            pause.by or "-",
            pause.trouble or pause.reason or "-",
        )
        for pause in pauses
    )
    return Table("paused", columns("WHAT", "SINCE", "-UNTIL", "-BY", "*WHY"), rows)
