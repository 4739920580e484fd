"""What a pass or a wrapper would trip over when it writes, found without a write.

For those who only look: they read an old record of a pass that went well, and leases that nobody could
write to since, and nothing in them says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

_FOLDER_RIGHTS = os.R_OK | os.W_OK | os.X_OK
_FILE_RIGHTS = os.R_OK | os.W_OK
_ROOM_OR_RIGHTS = "make room or mend its rights; what is shown may be as old as that"

Obstacle = tuple[str, str]
"""What, and what to do about it."""


def obstacles(root: str, folders: Sequence[str], files: Sequence[str]) -> Iterator[Obstacle]:
    """What is not there yet is none."""
    for folder in dict.fromkeys((root, *folders)):
        if not os.path.isdir(folder):
            continue
        if not os.access(folder, _FOLDER_RIGHTS):
            yield _not_allowed(folder)
        else:
            yield from _want_of_room(folder)
    for path in files:
        if os.path.isdir(path):
            yield f"{path} is a folder, and has to be a file", "move it away"
        elif os.path.isfile(path) and not os.access(path, _FILE_RIGHTS):
            yield _not_allowed(path)


def no_folders(paths: Sequence[str]) -> Iterator[Obstacle]:
    """Where something else has the place of a folder. Links are refused by their own words."""
    from tinyscheduler.kit.disk_words import put_back

    for path in dict.fromkeys(paths):
        if os.path.lexists(path) and not os.path.isdir(path) and not os.path.islink(path):
            yield f"{path} is no folder", put_back(path)


def _not_allowed(path: str) -> Obstacle:
    return (
        f"{path} may not be read and written by this user, or its file system is read-only",
        _ROOM_OR_RIGHTS,
    )


def _want_of_room(folder: str) -> Iterator[Obstacle]:
    try:
        room = os.statvfs(folder)
    except OSError:
        # Gone since.
        return
    if room.f_blocks and not room.f_bavail:
        what = "has no space left: nothing that ends or changes there can be written down"
        yield f"{folder} {what}", _ROOM_OR_RIGHTS
    elif room.f_files and not room.f_favail:
        what = "has no room for another file (df -i): nothing new can be written down there"
        yield f"{folder} {what}", _ROOM_OR_RIGHTS
