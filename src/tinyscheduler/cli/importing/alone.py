"""One import at a time in a state folder: two would each make what neither has seen (ADR 0028)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tinyscheduler.errors import Refused
from tinyscheduler.kit import folder_lock

WAIT_MAX_S: Final = 60.0
"""Ten thousand tasks take longer on a server far away; whoever waits for them is told sooner."""


@contextmanager
def alone(folder: str, *, wait_max_s: float = WAIT_MAX_S) -> Iterator[None]:
    """Makes the folder where it is missing. Doubles of other machines are told of afterwards, and so are
    those of whoever may not look into it. Raises Refused."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError:
        # No lock, then: an import needs nothing of the folder, and who else could be at work in it?
        yield
        return
    if not os.access(folder, os.R_OK | os.X_OK):
        yield
        return
    with folder_lock.held(folder, wait_max_s=wait_max_s) as is_ours:
        if not is_ours:
            raise Refused(
                f"another import has been at work for {wait_max_s:g} s",
                hint="when it is over, the same command makes what is missing",
            )
        yield
