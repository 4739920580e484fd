"""Carry a plan out, deed by deed. A deed that fails is told, and the others are done all the same."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple, assert_never

from tinyscheduler.config.mending.changes import Change, Close, Deed, Left, Make, Plan, Rewrite, changes_of
from tinyscheduler.config.mending.modes import obstacle
from tinyscheduler.config.sources import CONTROL_FILE_MAX_BYTES
from tinyscheduler.kit import files

BACKUP = ".bak"
"""The file as it was before the first mend. Later mends keep that one: it is what a person wrote."""


class Done(NamedTuple):
    """What was done, and what was not."""

    changes: tuple[Change, ...]
    left: tuple[Left, ...]
    """Of the plan, and what the disk refused."""
    has_failed: bool


class _NotDone(Exception):
    """Says why."""


def apply(plan: Plan) -> Done:
    """Never raises for what the disk does."""
    changes: list[Change] = []
    failed: list[Left] = []
    for deed in plan.deeds:
        try:
            _do(deed)
            changes += changes_of(deed)
        except (OSError, _NotDone) as error:
            why = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
            failed += [
                Left(change.place, f"{change.before} should be {change.after}, but it failed: {why}")
                for change in changes_of(deed)
            ]
    return Done(tuple(changes), (*plan.left, *failed), bool(failed))


def _do(deed: Deed) -> None:
    """Raises OSError, _NotDone."""
    match deed:
        case Rewrite():
            _rewrite(deed)
        case Close():
            _close(deed)
        case Make():
            files.make_folder(deed.path)
        case _:
            assert_never(deed)


def _rewrite(deed: Rewrite) -> None:
    if why := obstacle(deed.path):
        raise _NotDone(why)
    status = os.lstat(deed.path)
    _check_group(status)
    if files.read_limited(deed.path, CONTROL_FILE_MAX_BYTES) != deed.before:
        raise _NotDone("somebody has changed the file meanwhile")
    files.create_exclusive(deed.path + BACKUP, deed.before)
    files.replace(deed.path, deed.after, mode=stat.S_IMODE(status.st_mode))
    _restore_rights(deed.path, status)


def _restore_rights(path: str, before: os.stat_result) -> None:
    """The umask has made the new file's rights fewer, never more; its group is ours at first."""
    if os.lstat(path).st_gid != before.st_gid:
        os.chown(path, -1, before.st_gid)
    if os.lstat(path).st_mode != before.st_mode:
        os.chmod(path, stat.S_IMODE(before.st_mode))


def _check_group(status: os.stat_result) -> None:
    """A new file has our group; one of another group that we are not in could not be put back."""
    if os.geteuid() != 0 and status.st_gid not in (os.getegid(), *os.getgroups()):
        raise _NotDone(f"it belongs to group {status.st_gid}, which this user is not in")


def _close(deed: Close) -> None:
    """By handle, so that what is changed is what was looked at."""
    handle = os.open(deed.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(handle)
        if status.st_uid != os.geteuid():
            raise _NotDone(f"it belongs to user {status.st_uid}")
        # What was taken away meanwhile is not given back.
        os.fchmod(handle, stat.S_IMODE(status.st_mode) & deed.mode)
    finally:
        os.close(handle)
