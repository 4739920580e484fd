"""What cannot be meant is refused before anything is sent; names are checked before they are used."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tinyscheduler.cli.app import main
from tinyscheduler.cli.names import name_of, name_or_empty, task_id_of
from tinyscheduler.errors import Refused, UsageError


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", ""),
        ("add", "   "),
        ("add", "x" * 501),
        ("add", "t", "--queue", "a/../b"),
        ("add", "t", "--queue", "null"),
        ("add", "t", "--assign", "two words"),
        ("add", "t", "--assign", "ü"),
        ("add", "t", "--priority", "high"),
        ("add", "t", "--priority", "nan"),
        ("add", "t", "--priority", "1e300"),
        ("add", "t", "--tag", "a\nb"),
        ("add", "t", "--tag", " "),
        ("add", "t", "--description", "x" * 90_001),
        ("add", "t", "--description", "a", "--stdin"),
        ("add", "\udcff"),
        ("update", "1"),
        ("update", "1", "--status", "done"),
        ("update", "1", "--blocked-by", "2", "--blocked-by", "3"),
        ("update", "1", "--comment", " "),
        ("update", "1", "2"),
        ("update", "--title", "x"),
        ("add",),
        ("add", "--stdin"),
        ("add", "t", "--lines"),
        ("add", "--lines", "--stdin"),
        ("comment", "1"),
        ("comment", "1", " "),
        ("comment", "1", "x", "--stdin"),
        ("link", "1", " "),
        ("link", "1", "a\nb"),
        ("link", "1", "x" * 2001),
        ("move", "1"),
        ("move", "1", "--from", "dev-1"),
        ("move", "1", "--to", ""),
        ("move", "1", "--to", "a", "--parent", "2"),
        ("move", "1", "--top", "--parent", "2"),
        ("move", "1", "--top", "--from", "a"),
        ("move", "1", "--to", "a", "--comment", " "),
        ("move", "1", "--to", "a", "--comment", "x", "--stdin"),
        ("done", "1", "--comment", "x", "--stdin"),
        ("archive",),
        ("import",),
        ("import", "/nowhere/plan.md"),
        ("import", "/"),
        ("import", "-", "--format", "csv"),
        ("list", "--status", "idle,open"),
        ("list", "--assigned", "a", "--unassigned"),
        ("list", "--parent", "1", "--top"),
        ("list", "--blocked", "--unblocked"),
        ("list", "--offset", "-1"),
        ("list", "--tag", " "),
        ("list", "--limit", "0"),
        ("list", "--limit", "²"),
        ("list", "--status", "open"),
        ("list", "--queue", "a b"),
        ("delete", "1"),
        (),
    ],
)
def test_what_cannot_be_meant_is_refused_before_it_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """Exit 2 with one line; there is not even a store afterwards."""
    code = main(["task", "--base-path", str(tmp_path), *arguments])

    shown = capsys.readouterr()
    assert (code, shown.out) == (2, "")
    assert len(shown.err.splitlines()) == 1
    assert not (tmp_path / "state").exists()


LINES = [
    ("", "no line"),
    ("\n \n", "no line"),
    ("a\n" + "x" * 501, "line 2"),
    ("a\n\n- [ ] b\n", "line 3 is an item of a checklist"),
    ("a\n" * 10_001, "10001 lines are too many"),
    ("x" * 4_000_001, "longer than"),
]


@pytest.mark.parametrize(("text", "words"), LINES)
def test_lines_are_all_checked_before_the_first_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))

    code = main(["task", "--base-path", str(tmp_path), "add", "--lines"])

    shown = capsys.readouterr()
    assert (code, shown.out) == (2, "")
    assert words in shown.err
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    "arguments",
    [("move", "1", "--parent", "1"), ("update", "1", "2", "--blocked-by", "2"), ("show", "1", "a/b")],
)
def test_what_no_task_can_be_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code = main(["task", "--base-path", str(tmp_path), *arguments])

    assert code == 4
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("task_id", ["7", "a-b_C", "x" * 64])
def test_id_of_a_task(task_id: str) -> None:
    assert task_id == task_id_of(task_id)


@pytest.mark.parametrize(
    ("text", "task_id"), [("007", "7"), ("0", "0"), ("00", "0"), ("0x7", "0x7"), ("-07", "-07")]
)
def test_a_number_is_one_task_however_it_is_written(text: str, task_id: str) -> None:
    """The server reads 007 as 7; leases, ledgers and intents are named by the text."""
    assert task_id_of(text) == task_id


@pytest.mark.parametrize("task_id", ["", "a/../b", "..", "7 ", "x" * 65, "\u0661", "a\n"])
def test_what_cannot_be_an_id_is_no_task(task_id: str) -> None:
    with pytest.raises(Refused) as caught:
        task_id_of(task_id)

    assert caught.value.exit_code == 4


def test_empty_name_takes_away_where_that_is_meant() -> None:
    assert name_or_empty("", what="the queue") == ""
    with pytest.raises(UsageError):
        name_of("", what="the queue")


def test_a_priority_that_is_too_large_is_called_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["task", "--base-path", str(tmp_path), "add", "x", "--priority", "99999999999999999999"])

    told = capsys.readouterr().err
    assert code == 2
    assert "is too large a number (-9007199254740992 to 9007199254740992)" in told
