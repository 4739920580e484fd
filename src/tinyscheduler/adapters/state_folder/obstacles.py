"""What a pass or a wrapper would trip over when it writes, found without a write.

For those who only look: they read an old record of a pass that went well, and leases that nobody could
write to since, and nothing in them says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

_FOLDER_RIGHTS = os.R_OK | os.W_OK | os.X_OK
_FILE_RIGHTS = os.R_OK | os.W_OK


def obstacles(root: str, folders: Sequence[str], files: Sequence[str]) -> Iterator[str]:
    """One clause each; what is not there yet is none."""
    for folder in dict.fromkeys((root, *folders)):
        if not os.path.isdir(folder):
            continue
        if not os.access(folder, _FOLDER_RIGHTS):
            yield f"{folder} may not be read and written by this user, or its file system is read-only"
        else:
            yield from _want_of_room(folder)
    for path in files:
        if os.path.isfile(path) and not os.access(path, _FILE_RIGHTS):
            yield f"{path} may not be read and written by this user, or its file system is read-only"


def _want_of_room(folder: str) -> Iterator[str]:
    try:
        room = os.statvfs(folder)
    except OSError:
        # Gone since.
        return
    if room.f_blocks and not room.f_bavail:
        yield f"{folder} has no space left: nothing that ends or changes there can be written down"
    elif room.f_files and not room.f_favail:
        yield f"{folder} has no room for another file (df -i): nothing new can be written down there"
