"""What earlier passes left is read back; what cannot be read is part of the answer, never an error."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import a_ledger, a_task, parked_as
from tinyscheduler.adapters.records import FileLedgerStore
from tinyscheduler.adapters.records.hindsight import FileHindsight
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.past_pass import BrokenRecord, PastFault, PastPass, Shelf
from tinyscheduler.reconcile.record import pass_record
from tinyscheduler.reconcile.report import Report

BEGAN = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.fixture
def hindsight(tmp_path: Path) -> FileHindsight:
    return FileHindsight(str(tmp_path / "passes"), str(tmp_path / "ledger"))


def write_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "passes").mkdir()
    (tmp_path / "passes" / "last.json").write_text(text)


def test_nothing_has_happened_yet(hindsight: FileHindsight) -> None:
    assert hindsight.last_pass() is None
    assert hindsight.shelf(()) == Shelf()


def test_record_of_a_pass_is_read_as_the_pass_wrote_it(tmp_path: Path, hindsight: FileHindsight) -> None:
    report = Report("0a1b2c3d", BEGAN)
    report.duration_s = 0.25
    report.fault(StateError("the disk is full", hint="free some"))
    report.limit("100 kills in one pass")
    write_record(tmp_path, json.dumps(pass_record(report, interval_s=420)))

    found = hindsight.last_pass()

    assert isinstance(found, PastPass)
    assert dict(found.counts)["faults"] == 1
    assert found._replace(counts=()) == PastPass(
        "0a1b2c3d",
        BEGAN,
        BEGAN,
        0.25,
        1,
        (),
        ("100 kills in one pass",),
        (PastFault("state", "the disk is full", "free some"),),
        interval_s=420,
    )


def test_record_of_an_older_version_has_no_interval_of_its_own(
    tmp_path: Path, hindsight: FileHindsight
) -> None:
    older = pass_record(Report("0a1b2c3d", BEGAN), interval_s=420)
    del older["interval_sec"]
    write_record(tmp_path, json.dumps(older))

    found = hindsight.last_pass()

    assert isinstance(found, PastPass)
    assert (found.interval_s, found.next_at(60)) == (None, BEGAN + timedelta(seconds=60))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pass": 1}', "null"])
def test_broken_record_is_named_with_its_fault(tmp_path: Path, hindsight: FileHindsight, text: str) -> None:
    write_record(tmp_path, text)

    found = hindsight.last_pass()

    assert isinstance(found, BrokenRecord)
    assert found.path == str(tmp_path / "passes" / "last.json")
    assert found.why


def test_only_parked_and_broken_ledgers_are_of_note(tmp_path: Path, hindsight: FileHindsight) -> None:
    store, parked = FileLedgerStore(str(tmp_path / "ledger")), parked_as(a_task("10"))
    store.write(a_ledger("10", parked=parked))
    store.write(a_ledger("9", parked=parked))
    store.write(a_ledger("8"))
    store.write(a_ledger("7", parked=parked))
    (tmp_path / "ledger" / "task_6.json").write_text('{\n "parked": nu')
    (tmp_path / "ledger" / "task_11.json").write_text("{")
    (tmp_path / "ledger" / "other.json").write_text("not ours")

    shelf = hindsight.shelf({TaskId("7"), TaskId("11")})

    assert [entry.task_id for entry in shelf.parked] == ["9", "10"]
    assert {entry.parked for entry in shelf.parked} == {parked}
    assert [broken.task_id for broken in shelf.broken] == ["6", "11"]


def test_folder_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file")

    shelf = FileHindsight(str(tmp_path), str(tmp_path / "ledger")).shelf(())

    assert [broken.path for broken in shelf.broken] == [str(tmp_path / "ledger")]
