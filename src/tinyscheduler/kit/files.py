"""Files that are either whole or not there, whatever is killed and whenever the power fails.

Replace = temp file in the same folder, fsync, rename, fsync of the folder. Exclusive create =
``link()`` of a finished temp file, because ``rename`` over another writer's file is not a
compare-and-set. Temp names carry the writer's pid and start time, and where that pid means somebody, so
that a sweep can tell litter from work. All functions raise plain OSError; callers translate.
"""

from __future__ import annotations

import errno
import itertools
import os
from functools import cache
from typing import NamedTuple

from tinyscheduler.kit.namespace_time import clock_offsets

FILE_MODE = 0o600
FOLDER_MODE = 0o700

_numbers = itertools.count(1)


class Writer(NamedTuple):
    """Who has given a temp file its name."""

    pid: int
    start: int
    """0: it could not see its own."""
    place: str
    """Where its pid means a process; empty: it could not tell, or an older program has not."""


def read_limited(path: str, limit: int) -> bytes:
    """The whole file, which must be a regular one.

    Raises OSError: ELOOP for a symlink (one planted in our folders must not lead us out of them),
    EFBIG for more than ``limit`` bytes, EINVAL for a folder, pipe or device.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(handle)
        if status.st_mode & 0o170000 != 0o100000:
            raise OSError(errno.EINVAL, "not a regular file", path)
        data = _read_up_to(handle, min(status.st_size, limit) + 1, limit + 1)
    finally:
        os.close(handle)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"larger than {limit} bytes", path)
    return data


def replace(
    path: str,
    data: bytes,
    *,
    sync_file: bool = True,
    sync_folder: bool = True,
    mode: int = FILE_MODE,
) -> None:
    """Put ``data`` in place of whatever is at ``path``. A reader sees the old or the new file.

    Without ``sync_file`` a power cut may leave an empty file: only for what can be recomputed.
    """
    temporary = _write_temporary(path, data, sync=sync_file, mode=mode)
    try:
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise
    if sync_folder:
        sync_parent(path)


def create_exclusive(path: str, data: bytes, *, mode: int = FILE_MODE) -> bool:
    """Create the file whole and durable, unless it exists. False: it did, and is untouched."""
    temporary = _write_temporary(path, data, sync=True, mode=mode)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(temporary)
    sync_parent(path)
    return True


def create_empty(path: str) -> bool:
    """Create the file with nothing in it, for which a full disk mostly has room. False: it exists."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        os.close(os.open(path, flags, FILE_MODE))
    except FileExistsError:
        return False
    sync_parent(path)
    return True


def put_beside(path: str, data: bytes) -> str:
    """A synced file with a temporary name in the folder of ``path``; its name."""
    return _write_temporary(path, data, sync=True)


def exchange(one: str, other: str) -> None:
    """Let two files change places in one step. Raises OSError: FileNotFoundError when one is not there,
    EINVAL or ENOSYS when the file system cannot."""
    from tinyscheduler.kit.system_calls import exchange as exchange_names

    exchange_names(one, other)


def append(path: str, data: bytes) -> None:
    """Add ``data`` with one write at the end of the file; not synced. One appender at a time."""
    # Not to wait for the reader of a pipe that somebody put there.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    handle = os.open(path, flags, FILE_MODE)
    try:
        write_all(handle, data)
    finally:
        os.close(handle)


def write_all(handle: int, data: bytes) -> None:
    """``os.write`` until nothing is left: a short write is legal and means "more later"."""
    view = memoryview(data)
    while view:
        written = os.write(handle, view)
        if written == 0:
            raise OSError(errno.EIO, "the kernel accepted nothing")
        view = view[written:]


def remove(path: str) -> bool:
    """Unlink. False: it was not there."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    return True


def end_torn_line(path: str) -> None:
    """A power cut may leave half a line; without its end it would take the next one with it."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        size = os.fstat(handle).st_size
        is_whole = size == 0 or os.pread(handle, 1, size - 1) == b"\n"
    finally:
        os.close(handle)
    if not is_whole:
        append(path, b"\n")


