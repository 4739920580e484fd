"""Slips of the pen on the command line are named, with what to write instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tinyscheduler.cli.app import main


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--max-par", "3", "run"), 2, "there is no option --max-par (did you mean --max-parallel?)"),
        (("--mcp-endpoint",), 2, "--mcp-endpoint needs a value"),
        (("stauts",), 2, "did you mean status?"),
        (("logs", "999"), 4, "task list --all"),
        (("task", "show", "999"), 4, "task list --all"),
        (("task", "add", "x", "--blocked-by", "foo"), 4, "--blocked-by"),
        (("task", "add", "x", "--blocked-by", "a b"), 4, "--blocked-by"),
        (("task", "update", "1", "--blocked-by", "1"), 4, "a task cannot wait for itself (--blocked-by ''"),
    ],
)
def test_slip_is_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    monkeypatch.setenv("TINYSCHEDULER_BASE_PATH", str(tmp_path))

    assert main(arguments) == code

    shown = capsys.readouterr()
    assert says in shown.err
    assert (shown.out, len(shown.err.splitlines())) == ("", 1)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--blocked-by", "foo"), "--blocked-by: "),
        (("--parent", "foo"), "--parent: "),
        (("--parent", "x" * 64), "--parent: "),
        (("--parent", "foo", "--blocked-by", "bar"), "--parent: "),
        (("--blocked-by", "1"), "a task cannot wait for itself"),
    ],
)
def test_an_update_names_the_option_whose_task_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], named: str
) -> None:
    assert main(["task", "--base-path", str(tmp_path), "add", "title", "--queue", "dev"]) == 0
    capsys.readouterr()

    code = main(["task", "--base-path", str(tmp_path), "update", "1", *options])

    shown = capsys.readouterr()
    assert (code, shown.out) == (4, "")
    assert f"tinyscheduler: {named}" in shown.err


def test_an_update_of_a_task_that_is_not_there_blames_no_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["task", "--base-path", str(tmp_path), "update", "99", "--blocked-by", "9"])

    assert code == 4
    assert "Task not found: 99" in capsys.readouterr().err.replace("--blocked-by", "")


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        ((), "no queue and no agent"),
        (("--queue", "dve"), "did you mean dev? tinyscheduler task update 1 --queue dev"),
        (
            ("--queue", "other"),
            "no enabled agent serves queue 'other'; tinyscheduler task update 1 --queue NAME",
        ),
        (("--assign", "dev1"), "did you mean dev-1? tinyscheduler task update 1 --assign dev-1"),
        (("--queue", "dev"), ""),
        (("--assign", "dev-1"), ""),
    ],
)
def test_task_that_nobody_would_start_is_made_and_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], note: str
) -> None:
    agent = {"agentName": "dev-1", "agentType": "dev", "maxConcurrency": 1, "command": ["true"]}
    (tmp_path / "agent-control.json").write_text(json.dumps([agent]))

    code = main(["task", "--base-path", str(tmp_path), "add", "title", *arguments])

    shown = capsys.readouterr()
    assert (code, shown.out) == (0, "1\n")
    assert note in shown.err
    assert len(shown.err.splitlines()) == bool(note)


def test_who_has_no_agents_is_told_that_nothing_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYSCHEDULER_BASE_PATH", str(tmp_path))

    assert main(["task", "add", "a", "--queue", "dev"]) == 0

    told = f"there are no agents, so nothing is started; name some in {tmp_path}/agent-control.json"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "a", "b"), "b (a text of several words needs quotes; tinyscheduler task add --help)"),
        (("add", "x", "--prio", "3"), "unrecognized arguments: --prio 3 (tinyscheduler task add --help)"),
    ],
)
def test_what_is_left_over_is_told_with_the_page_of_its_action(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert main(["task", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_who_waits_for_what_was_archived_undone_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYSCHEDULER_BASE_PATH", str(tmp_path))
    for arguments in (("add", "a", "--queue", "dev"), ("archive", "1")):
        assert main(["task", *arguments]) == 0
    capsys.readouterr()

    assert main(["task", "add", "b", "--queue", "dev", "--blocked-by", "1"]) == 0

    told = "task 2 waits for task 1, which was archived without being complete, so it never starts"
    assert told in capsys.readouterr().err


def test_graph_of_a_complete_task_says_that_it_is_complete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYSCHEDULER_BASE_PATH", str(tmp_path))
    for arguments in (("add", "a", "--queue", "dev"), ("done", "1")):
        assert main(["task", *arguments]) == 0
    capsys.readouterr()

    assert main(["graph", "1"]) == 4
    assert "task 1 is complete, and no task waits for it" in capsys.readouterr().err
    assert main(["graph", "2"]) == 4
    assert "task 2 is in no list of ours" in capsys.readouterr().err


def test_overview_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_half_of_a_command_is_told_the_other_half(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "plan.md"]) == 2

    assert "did you mean tinyscheduler task import?" in capsys.readouterr().err


def test_tasks_of_mine_are_told_whose_they_are_where_no_agent_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TKO_AGENT", raising=False)
    monkeypatch.setenv("TINYSCHEDULER_BASE_PATH", str(tmp_path))

    assert main(["task", "list", "--mine"]) == 0
    assert "note: TKO_AGENT is not set, so these are the tasks of " in capsys.readouterr().err

    monkeypatch.setenv("TKO_AGENT", "dev-1")
    assert main(["task", "list", "--mine"]) == 0
    assert "TKO_AGENT" not in capsys.readouterr().err


def test_preview_of_an_import_says_what_means_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is made it may start already."""
    monkeypatch.setenv("TINYSCHEDULER_BASE_PATH", str(tmp_path))
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([{"title": "a", "queue": "dev", "description": "---\naproval: true\n---\n"}]))

    assert main(["task", "import", str(plan), "--dry-run"]) == 0

    told = "item [0]: its front matter has a key aproval: is approval meant?"
    assert told in capsys.readouterr().err
