"""Read what passes have kept that nobody listened to. Loaded where there is any."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tinyscheduler.kit import files

UNTOLD_BYTES_MAX = 1_000_000
"""Twenty faults a pass, for the minute between two passes of cron; more is in the pass records."""


def read_untold(path: str) -> Sequence[Mapping[str, object]]:
    """A line that was cut off is none, and neither is a file of rubbish."""
    try:
        lines = files.read_limited(path, UNTOLD_BYTES_MAX).splitlines()
    except OSError:
        # Too large, or no file: each of them is in the record of its pass, too.
        return ()
    found = (_object(line) for line in lines)
    return tuple(one for one in found if one is not None)


def _object(line: bytes) -> Mapping[str, object] | None:
    try:
        found = json.loads(line)
    except ValueError:
        # Cut off by a full disk.
        return None
    return found if isinstance(found, dict) else None
