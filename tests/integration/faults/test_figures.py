"""The rigs' own arithmetic: which calls are points, and what the table says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.commands import ROOT
from tests.integration.faults.figures import BEGIN, END, Figures
from tests.integration.faults.trials import Tally
from tests.rigs import tools
from tests.rigs.strace import (
    Call,
    Fault,
    changes,
    failures,
    has_ended,
    has_happened,
    injecting,
    one_of_each,
    recording,
)
from tests.waiting import wait_until

BASE = Path("/b")
RECORDED = """\
execve("/usr/bin/python", [...], 0x7ffd /* 5 vars */) = 0
openat(AT_FDCWD</>, "/usr/lib/python3/os.py", O_RDONLY|O_CLOEXEC) = 3</usr/lib/python3/os.py>
openat(AT_FDCWD</>, "/b/state/running/.task_7.json.9-8-1-0c0ffee1402.tmp", O_WRONLY|O_CREAT|O_EXCL, 0600) = 3
write(3</b/state/running/.task_7.json.9-8-1-0c0ffee1402.tmp>, ""..., 10) = 10
write(1</dev/null>, ""..., 10) = 10
rename("/b/state/running/.task_7.json.9-8-1-0c0ffee1402.tmp", "/b/state/running/task_7.json") = 0
openat(AT_FDCWD</>, "/b/state/runs/task_7/1/wrapper.log", O_WRONLY|O_CREAT|O_APPEND, 0600) = 3
pwrite64(6</b/state/tasks.db-shm>, ""..., 1, 4095) = 1
write(4</b/state/journal/journal_20260102.jsonl>, ""..., 10) = 10
"""


def test_points_are_the_calls_that_change_the_house_and_are_found_again() -> None:
    """The program's own files are none, nor is shared memory; a temp file is found by its name."""
    assert changes(RECORDED, BASE) == [
        Call(
            *("openat", 1, "running/.task_N.json.tmp"),
            "/b/state/running/.task_TASK.json.WRITER-1-0c0ffee1402.tmp",
        ),
        Call("write", 1, "running/.task_N.json.tmp"),
        Call("rename", 1, "running/task_N.json"),
        Call("openat", 1, "runs/task_N/N/wrapper.log", "/b/state/runs/task_TASK/1/wrapper.log"),
        Call("write", 3, "journal/journal_N.jsonl"),
    ]


WRITES = """
import sys
from tinyscheduler.kit import files
for name in ("1", "2", "3"):
    try:
        files.replace(f"{sys.argv[1]}/task_{name}", b"x")
    except OSError as error:
        print(name, error.strerror)
"""


def test_fault_hits_the_temp_file_it_is_meant_for(tmp_path: Path) -> None:
    """Its name has the pid and the start of a process that was not there when it was recorded."""
    strace, output = tools.strace(), tmp_path / "trace"

    def write(prefix: tuple[str, ...]) -> str:
        argv = (
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); {WRITES}",
        )
        done = subprocess.run(
            [*prefix, *argv, str(tmp_path)], capture_output=True, text=True, timeout=50, check=True
        )
        wait_until(lambda: has_ended(output), "the tracer's last line")
        return done.stdout

    write(recording(strace, output))
    opens = [call for call in changes(output.read_text(), tmp_path) if call.name == "openat"]
    output.unlink()

    assert write(injecting(strace, Fault(opens[1], "error=ENOSPC"), output, "2")) == (
        "2 No space left on device\n"
    )
    assert has_happened(output)
    assert len(opens) == 3


def test_one_of_each_takes_a_temp_file_for_what_it_becomes() -> None:
    calls = [Call("write", 1, "running/.task_N.json.tmp"), Call("write", 2, "running/task_N.json")]

    assert one_of_each(calls) == calls[:1]


def test_every_error_that_a_call_may_answer_is_a_fault() -> None:
    ways = {fault.way for fault in failures([Call("write", 1, "x")])}

    assert {"error=ENOSPC", "error=EIO", "error=EDQUOT", "error=EINTR", "retval=0"} <= ways


def test_table_is_put_between_its_marks_and_sums_up(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for one in (Figures(tmp_path / "new" / "counted"), Figures(tmp_path / "new" / "counted")):
        one.add("kill", Tally(617, ("start: a fault: lost: the task is not complete",)))

    assert Figures(tmp_path / "new" / "counted").write(page)
    assert page.read_text().startswith(f"before\n{BEGIN}\n\n| fault |")
    assert "| `kill -9` at a system call | 1,234 | 2 | 0 | 0 |" in page.read_text()
    assert page.read_text().endswith(f"{END}\nafter\n")


@pytest.mark.parametrize(("text", "faults"), [("nothing\n", 1), (f"{BEGIN}\n{END}\n", 0)])
def test_page_without_the_place_or_without_figures_is_left_alone(
    tmp_path: Path, text: str, faults: int
) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    figures = Figures(tmp_path / "counted")
    for _ in range(faults):
        figures.add("kill", Tally(1, ()))

    assert not figures.write(page)
    assert page.read_text() == text
