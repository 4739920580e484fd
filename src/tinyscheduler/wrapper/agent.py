"""Start the agent and learn how it ended.

``posix_spawn``: no Python code runs between fork and exec, no page of ours is copied, no shell is
asked (law 11). The agent leads a session of its own, has no descriptor of ours, every signal as the
system delivers it, and of the environment what its order names.
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Mapping
from typing import NamedTuple

from tinyscheduler.kit.spawning import patiently
from tinyscheduler.model.lease import AGENT_ENV_PREFIX, LEASE_VARIABLE
from tinyscheduler.model.order import Order

_FIXED = (signal.SIGKILL, signal.SIGSTOP)
"""Their disposition cannot be set (signal(7))."""


class CannotStart(Exception):
    """There is no agent; the text says why, for people."""


class Exit(NamedTuple):
    """How the agent's own process ended; exactly one is not None."""

    code: int | None
    signal: int | None


class AgentProcess(NamedTuple):
    """A child of this process, not to be reaped before its tree is gone: as long as it is a zombie
    its pid, group and session cannot be given to a stranger."""

    pid: int
    output: int
    """Read end of the pipe that is its standard output and error; does not block."""

    def poll(self) -> Exit | None:
        """None: it runs. Leaves it unreaped."""
        found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if found is None:
            return None
        if found.si_code == os.CLD_EXITED:
            return Exit(found.si_status, None)
        return Exit(None, found.si_status)

    def reap(self) -> None:
        """Give the pid back to the system."""
        os.waitpid(self.pid, 0)


def reap_others(agent_pid: int | None) -> None:
    """Processes that had lost their parent and became ours, once they have ended. The agent, once it
    has ended, stands in front of those that end after it: they wait until it is reaped."""
    while True:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        except ChildProcessError:
            return
        if found is None or found.si_pid == agent_pid:
            return
        os.waitpid(found.si_pid, 0)


def agent_environment(order: Order, environ: Mapping[str, str]) -> dict[str, str]:
    """The names of the order, each from the values meant for the agent alone if it is there; the tag."""
    found: dict[str, str] = {}
    for name in order.env_names:
        value = environ.get(AGENT_ENV_PREFIX + name, environ.get(name))
        if value is not None:
            found[name] = value
    if "PWD" in found:
        # That of the pass is somewhere else, and shells believe it.
        found["PWD"] = order.cwd
    found[LEASE_VARIABLE] = order.tag
    return found


def start_agent(order: Order, environ: Mapping[str, str]) -> AgentProcess:
    """Raises CannotStart."""
    try:
        stdin = _open_stdin(order)
    except OSError as error:
        raise CannotStart(f"the prompt {order.prompt_file} cannot be read: {error.strerror}") from error
    try:
        return _start_with(stdin, order, environ)
    except OSError as error:
        raise CannotStart(f"this process lacks what a start needs: {error.strerror}") from error
    finally:
        os.close(stdin)


def _open_stdin(order: Order) -> int:
    path = order.prompt_file if order.stdin == "prompt" else os.devnull
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)


def _start_with(stdin: int, order: Order, environ: Mapping[str, str]) -> AgentProcess:
    output, agents_end = os.pipe2(os.O_CLOEXEC)
    try:
        os.set_blocking(output, False)
        pid = _spawn_in(order, environ, ((stdin, 0), (agents_end, 1), (agents_end, 2)))
    except BaseException:
        os.close(output)
        raise
    finally:
        os.close(agents_end)
    return AgentProcess(pid, output)


def _spawn_in(order: Order, environ: Mapping[str, str], streams: tuple[tuple[int, int], ...]) -> int:
    """In the agent's folder, and back: this process must not hold a workspace that is to be removed."""
    # O_PATH: cron may have put us into a folder that we may pass through but not read.
    here = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            os.chdir(order.cwd)
        except OSError as error:
            raise CannotStart(f"its folder {order.cwd} cannot be entered: {error.strerror}") from error
        return _spawn(order.argv, environ, streams)
    finally:
        _go_back(here)


def _go_back(here: int) -> None:
    try:
        os.fchdir(here)
    except OSError:
        # The agent's start must not fail for our sake; what we become knows its places by full path.
        os.chdir("/")
    finally:
        os.close(here)


def _spawn(argv: tuple[str, ...], environ: Mapping[str, str], streams: tuple[tuple[int, int], ...]) -> int:
    program = _find(argv[0], environ)
    actions: list[tuple[int, ...]] = [(os.POSIX_SPAWN_DUP2, ours, theirs) for ours, theirs in streams]
    actions += [(os.POSIX_SPAWN_CLOSE, handle) for handle in _inheritable()]

    def spawn() -> int:
        return os.posix_spawn(
            program, argv, environ,
            file_actions=actions, setsid=True, setsigmask=(), setsigdef=_resettable(),
        )  # fmt: skip

    try:
        return patiently(spawn)
    except OSError as error:
        raise CannotStart(_why_not(argv[0], program, error)) from error


def _find(name: str, environ: Mapping[str, str]) -> str:
    """In the PATH of the agent, which need not be ours: posix_spawnp would look in ours."""
    if "/" in name:
        return name
    searched = environ.get("PATH") or os.defpath
    for folder in searched.split(os.pathsep):
        path = os.path.join(folder or ".", name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise CannotStart(f"there is no program {name} in PATH ({searched})")


def _inheritable() -> list[int]:
    """Descriptors beyond the standard ones that somebody left open for whatever we start."""
    return [handle for handle in map(int, os.listdir("/proc/self/fd")) if handle > 2 and _leaks(handle)]


def _leaks(handle: int) -> bool:
    try:
        return os.get_inheritable(handle)
    except OSError:
        # The one with which the folder was listed; it is closed by now.
        return False


def _resettable() -> list[int]:
    """Python ignores SIGPIPE and SIGXFSZ, and who started us may ignore more; exec would hand it on."""
    return [number for number in signal.valid_signals() if number not in _FIXED]


def _why_not(name: str, program: str, error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.errno == errno.ENOENT and os.path.exists(program):
        reason = "the interpreter in its first line does not exist"
    elif error.errno == errno.ENOEXEC:
        reason = "it is neither a program of this machine nor a script with a #! line"
    return f"{name} cannot be executed: {reason}"