def remove_folder(path: str) -> bool:
    """Remove an empty folder. False: something is in it. Raises OSError for anything else."""
    try:
        os.rmdir(path)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


def move(path: str, to: str) -> None:
    """Rename, whatever it is; not synced."""
    os.rename(path, to)


def touch(path: str) -> None:
    """Set the file's time to now: possible where there is no room for one more byte."""
    os.utime(path)


def modified_at_s(path: str) -> float:
    """When its content was last written, or its time moved, by the wall clock; of a link itself."""
    return os.lstat(path).st_mtime


def names(folder: str) -> list[str]:
    """What is in it, in no order."""
    return os.listdir(folder)


def exists(path: str) -> bool:
    """Something is there; a link that leads nowhere counts."""
    return os.path.lexists(path)


def is_folder(path: str) -> bool:
    """A folder, or a link to one."""
    return os.path.isdir(path)


def is_link(path: str) -> bool:
    """A symbolic link, wherever it leads."""
    return os.path.islink(path)


def make_folder(path: str) -> None:
    """Create the folder and its parents with mode 0700, each durable; one that exists is left alone.

    Raises OSError: ENOTDIR if something else has the name, a symlink included.
    """
    try:
        os.mkdir(path, FOLDER_MODE)
    except FileNotFoundError:
        parent = os.path.dirname(path)
        # In /proc and its like a folder that is there answers that nothing can be in it.
        if os.path.isdir(parent):
            raise
        make_folder(parent)
        make_folder(path)
        return
    except FileExistsError:
        if os.path.islink(path) or not os.path.isdir(path):
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", path) from None
        return
    sync_parent(path)


def sync_parent(path: str) -> None:
    """Sync the folder that holds ``path``: without it a rename can be undone by a power cut."""
    handle = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_temporary(path: str, data: bytes, *, sync: bool, mode: int = FILE_MODE) -> str:
    temporary = _temporary_name(path)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    try:
        try:
            write_all(handle, data)
            if sync:
                os.fsync(handle)
        finally:
            os.close(handle)
    except OSError:
        os.unlink(temporary)
        raise
    return temporary


def writer_of(name: str) -> Writer | None:
    """Of a temp file by its name; None: it is no such name."""
    if not (name.startswith(".") and name.endswith(".tmp")):
        return None
    head, _, ending = name.removesuffix(".tmp").rpartition(".")
    pid, start, number, place = (*ending.split("-"), "", "", "")[:4]
    is_ours = len(head) > 1 and all(n.isascii() and n.isdigit() for n in (pid, start, number))
    return Writer(int(pid), int(start), place) if is_ours and ending.count("-") in (2, 3) else None


def _temporary_name(path: str) -> str:
    folder, name = os.path.split(path)
    writer = f"{os.getpid()}-{own_start_ticks()}-{next(_numbers)}-{own_place()}"
    return os.path.join(folder, f".{name}.{writer}.tmp")


@cache
def own_place() -> str:
    """Boot and pid namespace, short enough for a name: elsewhere our pid is another's, or nobody's. Empty
    where that cannot be read, or /proc is that of another namespace."""
    try:
        if os.readlink("/proc/self") != str(os.getpid()):
            return ""
        with open("/proc/sys/kernel/random/boot_id", "rb", buffering=0) as file:
            boot = file.read(8).decode("ascii")
        # The link says pid:[4026531836].
        return boot + os.readlink("/proc/self/ns/pid").removeprefix("pid:[").removesuffix("]")
    except (OSError, UnicodeDecodeError):
        return ""


def own_start_ticks() -> int:
    """When this process started, in clock ticks since boot (proc(5), field 22), whatever its time
    namespace says. 0: there is no /proc here; a person in a chroot can still ask for an ESTOP."""
    try:
        with open("/proc/self/stat", "rb", buffering=0) as stat:
            return int(stat.read(1024).rpartition(b")")[2].split()[19]) - clock_offsets().boot_ticks
    except OSError:
        return 0


def _read_up_to(handle: int, hint: int, limit: int) -> bytes:
    data = os.read(handle, hint)
    chunk = data
    while chunk and len(data) < limit:
        chunk = os.read(handle, min(65_536, limit - len(data)))
        data += chunk
    return data
