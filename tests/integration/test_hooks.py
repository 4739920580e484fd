"""Commands of the operator's: asked, limited in time, without our secrets, and gone afterwards (D18)."""

from __future__ import annotations

import os
import time
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


def ask(script: str, question: bytes = b"", *, timeout_s: float = 10) -> HookAnswer:
    return HOOKS.ask(["/bin/sh", "-c", script], question, timeout_s=timeout_s)


def test_answer_is_the_exit_status_and_the_first_line() -> None:
    assert ask("echo one; echo two; exit 3") == (3, "one")
    assert ask("exit 0") == (0, "")


def test_question_comes_on_standard_input_and_need_not_be_read() -> None:
    assert ask("cat", b'{"task_id": 7}') == (0, '{"task_id": 7}')
    assert ask("exit 1", b"x" * 1_000_000) == (1, "")


def test_secrets_are_neither_handed_over_nor_come_back() -> None:
    assert ask('echo "${TOKEN-none}"').text == "none"
    assert ask("echo pw").text == "***"


@pytest.mark.parametrize("program", ["/nowhere/hook", "/etc/passwd", "/etc"])
def test_what_cannot_be_run_is_no_answer(program: str) -> None:
    answer = HOOKS.ask([program], b"", timeout_s=10)

    assert answer.code is None
    assert program in answer.text


def test_silence_is_ended_with_all_its_children(tmp_path: Path) -> None:
    began = time.monotonic()

    answer = ask(f"sleep 60 & echo $! >{tmp_path}/pid; trap '' TERM; sleep 60", timeout_s=0.5)

    assert answer == (None, "it has not answered within 0.5 s")
    assert time.monotonic() - began < 30
    child = int((tmp_path / "pid").read_text())
    wait_until(lambda: not os.path.exists(f"/proc/{child}/exe"), "its child is gone")


def test_child_that_keeps_the_pipe_open_is_no_reason_to_wait_longer_than_the_limit(tmp_path: Path) -> None:
    answer = ask(f"sleep 60 & echo $! >{tmp_path}/pid; echo no; exit 1", timeout_s=1)

    assert answer.code in (None, 1)
    child = int((tmp_path / "pid").read_text())
    wait_until(lambda: not os.path.exists(f"/proc/{child}/exe"), "its child is gone")


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
