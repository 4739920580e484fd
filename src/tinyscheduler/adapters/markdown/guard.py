"""The folder itself: one writer of ours at a time, and an identity that outlives a restart.

People take no lock, and need none (``writing``); this keeps passes and ``task`` commands apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.kit import files, folder_lock

IDENTITY_FILE: Final = ".tinyscheduler-id"
SOURCE: Final = "folder:"
UNKNOWN: Final = f"{SOURCE}unknown"
WAIT_MAX_S: Final = 10.0
"""A write takes milliseconds; whoever holds the folder for longer hangs."""
_ID_BYTES_MAX: Final = 100


@contextmanager
def held(folder: str) -> Iterator[None]:
    """The folder is ours to write in. Raises ServerUnavailable and OSError."""
    with folder_lock.held(folder, wait_max_s=WAIT_MAX_S) as is_ours:
        if not is_ours:
            raise ServerUnavailable(
                f"{folder}: another process has been writing for {WAIT_MAX_S:g} s",
                hint=f"see who: fuser {folder}",
            )
        yield


def source_of(folder: str, *, is_read_only: bool) -> str:
    """Identity of the folder, made with it by the first who may write; a folder that is mounted elsewhere or
    restored keeps it. ``UNKNOWN``: there is none yet, or nobody can read it."""
    path = os.path.join(folder, IDENTITY_FILE)
    try:
        if not is_read_only and not files.exists(path):
            files.create_exclusive(path, f"{os.urandom(8).hex()}\n".encode())
        text = files.read_limited(path, _ID_BYTES_MAX).decode("ascii").strip()
    except (OSError, ValueError):
        # Whoever asks for tasks is told why; until then no lease is of this folder (law 4).
        return UNKNOWN
    return SOURCE + text if text.isalnum() else UNKNOWN
