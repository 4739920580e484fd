"""Commands of the operator's: asked, limited in time, without our secrets, and gone afterwards (D18)."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from tests.waiting import wait_until
from tinyscheduler.adapters.gauge import ProcGauge
from tinyscheduler.adapters.hooks import CommandHooks
from tinyscheduler.model.machine import MachineState
from tinyscheduler.ports import HookAnswer

HOOKS = CommandHooks(
    {"PATH": "/usr/bin:/bin", "TOKEN": "secret"}, redact=lambda text: text.replace("pw", "***")
)


def is_gone(pid: int) -> bool:
    return not os.path.exists(f"/proc/{pid}/exe")


def ask(script: str, question: bytes = b"", *, timeout_s: float = 10) -> HookAnswer:
    return HOOKS.ask(["/bin/sh", "-c", script], question, timeout_s=timeout_s)


def test_answer_is_the_exit_status_and_the_first_line() -> None:
    assert ask("echo one; echo two; exit 3") == (3, "one", True)
    assert ask("exit 0") == (0, "", True)


def test_question_comes_on_standard_input_and_need_not_be_read() -> None:
    assert ask("cat", b'{"task_id": 7}') == (0, '{"task_id": 7}', True)
    assert ask("exit 1", b"x" * 1_000_000) == (1, "", True)
    assert ask("wc -c", b"x" * 1_000_000) == (0, "1000000", True)


def test_secrets_are_neither_handed_over_nor_come_back() -> None:
    assert ask('echo "${TOKEN-none}"').text == "none"
    assert ask("echo pw").text == "***"


@pytest.mark.parametrize("program", ["/nowhere/hook", "/etc/passwd", "/etc"])
def test_what_cannot_be_run_is_no_answer(program: str) -> None:
    answer = HOOKS.ask([program], b"", timeout_s=10)

    assert (answer.code, answer.is_begun) == (None, False)
    assert program in answer.text


def test_silence_is_ended_with_all_its_children(tmp_path: Path) -> None:
    began = time.monotonic()

    answer = ask(f"sleep 60 & echo $! >{tmp_path}/pid; trap '' TERM; sleep 60", timeout_s=0.5)

    assert answer == (None, "it has not answered within 0.5 s", True)
    assert time.monotonic() - began < 30
    child = int((tmp_path / "pid").read_text())
    wait_until(lambda: not os.path.exists(f"/proc/{child}/exe"), "its child is gone")


def test_child_that_keeps_the_pipe_open_or_floods_it_is_no_reason_to_wait(tmp_path: Path) -> None:
    for idle in ("sleep 60", "yes"):
        answer = ask(f"echo no; {idle} & echo $! >{tmp_path}/pid; exit 1", timeout_s=30)

        assert answer == (1, "no", True)
        wait_until(partial(is_gone, int((tmp_path / "pid").read_text())), "its child is gone")


def test_daemon_of_a_session_of_its_own_is_nobodys_business(tmp_path: Path) -> None:
    """Whoever calls setsid(1) wants it to stay; it keeps the output open all the same."""
    daemon = f"setsid sh -c 'echo $$ >{tmp_path}/pid; exec sleep 60' &"
    answer = ask(f"echo yes; {daemon} until [ -s {tmp_path}/pid ]; do sleep 0.05; done", timeout_s=30)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)

    assert answer == (0, "yes", True)


def test_megabytes_are_read_and_not_kept() -> None:
    assert ask("echo first; head -c 20000000 /dev/zero; exit 4") == (4, "first", True)
    assert len(ask("head -c 3000000 /dev/urandom | tr -d '\\n'; exit 4").text) <= 4_096


def test_flood_that_does_not_end_is_ended() -> None:
    assert ask("exec yes", timeout_s=0.5) == (None, "it has not answered within 0.5 s", True)


def test_end_by_a_signal_is_no_answer() -> None:
    assert ask("echo no; kill -SEGV $$") == (None, "it was ended by signal 11", True)


def test_gauge_reads_this_machine() -> None:
    found = ProcGauge().read()

    assert found.cores
    assert found.load is not None
    assert found.memory_mb
    assert found.free_memory_mb is not None
    assert 0 < found.free_memory_mb <= found.memory_mb


def test_gauge_that_finds_nothing_knows_nothing(tmp_path: Path) -> None:
    (tmp_path / "loadavg").write_text("much\n")
    (tmp_path / "meminfo").write_text("MemTotal: lots kB\nrubbish\n\nMemAvailable: 2000000 kB\n")

    found = ProcGauge(str(tmp_path)).read()

    assert found == MachineState(cores=found.cores, free_memory_mb=2_048)
    assert ProcGauge("/nowhere").read() == MachineState(cores=found.cores)
