"""``ports.Engine`` for this machine: the wrapper is a process in a session of its own.

``posix_spawn`` and not ``subprocess``: its import costs 20 ms at each start of a pass, and spawn
neither copies our memory map nor runs Python code between fork and exec. Every descriptor but the
three given here is closed on exec: Python's own are by itself (PEP 446), the pass lock among them, and
those that our caller has left to us are before the first start. Where systemd answers, it is put into a
scope of its own, so that it outlives whatever started the pass.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tinyscheduler.errors import StartFailed
from tinyscheduler.kit.files import FILE_MODE
from tinyscheduler.model.lease import AGENT_ENV_PREFIX, LEASE_VARIABLE, Rung, containment_name

if TYPE_CHECKING:
    from tinyscheduler.model.order import Order


class LocalEngine:
    """Starts ``wrapper_argv`` and the order's path with the environment of this pass."""

    name = "local"

    def __init__(
        self, environ: Mapping[str, str], wrapper_argv: tuple[str, ...], *, containment: Rung = "scope"
    ) -> None:
        self._environ = environ
        self._argv = wrapper_argv
        self.containment: Rung = containment
        self._are_scopes_refused = containment != "scope"
        self._notices: list[str] = []

    def start(self, order_path: str, order: Order, extra_env: Mapping[str, str]) -> str:
        """The wrapper's pid as text. Raises StartFailed."""
        argv = [*self._argv, order_path]
        environ = {
            **self._environ,
            **{AGENT_ENV_PREFIX + name: value for name, value in extra_env.items()},
            LEASE_VARIABLE: order.tag,
        }
        log = f"{os.path.dirname(order_path)}/wrapper.log"
        try:
            pid = self._start_in_scope(argv, environ, log)
            return str(_spawn(argv, environ, log) if pid is None else pid)
        except (OSError, ValueError) as error:
            raise StartFailed(
                f"the wrapper {argv[0]} could not be started: {error}",
                hint="look at memory, the number of processes and the interpreter's path",
            ) from error

    def notices(self) -> Sequence[str]:
        """Each thing once."""
        told, self._notices = self._notices, []
        return told

    def _start_in_scope(self, argv: list[str], environ: Mapping[str, str], log: str) -> int | None:
        """The wrapper's pid; None: it is to be started without one. Raises OSError."""
        if self._are_scopes_refused:
            return None
        from tinyscheduler.adapters.engines import systemd_scope

        uid = os.geteuid()
        prefix = None
        if systemd_scope.is_managed(uid):
            name = containment_name(environ[LEASE_VARIABLE])
            prefix = systemd_scope.scope_prefix(name, environ, uid)
        if prefix is None:
            self._are_scopes_refused = True
            return None
        words, missing = prefix
        pid = _spawn([*words, *argv], {**environ, **missing}, log)
        if systemd_scope.has_become_the_wrapper(pid, words[0]):
            return pid
        self._are_scopes_refused = True
        self._notices.append(
            f"systemd-run made no scope, so agents of this pass share the fate of what started it: see {log}"
        )
        return None


def _spawn(argv: list[str], environ: Mapping[str, str], log: str) -> int:
    from tinyscheduler.kit.spawning import keep_descriptors, patiently

    keep_descriptors()
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
    return patiently(lambda: os.posix_spawn(argv[0], argv, environ, file_actions=streams, setsid=True))
