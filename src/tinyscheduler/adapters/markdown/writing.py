"""Rewrite a task file that a person may save at the same time, and lose neither (ADR 0029).

People take no lock. So the new file is exchanged with the old one in one step, and what came out is looked
at: it is what the change was made from, or somebody has saved in between. Then theirs goes back at once, and
the change is made once more, from what they saved. Killed in between, the file that came out lies under a
name that says what it should have been, and the next writer finds out whether it holds a person's words.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Final

from tinyscheduler.kit import files
from tinyscheduler.kit.open_files import is_open_for_writing

FILE_BYTES_MAX: Final = 262_144
"""A task is a page of text; beyond it is a book."""
ROUNDS_MAX: Final = 50
QUIET_S: Final = 0.1
"""Editors that write in place take milliseconds; a file that was just changed is left alone for so long."""
QUIET_WAIT_MAX_S: Final = 2.0
RESCUED: Final = ".rescued"
"""Ends the name of a file with a person's words that could not be merged."""
_SWAP: Final = re.compile(r"\.(.+)\.([0-9a-f]{16})-([0-9a-f]{16})\.swap")
_UNNAMED: Final = re.compile(r"\..+\.[0-9]+-[0-9]+-[0-9]+(?:-[0-9a-z]+)?\.tmp")
"""What ``kit.files`` calls a file that is not finished."""

Edit = Callable[[bytes], bytes]
"""The new content; raises to change nothing. Called again with what somebody saved in between."""
Held = bytes | tuple[int, int, int]
"""The content; of what cannot be read as a page (too large, a link, a pipe, another's) which file it is, its
size and its time."""


class Busy(OSError):
    """Somebody saves the file again and again, or is not done yet."""


def rewrite(path: str, edit: Edit, *, own: set[tuple[int, int]]) -> None:
    """Let the file be what ``edit`` makes of it; durable. ``own`` has inode and time of what this process
    wrote, which need not be waited for. Raises OSError, and what ``edit`` raises; then nothing of it is done.
    """
    for _ in range(ROUNDS_MAX):
        _wait_until_quiet(path, own)
        seen = files.read_limited(path, FILE_BYTES_MAX)
        if not seen.strip() and is_open_for_writing(path):
            continue
        if not seen.strip():
            raise Busy(errno.EBUSY, "it is empty: somebody may be about to write it", path)
        wanted = edit(seen)
        if wanted == seen or _put(path, wanted, instead_of=seen):
            status = os.stat(path)
            own.add((status.st_ino, status.st_mtime_ns))
            return
    raise Busy(errno.EBUSY, "somebody saves it again and again", path)


def rescue(folder: str) -> Iterator[str]:
    """What writers that were killed have left; only for who holds the lock of the folder, so that nobody is
    at work. Yields names of files that hold a person's words, and are kept. Raises OSError."""
    for name in sorted(name for name in files.names(folder) if name.startswith(".")):
        try:
            kept = _see_to(folder, name)
        except (FileNotFoundError, PermissionError, IsADirectoryError):
            # Somebody has tidied up; another user's in a folder where each has his own, who will see to it
            # himself; or a folder, which no writer of ours has made. The pages beside it are as good as ever.
            continue
        if kept is not None:
            yield kept


def digest(data: bytes) -> str:
    """Tells contents apart; 64 bits are enough for two of them."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _see_to(folder: str, name: str) -> str | None:
    """Remove or keep what a writer may have left; its new name when it is kept. What cannot be read is
    nothing that a writer of ours has made."""
    found, path = _SWAP.fullmatch(name), os.path.join(folder, name)
    if found is None:
        if _UNNAMED.fullmatch(name):
            files.remove(path)
        return None
    held = _held_by(path)
    if isinstance(held, bytes) and digest(held) in (found[2], found[3]):
        files.remove(path)
        return None
    kept = f"{found[1]}.{time.time_ns()}{RESCUED}"
    files.move(path, os.path.join(folder, kept))
    return kept


def _put(path: str, wanted: bytes, *, instead_of: bytes) -> bool:
    """False: somebody has saved something else meanwhile, and that stands."""
    folder, name = os.path.split(path)
    status = os.lstat(path)
    swap = os.path.join(folder, f".{name}.{digest(instead_of)}-{digest(wanted)}.swap")
    files.move(files.put_beside(path, wanted), swap)
    try:
        _make_alike(swap, status)
        files.exchange(swap, path)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            files.remove(swap)
            raise
        return _put_by_rename(swap, path, instead_of)
    # Who has it open would write into a file that is gone.
    is_ours = _held_by(swap) == instead_of and not is_open_for_writing(swap)
    if not is_ours:
        _give_back(swap, path, wanted)
    files.sync_parent(path)
    files.remove(swap)
    return is_ours


def _give_back(swap: str, path: str, put: Held) -> None:
    """Put what came out in its place again, at once and as the same file: whoever saved it may still have it
    open. What comes out then is what was ``put``, or somebody was quicker once more."""
    for _ in range(ROUNDS_MAX):
        theirs = _held_by(swap)
        files.exchange(swap, path)
        if _held_by(swap) == put:
            return
        put = theirs
    raise Busy(errno.EBUSY, "somebody saves it again and again", path)


def _put_by_rename(swap: str, path: str, instead_of: bytes) -> bool:
    """For file systems that cannot exchange: the gap stays, as narrow as it can be."""
    is_ours = _held_by(path) == instead_of and not is_open_for_writing(path)
    if is_ours:
        files.move(swap, path)
        files.sync_parent(path)
    else:
        files.remove(swap)
    return is_ours


def _held_by(path: str) -> Held:
    """Raises OSError: FileNotFoundError, or when not even that can be seen."""
    try:
        return files.read_limited(path, FILE_BYTES_MAX)
    except FileNotFoundError:
        raise
    except OSError:
        # A person may put anything in the place of a page, a book or a link. It is told of when it is
        # back in its place and the page is read again; here it only has to be known apart.
        status = os.lstat(path)
        return status.st_ino, status.st_size, status.st_mtime_ns


def _make_alike(path: str, status: os.stat_result) -> None:
    """Rights and owner of the file that it takes the place of."""
    os.chmod(path, status.st_mode & 0o777)
    mine = os.stat(path)
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        os.chown(path, status.st_uid, status.st_gid)


def _wait_until_quiet(path: str, own: set[tuple[int, int]]) -> None:
    """Until nobody has written into it for a moment, but not for ever. Raises Busy for one that somebody
    has open."""
    deadline = time.monotonic() + QUIET_WAIT_MAX_S
    while True:
        is_open, status = is_open_for_writing(path), os.lstat(path)
        age_s = time.time() - status.st_mtime
        is_quiet = (status.st_ino, status.st_mtime_ns) in own or not 0 <= age_s < QUIET_S
        is_late = time.monotonic() >= deadline
        if is_open and is_late:
            raise Busy(errno.EBUSY, "a program has it open for writing", path)
        if not is_open and (is_quiet or is_late):
            return
        time.sleep(QUIET_S if is_quiet else QUIET_S - age_s)
