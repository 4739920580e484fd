"""A command ends without taking the interpreter apart, and nobody can tell from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.commands import NO_PRESSURE


def run(repo_root: Path, base: Path, *arguments: str, **streams: object) -> subprocess.CompletedProcess[str]:
    """As the launcher does."""
    program = repo_root / "src" / "tinyscheduler" / "__main__.py"
    command = [sys.executable, "-P", "-X", "utf8", str(program), *arguments]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(repo_root / "src"),
        "TINYSCHEDULER_BASE_PATH": str(base),
    }
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.run(command, env=environment, text=True, timeout=30, check=False, **given)  # type: ignore[call-overload,no-any-return]


def test_what_was_printed_is_whole_on_a_pipe(repo_root: Path, tmp_path: Path) -> None:
    """A pipe is buffered: it is the last flush that writes."""
    done = run(repo_root, tmp_path, "config", "--json")

    assert done.returncode == 0
    assert len(json.loads(done.stdout)) > 3


def test_what_was_printed_is_whole_in_a_file(repo_root: Path, tmp_path: Path) -> None:
    with open(tmp_path / "out", "w") as out:
        done = run(repo_root, tmp_path, "--help", stdout=out)

    assert done.returncode == 0
    assert (tmp_path / "out").read_text().endswith("tells more.\n")


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["nonsense"], 2), ([], 2)])
def test_the_exit_code_is_that_of_the_command(
    repo_root: Path, tmp_path: Path, arguments: list[str], code: int
) -> None:
    assert run(repo_root, tmp_path, *arguments).returncode == code


def test_an_error_is_told(repo_root: Path, tmp_path: Path) -> None:
    assert run(repo_root, tmp_path, "nonsense").stderr.startswith("tinyscheduler: there is no command")


def test_a_full_disk_is_an_error(repo_root: Path, tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = run(repo_root, tmp_path, "config", stdout=full)

    assert done.returncode == 1


def test_a_pass_leaves_its_database_closed(repo_root: Path, tmp_path: Path) -> None:
    """Side files would be what a process leaves that ends in the middle of something."""
    (tmp_path / "tinyscheduler.toml").write_text(NO_PRESSURE)
    (tmp_path / "agent-control.json").write_text(
        '[{"agentName": "a", "agentType": "dev", "maxConcurrency": 1, "command": ["true"]}]'
    )

    done = run(repo_root, tmp_path, "--agent-control", "agent-control.json", "run", "--once")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    found = {path.name for path in (tmp_path / "state").glob("tasks.db*")}
    assert found == {"tasks.db", "tasks.db.lock"}
