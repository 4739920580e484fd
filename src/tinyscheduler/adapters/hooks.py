"""Ask a command of the operator's: JSON on its standard input, an exit status and a line for an answer.

It gets a session of its own, so that nothing of it is left when its time is up, and the few variables of
our environment that programs need to find things: it is called in the middle of a pass, which has secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.ports import HookAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from subprocess import Popen

    from tinyscheduler.model.result import Redact

PASSED_ON = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER")
"""What cron gives, and what a language and a time zone hang on."""
ANSWER_BYTES_MAX = 4_096


class CommandHooks:
    """``ports.Hooks`` by fork and exec."""

    def __init__(self, environ: Mapping[str, str], *, redact: Redact) -> None:
        self._redact = redact
        self._environ = {name: environ[name] for name in PASSED_ON if name in environ}

    def ask(self, argv: Sequence[str], question: bytes, *, timeout_s: float) -> HookAnswer:
        """See the port."""
        # Most passes ask nobody, and this import is a tenth of a pass.
        import subprocess

        try:
            with subprocess.Popen(
                list(argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environ,
                cwd="/",
                start_new_session=True,
            ) as process:
                answer = _answer(process, question, timeout_s)
        except (OSError, ValueError) as error:
            return HookAnswer(None, f"{argv[0]} cannot be run: {error}")
        return answer._replace(text=self._redact(answer.text))


def _answer(process: Popen[bytes], question: bytes, timeout_s: float) -> HookAnswer:
    import subprocess

    try:
        output, _ = process.communicate(question, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return HookAnswer(None, f"it has not answered within {timeout_s:g} s")
    finally:
        _end_session(process.pid)
    text = output[:ANSWER_BYTES_MAX].decode("utf-8", "replace").strip()
    return HookAnswer(process.returncode, text.partition("\n")[0].strip())


def _end_session(pid: int) -> None:
    """Also what it has left in the background. Its pid is not another's yet: it has not been reaped, or
    somebody of its group lives and keeps the number."""
    import os
    import signal

    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Nobody is left; or all that is left is no longer ours to end.
        return
