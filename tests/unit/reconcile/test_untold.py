"""What a pass at the end of a run finds is told by the next one that somebody listens to (law 12)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import NOW
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.untold import keep_untold, tell_untold


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = a_stage(tmp_path)
    stage.run()
    return stage


def a_report(*troubles: str) -> Report:
    report = Report("0a", NOW)
    for message in troubles:
        report.trouble(message, hint=f"mend {message}", reference="agent-cannot-start")
    return report


def told(stage: Stage, *already: str) -> Report:
    report = a_report(*already)
    tell_untold(stage.world(), report)
    return report


def untold_file(stage: Stage) -> Path:
    return Path(stage.configuration.places.state) / "passes" / "untold.jsonl"


def test_it_is_told_once_with_its_hint_and_in_the_exit_code(stage: Stage) -> None:
    keep_untold(stage.world(), a_report("cat cannot be started", "a tree survived"))
    keep_untold(stage.world(), a_report("cat cannot be started"))

    first, second = told(stage), told(stage)

    assert [(fault.message.partition(";")[0], fault.hint, fault.reference) for fault in first.faults] == [
        ("cat cannot be started", "mend cat cannot be started", "agent-cannot-start"),
        ("a tree survived", "mend a tree survived", "agent-cannot-start"),
    ]
    assert "found by the pass at the end of a run, 2026-" in first.faults[0].message
    assert (first.exit_code, second.exit_code) == (1, 0)


def test_what_the_pass_found_itself_is_not_said_twice(stage: Stage) -> None:
    keep_untold(stage.world(), a_report("a ledger cannot be read"))

    assert len(told(stage, "a ledger cannot be read").faults) == 1


def test_a_server_that_did_not_answer_is_not_kept(stage: Stage) -> None:
    """The next pass asks by itself, and a moment of weather is worth no mail."""
    report = a_report()
    report.fault(ServerUnavailable("no answer", hint=""))

    keep_untold(stage.world(), report)

    assert not untold_file(stage).exists()


def test_what_every_pass_finds_as_long_as_it_lasts_is_not_kept(stage: Stage) -> None:
    """Told after it was mended it would be a lie."""
    report = a_report()
    report.trouble("a ledger cannot be read", hint="mend it", reference="ledger-unreadable")

    keep_untold(stage.world(), report)

    assert not untold_file(stage).exists()


def test_a_pass_that_finds_the_lock_taken_leaves_it_for_the_next(stage: Stage) -> None:
    keep_untold(stage.world(), a_report("cat cannot be started"))
    busy = a_report()
    busy.is_lock_busy = True

    tell_untold(stage.world(), busy)

    assert busy.faults == []
    assert told(stage).exit_code == 1


def test_lines_of_rubbish_hide_no_others(stage: Stage) -> None:
    keep_untold(stage.world(), a_report("cat cannot be started"))
    path = untold_file(stage)
    path.write_bytes(b"\xff\x00\n[1]\n{}\n" + path.read_bytes() + b'{"message": "torn')

    assert len(told(stage).faults) == 1


def test_a_disk_that_refuses_is_a_fault_and_no_crash(stage: Stage) -> None:
    untold_file(stage).mkdir()
    (untold_file(stage).parent / "untold.jsonl.told").write_text("")
    report = a_report("cat cannot be started")

    keep_untold(stage.world(), report)
    heard = told(stage)

    assert [fault.reference for fault in report.faults] == ["agent-cannot-start", "state"]
    assert [fault.reference for fault in heard.faults] == ["state"]
