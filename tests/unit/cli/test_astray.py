"""Who misspells where the tasks are is told by the command that goes to the wrong place."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tinyscheduler.cli.app import main


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TINYSCHEDULER_BASE_PATH", str(tmp_path))
    (tmp_path / ".env").write_text("TINYSCHEDULER_MCP_ENDPONT=http://127.0.0.1:3777/mcp\n")
    return tmp_path


class Terminal(io.StringIO):
    """Somebody looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("arguments", [("add", "lands where?"), ("list",)])
def test_task_says_that_the_name_of_the_server_is_misspelt(
    base: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """A fresh store takes the task without a word, and the server never hears of it."""
    assert main(("task", *arguments)) == 0

    told = (
        f"tinyscheduler: note: TINYSCHEDULER_MCP_ENDPONT in {base}/.env is not a setting, "
        "did you mean TINYSCHEDULER_MCP_ENDPOINT?\n"
    )
    assert capsys.readouterr().err.startswith(told)


def test_pass_says_it_to_a_person_and_not_to_cron_each_minute(
    base: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(("run", "--dry-run")) == 0
    assert "did you mean TINYSCHEDULER_MCP_ENDPOINT?" in capsys.readouterr().err

    assert main(("run", "--once")) == 0
    assert "TINYSCHEDULER_MCP_ENDPONT" not in capsys.readouterr().err

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert main(("run", "--once")) == 0
    assert "did you mean TINYSCHEDULER_MCP_ENDPOINT?" in terminal.getvalue()


def test_slip_in_a_setting_of_how_is_left_to_status(base: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (base / ".env").write_text("TINYSCHEDULER_MAX_PARALEL=3\n")

    assert main(("task", "list")) == 0

    assert "PARALEL" not in capsys.readouterr().err
