"""Kill or fail a process at its n-th system call of a kind, with Debian's ``strace``.

First a clean run is recorded, which gives the calls that change the state of the world in their order;
each of them is a ``Call``. Then the same run is done again with one fault at one of them. strace counts the
calls of each name from the exec on, so a call is named by (name, number). Files are opened by the hundred,
and how many depends on how busy the machine is; those calls are counted among the opens of one path. A temp
file is aimed at by its name too, which ``_UNDER`` knows before the program does.

A process that is killed on entry of a call has not made it. Killing at every call in turn therefore
leaves each of the states that a process can leave, and the last one is the process that ended well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

CHANGING = (
    "openat",
    "write",
    "pwrite64",
    "rename",
    "renameat2",
    "link",
    "unlink",
    "mkdir",
    "rmdir",
    "fsync",
    "fdatasync",
    "ftruncate",
    "utimensat",
    "clone3",
    "vfork",
    "execve",
    "sendto",
    "kill",
    "pidfd_send_signal",
)
"""Calls that change files, processes or what a peer knows."""
EVERYWHERE = ("clone3", "vfork", "execve", "sendto", "kill", "pidfd_send_signal")
"""These name no path; they count wherever they lead."""
TASK = "task_TASK"
WRITER = "WRITER"
"""Pid and start of the program, which ``kit.files`` puts into the names of temp files."""
_UNDER = f"""
tag=${{TINYSCHEDULER_LEASE-}} writer=$$-$(cut -d ' ' -f 22 /proc/$$/stat) tracer=$1 path=$2
unset TINYSCHEDULER_LEASE
shift 2
case $path in *{WRITER}*) path=${{path%{WRITER}*}}$writer${{path##*{WRITER}}} ;; esac
[ -z "$path" ] || set -- -P "$path" "$@"
[ -z "$tag" ] || set -- -E "TINYSCHEDULER_LEASE=$tag" "$@"
exec "$tracer" -DDD "$@"
"""
"""-DDD: the tracer is a grandchild in a session of its own, so the program is the process that this shell
was, with its pid and start. Without the tag a tracer is no part of a run, whose end would end it too."""
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)")
_WRITER = re.compile(r"\.\d+-\d+-(\d+-\w*\.tmp)$")
_PATH = re.compile(r'"(/[^"]*)"|<(/[^>]*)>')


class Call(NamedTuple):
    """One call of a recorded run that changes something."""

    name: str
    number: int
    """Which of the calls of this name; 1 is the first."""
    kind: str
    """The path with its accidents taken away: ``running/task_N.json``; "" for calls without one."""
    path: str = ""
    """Only calls on this path are counted; "" for all of the name. ``TASK`` in it is the task's id,
    ``WRITER`` who has made a temp file."""

    def file(self) -> str:
        """The kind without what matters little: a temp file is what it becomes, and all that is appended to
        is one thing."""
        folder, _, name = self.kind.rpartition("/")
        plain = f"{folder}/{name.removesuffix('.tmp').lstrip('.')}".strip("/")
        return "appended" if plain.endswith((".jsonl", ".log")) else plain

    def sort(self) -> tuple[str, str]:
        """The same for every call of this name on this kind of file."""
        return self.name, self.file()

    def __str__(self) -> str:
        return f"{self.name}[{self.number}] {self.kind}".rstrip()


class Fault(NamedTuple):
    """What to do at one call."""

    call: Call
    way: str
    """As strace has it after the name of the call: ``signal=KILL``, ``error=ENOSPC``, ``retval=0``."""

    def __str__(self) -> str:
        return f"{self.way} at {self.call}"


def recording(strace: str, output: Path) -> tuple[str, ...]:
    """A prefix that writes down the calls of the program; its children are not followed. ``has_ended`` tells
    when all of them are in ``output``."""
    return _under(strace, output, "-y", "-e", f"trace={','.join(CHANGING)}")


def injecting(strace: str, fault: Fault, output: Path, task_id: str) -> tuple[str, ...]:
    """A prefix under which the fault happens, once; ``has_happened`` reads ``output``."""
    call = fault.call
    inject = f"inject={call.name}:{fault.way}:when={call.number}"
    path = call.path.replace(TASK, f"task_{task_id}")
    return _under(strace, output, "-e", f"trace={call.name}", "-e", inject, path=path)


def _under(strace: str, output: Path, *options: str, path: str = "") -> tuple[str, ...]:
    shell = ("/bin/sh", "-c", _UNDER, "sh", strace, path)
    return (*shell, "-q", "-s", "0", "-o", str(output), *options)


def has_ended(output: Path) -> bool:
    """The tracer, which ends a little later than its program."""
    lines = output.read_text().splitlines() if output.exists() else []
    return bool(lines) and lines[-1].startswith("+++ ")


def has_happened(output: Path) -> bool:
    """A run is not the same each time; a fault at a call that it did not make proves nothing."""
    text = output.read_text() if output.exists() else ""
    return "(INJECTED)" in text or "+++ killed by SIGKILL" in text


def changes(recorded: str, base: Path) -> list[Call]:
    """The calls that changed something below ``base``, or that left this process."""
    counts: dict[str, int] = {}
    found = []
    for line in recorded.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        name, rest = match.groups()
        counts[name] = counts.get(name, 0) + 1
        opened = _opened(rest) if name == "openat" else ""
        counts[opened] = counts.get(opened, 0) + 1
        # The first exec is the tracer's own.
        if not _is_change(name, rest, base) or (name, counts[name]) == ("execve", 1):
            continue
        path = re.sub(r"task_\d+", TASK, opened)
        found.append(Call(name, counts[opened or name], _kind(rest, base), path))
    return found


def _opened(rest: str) -> str:
    match = re.search(r'"([^"]*)"', rest)
    return _WRITER.sub(rf".{WRITER}-\1", match[1]) if match else ""


def one_of_each(calls: Iterable[Call]) -> list[Call]:
    """The first call of every name on every kind of file."""
    found: dict[tuple[str, str], Call] = {}
    for call in calls:
        found.setdefault(call.sort(), call)
    return list(found.values())


def kills(calls: Iterable[Call]) -> list[Fault]:
    """``kill -9`` at each of them."""
    return [Fault(call, "signal=KILL") for call in calls]


FAILURES = {
    "openat": ("ENOSPC", "EIO", "EMFILE", "EROFS"),
    "write": ("ENOSPC", "EIO", "EINTR", "EDQUOT"),
    "pwrite64": ("ENOSPC", "EIO", "EINTR"),
    "fsync": ("EIO", "ENOSPC", "EINTR"),
    "fdatasync": ("EIO", "ENOSPC"),
    "rename": ("ENOSPC", "EIO"),
    "renameat2": ("EINVAL", "EIO"),
    "link": ("ENOSPC", "EMLINK"),
    "unlink": ("EIO", "EROFS"),
    "mkdir": ("ENOSPC", "EDQUOT"),
    "ftruncate": ("EIO",),
    "utimensat": ("EROFS",),
    "clone3": ("EAGAIN", "ENOMEM"),
    "vfork": ("EAGAIN",),
    "sendto": ("ECONNRESET", "EINTR"),
    "pidfd_send_signal": ("EPERM",),
    "kill": ("EPERM",),
}
"""What these calls may answer by their manual pages. An exec that fails is the agent's own matter."""


def failures(calls: Iterable[Call]) -> list[Fault]:
    """Each error that each of them may answer with, and a kernel that takes no byte."""
    found = []
    for call in calls:
        found += [Fault(call, f"error={error}") for error in FAILURES.get(call.name, ())]
        if call.name in ("write", "pwrite64"):
            found.append(Fault(call, "retval=0"))
    return found


def _is_change(name: str, rest: str, base: Path) -> bool:
    if name in EVERYWHERE:
        return True
    if (name == "openat" and "O_CREAT" not in rest) or ".db-shm" in rest:
        # The second is SQLite's shared memory, which nothing is lost with.
        return False
    return f"{base}/" in rest or f"{base}>" in rest


def _kind(rest: str, base: Path) -> str:
    """Of the last path in the arguments: where a rename or link leads."""
    paths = [quoted or known for quoted, known in _PATH.findall(rest)]
    inside = [f"{path}/".removeprefix(f"{base}/state/") for path in paths if path.startswith(f"{base}/")]
    if not inside:
        return ""
    plain = re.sub(r"\.\d+-\d+-\d+-\w*\.tmp", ".tmp", inside[-1].strip("/"))
    return re.sub(r"[0-9a-f]{8,}|\d+", "N", plain) or "."
