"""Ask a command of the operator's: JSON on its standard input, an exit status and a line for an answer.

It gets a session of its own, so that nothing of it is left when its time is up, and the few variables of
our environment that programs need to find things: it is called in the middle of a pass, which has secrets.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from tinyscheduler.kit import files
from tinyscheduler.ports import HookAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from subprocess import Popen

    from tinyscheduler.model.result import Redact

PASSED_ON = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER")
"""What cron gives, and what a language and a time zone hang on."""
ANSWER_BYTES_MAX = 4_096
PIPE_BYTES = 65_536
END_S = 1.0
"""For the kernel to end what was killed. What hangs in a driver stays, and keeps no pass waiting."""


class CommandHooks:
    """``ports.Hooks`` by fork and exec."""

    def __init__(self, environ: Mapping[str, str], *, redact: Redact) -> None:
        self._redact = redact
        self._environ = {name: environ[name] for name in PASSED_ON if name in environ}

    def ask(self, argv: Sequence[str], question: bytes, *, timeout_s: float) -> HookAnswer:
        """See the port."""
        try:
            process = self._begin(argv, question)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            return HookAnswer(None, f"{argv[0]} cannot be run: {why}", is_begun=False)
        try:
            answer = _answer(process, time.monotonic() + timeout_s)
        finally:
            _end(process)
        if answer is None:
            return HookAnswer(None, f"it has not answered within {timeout_s:g} s")
        if process.returncode is None or process.returncode < 0:
            return HookAnswer(None, f"it was ended by signal {-(process.returncode or 0)}")
        text = answer.decode("utf-8", "replace").strip().partition("\n")[0].strip()
        return HookAnswer(process.returncode, self._redact(text))

    def _begin(self, argv: Sequence[str], question: bytes) -> Popen[bytes]:
        """Raises OSError, ValueError."""
        # Most passes ask nobody, and this import is a tenth of a pass.
        import subprocess

        # A file and no pipe: whether and when the command reads it is its own matter.
        asked = os.memfd_create("question")
        try:
            files.write_all(asked, question)
            os.lseek(asked, 0, os.SEEK_SET)
            return subprocess.Popen(
                list(argv),
                stdin=asked,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environ,
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(asked)


def _answer(process: Popen[bytes], deadline: float) -> bytes | None:
    """The beginning of what it has printed by its end; None: time is up. Whether somebody it has started
    keeps its output open is no matter."""
    import select

    assert process.stdout is not None, "it was started with a pipe"
    output, end = process.stdout.fileno(), os.pidfd_open(process.pid)
    os.set_blocking(output, False)
    poll, text = select.poll(), b""
    poll.register(output, select.POLLIN)
    poll.register(end, select.POLLIN)
    try:
        while (left_s := deadline - time.monotonic()) > 0:
            ready = dict(poll.poll(left_s * 1000))
            # All of it is read, so that it never waits for us; little of it is kept.
            chunk = _read(output)
            text = (text + (chunk or b""))[:ANSWER_BYTES_MAX]
            if end in ready:
                return text
            if chunk == b"":
                poll.unregister(output)
    finally:
        os.close(end)
    return None


def _read(output: int) -> bytes | None:
    """As much as a pipe holds. None: nothing just now; empty: nobody has it open any more."""
    try:
        return os.read(output, PIPE_BYTES)
    except BlockingIOError:
        return None


def _end(process: Popen[bytes]) -> None:
    """With what it has left in the background. Its pid is not another's yet: it has not been reaped, or
    somebody of its group lives and keeps the number."""
    import signal
    import subprocess
    from contextlib import suppress

    # Nobody is left; or all that is left is no longer ours to end.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    assert process.stdout is not None, "it was started with a pipe"
    process.stdout.close()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        # Init reaps it when we have left.
        return
