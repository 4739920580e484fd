"""``ports.Engine`` for this machine: the wrapper is a process in a session of its own.

``posix_spawn`` and not ``subprocess``: its import costs 20 ms at each start of a pass, and spawn
neither copies our memory map nor runs Python code between fork and exec. Every descriptor but the
three given here is closed on exec (PEP 446), the pass lock among them.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping

from tinyscheduler.errors import StartFailed
from tinyscheduler.kit.files import FILE_MODE
from tinyscheduler.model.order import AGENT_ENV_PREFIX, LEASE_VARIABLE, Order

_PASSING = (errno.ETXTBSY, errno.EAGAIN, errno.ENOMEM)
"""Worth another try at once: the binary is being replaced, or the machine is short for a moment."""
_TRIES = 3
_PAUSE_S = 0.1


class LocalEngine:
    """Starts ``wrapper_argv`` and the order's path with the environment of this pass."""

    name = "local"

    def __init__(self, environ: Mapping[str, str], wrapper_argv: tuple[str, ...]) -> None:
        self._environ = environ
        self._argv = wrapper_argv

    def start(self, order_path: str, order: Order, extra_env: Mapping[str, str]) -> str:
        """The wrapper's pid as text. Raises StartFailed."""
        argv = [*self._argv, order_path]
        environ = {
            **self._environ,
            **{AGENT_ENV_PREFIX + name: value for name, value in extra_env.items()},
            LEASE_VARIABLE: order.tag,
        }
        try:
            return str(_spawn(argv, environ, f"{os.path.dirname(order_path)}/wrapper.log"))
        except (OSError, ValueError) as error:
            raise StartFailed(
                f"the wrapper {argv[0]} could not be started: {error}",
                hint="look at memory, the number of processes and the interpreter's path",
            ) from error


def _spawn(argv: list[str], environ: Mapping[str, str], log: str) -> int:
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (
            os.POSIX_SPAWN_OPEN,
            1,
            log,
            os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW,
            FILE_MODE,
        ),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    for tries_left in reversed(range(_TRIES)):
        try:
            return os.posix_spawn(argv[0], argv, environ, file_actions=streams, setsid=True)
        except OSError as error:
            if error.errno not in _PASSING or not tries_left:
                raise
            time.sleep(_PAUSE_S)
    raise AssertionError("the last try either returns or raises")
