"""Who may read what: files with secrets and the state folder belong to one user.

Only rights of others are taken away, never given; what is not ours, or only a link to something, is
left to a person.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from tinyscheduler.config import secrets
from tinyscheduler.config.mending.changes import Change, Close, Left, Make
from tinyscheduler.kit import files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tinyscheduler.config.compile import Compiled
    from tinyscheduler.config.sources import Inputs
    from tinyscheduler.model.configuration import Places

OTHERS = 0o077


def obstacle(path: str) -> str:
    """Why the file or folder is not ours to change; empty: it is."""
    try:
        status = os.lstat(path)
    except OSError as error:
        return f"it cannot be looked at: {error.strerror}"
    if stat.S_ISLNK(status.st_mode):
        return f"it is a link to {os.path.realpath(path)}"
    if status.st_uid != os.geteuid():
        return f"it belongs to user {status.st_uid}"
    is_plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
    return "" if is_plain else "it is no plain file"


def closings(compiled: Compiled, inputs: Inputs) -> Iterator[Close | Left]:
    """Of everything that others should not see."""
    for path in secrets.secret_files(compiled.configuration, inputs):
        yield from _closing(path, files.FILE_MODE)
    for path in _state_folders(compiled.configuration.places):
        yield from _closing(path, files.FOLDER_MODE)


def _state_folders(places: Places) -> Iterator[str]:
    """Those below the state folder, once a pass has signed it: before, it may be any folder.

    One that is the base folder as well is left alone: others may have to get at the program.
    """
    if not os.path.lexists(places.format_file) or places.state == places.base:
        return
    yield places.state
    below = (
        places.running, places.runs, places.ledger, places.journal, places.passes, places.logs,
        places.quarantine, places.cache, places.intents,
    )  # fmt: skip
    yield from (path for path in below if os.path.dirname(path) == places.state and os.path.isdir(path))


def _closing(path: str, wanted: int) -> Iterator[Close | Left]:
    try:
        status = os.stat(path)
    except OSError:
        return  # What is not there is told by those who look for it.
    mode, is_folder = stat.S_IMODE(status.st_mode), wanted == files.FOLDER_MODE
    is_wanted = stat.S_ISDIR(status.st_mode) if is_folder else stat.S_ISREG(status.st_mode)
    if not is_wanted or not mode & OTHERS:
        return
    if why := obstacle(path):
        yield Left(path, f"others have rights to it (mode {mode:04o}), but {why}")
    else:
        closed = mode & wanted
        yield Close(path, closed, Change(path, f"mode {mode:04o}", f"mode {closed:04o}"))


def makings(compiled: Compiled) -> Iterator[Make]:
    """Of folders that a setting names and that a pass would make as well.

    Not the base folder, nor a workspace that agent-control names: one that is not there may be mistyped.
    """
    places = compiled.configuration.places
    named = {
        "STATE_DIR": places.state,
        "RUNNING_DIR": places.running,
        "LOG_DIR": places.logs,
        "WORKSPACES_DIR": places.workspaces,
    }
    for name, path in named.items():
        if name in compiled.origins and os.path.isdir(places.base) and not os.path.lexists(path):
            yield Make(path, Change(path, "no folder", f"a folder, mode {files.FOLDER_MODE:04o}"))
