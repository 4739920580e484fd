"""What the disk says, in words for the operator."""

from __future__ import annotations

import errno

from tinyscheduler.errors import StateError


def reason_of(error: OSError) -> str:
    """One clause, without the path."""
    if error.errno == errno.ELOOP:
        return "it is a symbolic link"
    return error.strerror or str(error)


def state_error(path: str, error: OSError) -> StateError:
    """What, where, how to mend it."""
    from tinyscheduler.kit.disk_words import remedy

    hint = remedy(error, "look at the disk and the folder")
    return StateError(f"{path}: {reason_of(error)}", hint=hint)
