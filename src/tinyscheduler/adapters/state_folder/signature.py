"""``format.json``: the folder's id, and the place where it was given that id.

The tag of every process carries the id, so two folders must never have the same one: a folder that
stands elsewhere than its signature says is a copy (design 5).
"""

from __future__ import annotations

import os
from typing import NamedTuple

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import Fields

FORMAT = 1
FORMAT_BYTES_MAX = 10_000
_ID_DIGITS = 16
_HEXADECIMAL = frozenset("0123456789abcdef")
_RESTORE = "restore it from a backup; without it nobody knows whose leases these are"


class Signature(NamedTuple):
    """What was written into a folder when it was opened for the first time."""

    state_id: str
    device: int
    inode: int
    volume: str
    """The file system's own id; it is the same after a reboot, which ``device`` may not be."""


def read(path: str) -> Signature | None:
    """None: there is none. Raises StateError: it is damaged, or of another format."""
    try:
        found = Fields(json_text.load(files.read_limited(path, FORMAT_BYTES_MAX)))
        if found.whole("schema") != FORMAT:
            raise StateError(
                f"the state folder has format {found.whole('schema')}, this program writes {FORMAT}",
                hint="run the newer program, or name another folder with --base-path",
            )
        return _signature(found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StateError(f"{path} cannot be read: {error}", hint=_RESTORE) from error


def is_of(signature: Signature, root: str) -> bool:
    """A copy has another inode; a folder that was moved keeps it. The top of a volume has the same inode
    on each, so the volume is compared too: by its id, or by its device, which changes at some reboots."""
    status = os.stat(root)
    is_same_volume = signature.volume == _volume_of(root) or signature.device == status.st_dev
    return signature.inode == status.st_ino and is_same_volume


def write(path: str, root: str) -> str:
    """Sign the folder ``root`` with a new id, and return it."""
    status = os.stat(root)
    signature = Signature(os.urandom(_ID_DIGITS // 2).hex(), status.st_dev, status.st_ino, _volume_of(root))
    files.replace(path, json_text.dump({"schema": FORMAT, **signature._asdict()}))
    return signature.state_id


def lease_files(running: str) -> list[str]:
    """Names of leases, owner and stop files: what bears the id of the folder."""
    return [name for name in os.listdir(running) if name.startswith("task_")]


def _signature(found: Fields) -> Signature:
    """Raises ValueError. A damaged place would look like a copy's, and the leases of living agents would
    be set aside."""
    # It becomes part of a path (law 11).
    state_id = found.text("state_id")
    if len(state_id) != _ID_DIGITS or not _HEXADECIMAL.issuperset(state_id):
        raise ValueError("it has no state_id")
    return Signature(
        state_id=state_id,
        device=found.whole("device"),
        inode=found.whole("inode"),
        volume=found.text("volume"),
    )


def _volume_of(path: str) -> str:
    """Made of the file system's own id where it has one (statfs(2), f_fsid)."""
    return f"{os.statvfs(path).f_fsid:x}"
