"""Before the first write: whether somebody else may have laid hands on the folder (docs/security.md)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

from tinyscheduler.errors import StateError

OWN_FOLDERS = (
    *("running", "runs", "ledger", "journal", "passes", "logs", "cache", "quarantine", "bin"),
    *("intents", "pauses"),
)
OWN_NAMES = (
    *OWN_FOLDERS,
    *("format.json", "tinyscheduler.lock", "poke"),
    *("sightings.json", "waiting.json", "cursors.json", "breakers.json", "accounts.json"),
    "schedules.json",
)
"""What a pass writes to below the root. Not ESTOP, which may be anything; not the workspaces, which are the
agents' and may lie on another disk; not the task store, which looks after itself."""


def refuse(root: str, folders: Sequence[str]) -> Iterator[str]:
    """What a person should mend. Raises StateError for what nothing may be written through: a link in the
    place of one of our names, which whoever owns a folder can put there at any time, or another's file."""
    inside = [f"{root}/{name}" for name in OWN_NAMES]
    outside = [path for path in folders if path not in inside]
    for path in (root, *inside, *outside):
        try:
            # Where the root and a RUNNING_DIR lead is the operator's choice.
            status = os.lstat(path) if path in inside else os.stat(path)
        except FileNotFoundError:
            # Nobody has put anything there.
            continue
        _refuse(path, status)
        if stat.S_ISDIR(status.st_mode) and status.st_mode & 0o022:
            yield f"{path} may be written by others; mend it with: chmod go-w {path}"


def refuse_entry(root: str) -> None:
    """Raises StateError: it is there, and not for the eyes of this user."""
    if not os.path.isdir(root) or os.access(root, os.R_OK | os.X_OK):
        return
    owner = os.stat(root).st_uid
    if owner == os.geteuid():
        raise StateError(f"{root} may not be entered by its own user", hint=f"chmod 700 {root}")
    raise StateError(
        f"{root} belongs to user {owner}, and user {os.geteuid()} may not look into it",
        hint=f"run it as the user whose passes these are: sudo -u '#{owner}' tinyscheduler ...",
    )


def _refuse(path: str, status: os.stat_result) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise StateError(
            f"{path} is a symbolic link; nothing is written through it",
            hint="somebody put it there; remove it, or mount what it leads to in its place",
        )
    if status.st_uid not in (os.geteuid(), 0):
        raise StateError(
            f"{path} belongs to user {status.st_uid}, and this is user {os.geteuid()}",
            hint="run it as that user, or give the whole state folder to this one with chown -R",
        )
