"""What the disk says, in words for the operator, and what is done with a file that nobody can read."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, TypeVar

from tinyscheduler.errors import StateError
from tinyscheduler.kit import json_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tinyscheduler.kit.disk import Files

T = TypeVar("T")


def reason_of(error: OSError) -> str:
    """One clause, without the path."""
    if error.errno == errno.ELOOP:
        return "it is a symbolic link"
    return error.strerror or str(error)


def state_error(path: str, error: OSError) -> StateError:
    """What, where, how to mend it."""
    from tinyscheduler.kit.disk_words import no_folder, remedy

    hint = remedy(error, "look at the disk and the folder")
    place = no_folder(error)
    # The file may be well, and the folder that it is to go to may be none.
    what = f"{path}: {reason_of(error)}" if place is None else f"{place} is no folder"
    return StateError(what, hint=hint)


def parsed(
    disk: Files, path: str, parse: Callable[[object], T], *, limit: int, is_synced: bool = True
) -> T | str | None:
    """What is in a file of at most ``limit`` bytes; a text: why it cannot be read; None: there is none.

    A file that is not ``is_synced`` when it is written may be empty, or all zeros, after a power cut: that
    is none as well, and nothing to look into.
    """
    try:
        data = disk.read_limited(path, limit)
        if not is_synced and not data.strip(b"\0"):
            return None
        return parse(json_text.load(data))
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{path}: {reason_of(error)}"
    except ValueError as error:
        return f"{path}: it does not parse: {error}"


def set_aside(disk: Files, path: str, *, quarantine: str) -> str | None:
    """Put a file that nobody can read into quarantine, by rename, so that whatever it is goes out of the
    way; its new path, None: it is not there any more. Raises StateError."""
    import os
    import time

    place = os.path.join(quarantine, f"{os.path.basename(path)}.{time.time_ns()}")
    try:
        disk.make_folder(quarantine)
        disk.move(path, place)
        disk.sync_parent(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise state_error(path, error) from error
    return place
