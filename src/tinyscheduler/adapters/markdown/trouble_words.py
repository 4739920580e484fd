"""What is wrong with files and with their folder, as a task server says it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tinyscheduler.adapters.markdown.shelf import Trouble
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.snapshot import QueueGap

GAPS_MAX: Final = 20
"""Files that are named as trouble; more are counted."""


def gaps_of(troubles: Sequence[Trouble]) -> Iterator[QueueGap]:
    """Of no queue: nobody knows whose task it is."""
    for trouble in troubles[:GAPS_MAX]:
        yield QueueGap(None, None, f"{trouble.name}: {trouble.why}" if trouble.name else trouble.why)
    if len(troubles) > GAPS_MAX:
        yield QueueGap(None, None, f"{len(troubles) - GAPS_MAX} more files cannot be read")


def unavailable(folder: str, error: OSError) -> ServerUnavailable:
    """What the disk says of the whole folder."""
    from tinyscheduler.kit.disk_words import remedy

    hint = remedy(error, "look at the folder that TASK_FOLDER names")
    return ServerUnavailable(f"the task folder {folder}: {error.strerror or error}", hint=hint)
