"""When the last passes ended, from their records of today and yesterday. Loaded where a schedule is late."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final

from tinyscheduler.kit.fields import Fields
from tinyscheduler.kit.tail import tail

TAIL_BYTES_MAX: Final = 262_144
"""Of a day's records: some hundreds of passes, hours of them where one comes each minute."""


def pass_times(passes: str, now: datetime) -> tuple[datetime, ...]:
    """Ascending, and none after ``now``. What cannot be read is none: it is asked for to be fair only."""
    days = (now - timedelta(days=1), now)
    ends = [end for day in days for end in _ends(f"{passes}/passes_{day:%Y%m%d}.jsonl") if end <= now]
    return tuple(sorted(ends))


def _ends(path: str) -> list[datetime]:
    found = []
    for line in tail(path, TAIL_BYTES_MAX).splitlines():
        try:
            found.append(Fields(json.loads(line)).instant("ended_at"))
        except ValueError:
            # The first one is cut, and so may be any after a full disk.
            continue
    return found
