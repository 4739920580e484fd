"""``tinyscheduler serve`` where it does not begin to serve: one line, and an exit code."""

import socket
import subprocess
from pathlib import Path

import pytest

from tests.contract.task_server.serving import START_TIMEOUT_S, command, environment


def ended(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        env=environment(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=START_TIMEOUT_S,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_a_port_in_use_is_one_line_and_exit_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        found = ended(tmp_path, "--port", port)

    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (1, "", 1)
    assert f"port {port} on 127.0.0.1 is in use" in found.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_addresses_that_others_can_reach_are_refused(tmp_path: Path, host: str) -> None:
    """There is no password yet, and whoever reaches the port can do everything."""
    found = ended(tmp_path, "--host", host, "--port", "0")

    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)
    assert "only loopback addresses are served" in found.stderr


@pytest.mark.parametrize("port", ["-1", "65536", "http", "1.5"])
def test_what_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    found = ended(tmp_path, f"--port={port}")

    assert found.returncode == 2
    assert "is not a port" in found.stderr


def test_a_file_that_is_no_database_is_one_line_and_exit_1(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "tasks.db").write_bytes(b"not a database" * 1000)

    found = ended(tmp_path, "--port", "0")

    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (1, "", 1)
    assert "this is not a task database" in found.stderr


def test_help_shows_examples(tmp_path: Path) -> None:
    found = ended(tmp_path, "--help")

    assert (found.returncode, found.stderr) == (0, "")
    assert "tinyscheduler serve --port 3100" in found.stdout


@pytest.mark.parametrize(
    "option",
    [
        ("--port", "4000"),
        ("--host", "127.0.0.1"),
        ("--token-file", "token"),
        ("--allow-host", "tasks.example"),
    ],
)
def test_what_means_nothing_to_stdio_is_refused(tmp_path: Path, option: tuple[str, str]) -> None:
    """A token that nobody is asked for is worse than none."""
    found = ended(tmp_path, "--stdio", *option)

    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)
    assert f"--stdio listens nowhere, so {option[0]} means nothing" in found.stderr


@pytest.mark.parametrize("how", [("--port", "0"), ("--stdio",)])
def test_beside_a_folder_of_tasks_no_other_store_is_served(tmp_path: Path, how: tuple[str, ...]) -> None:
    """Clients would read an empty list, and write tasks that no pass ever sees."""
    (tmp_path / "tasks").mkdir()

    found = ended(tmp_path, *how, "--task-folder", "tasks")

    assert (found.returncode, found.stdout, found.stderr.count("\n")) == (2, "", 1)
    assert f"the tasks are Markdown files in {tmp_path / 'tasks'}" in found.stderr
    assert not (tmp_path / "state" / "tasks.db").exists()
