"""The journal: append-only facts, one a line, which never fail a pass (features A9)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.small_disk import a_small_disk, fill
from tinyscheduler.adapters.journal import JsonlJournal
from tinyscheduler.errors import StateError
from tinyscheduler.model.event import Event
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId

FACT = Event(
    "run_started", TaskId("17"), LeaseId("lease-1"), 3, AgentName("dev-1"), "slot 1 of 1", (("attempt", 2),)
)


def a_journal(
    folder: Path, clock: FakeClock | None = None, opening: Callable[[], list[dict[str, object]]] = list
) -> JsonlJournal:
    now = (clock or FakeClock()).now
    return JsonlJournal(str(folder / "journal"), pass_id="pass-1", now=now, opening=opening)


def lines(folder: Path, day: str = "20260131") -> list[dict[str, object]]:
    path = folder / f"journal/journal_{day}.jsonl"
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def test_a_fact_has_its_version_time_pass_and_fields(tmp_path: Path) -> None:
    a_journal(tmp_path).append(FACT)

    assert lines(tmp_path)[-1] == {
        "v": 1,
        "at": "2026-01-31T12:00:00.000Z",
        "pass": "pass-1",
        "event": "run_started",
        "task_id": 17,
        "lease_id": "lease-1",
        "generation": 3,
        "agent": "dev-1",
        "reason": "slot 1 of 1",
        "attempt": 2,
    }


def test_each_day_opens_with_the_set_of_leases(tmp_path: Path) -> None:
    clock = FakeClock()
    journal = a_journal(tmp_path, clock, lambda: [{"task_id": "17"}])
    journal.append(FACT)
    journal.append(FACT)
    clock.advance(86_400)
    journal.append(FACT)

    assert [line["event"] for line in lines(tmp_path)] == ["day_opened", "run_started", "run_started"]
    assert [line["event"] for line in lines(tmp_path, "20260201")] == ["day_opened", "run_started"]
    assert lines(tmp_path)[0]["leases"] == [{"task_id": "17"}]


def test_another_pass_goes_on_in_the_same_file(tmp_path: Path) -> None:
    a_journal(tmp_path).append(FACT)
    a_journal(tmp_path).append(FACT)

    assert [line["event"] for line in lines(tmp_path)] == ["day_opened", "run_started", "run_started"]


def test_a_line_is_one_line_whatever_the_text(tmp_path: Path) -> None:
    """Task titles reach reasons; some readers split at U+2028 as well."""
    odd = 'a\nb\r\u2028\u2029\x85\x00"\ud800'
    a_journal(tmp_path).append(FACT._replace(reason=odd))

    text = (tmp_path / "journal/journal_20260131.jsonl").read_text()
    assert len(text.splitlines()) == 2
    assert lines(tmp_path)[-1]["reason"] == odd


def test_a_fact_that_cannot_be_written_is_counted_and_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("in the way")
    journal = a_journal(tmp_path)

    journal.append(FACT)
    journal.append(FACT)

    assert journal.failures() == 2


@pytest.mark.parametrize("value", [{1, 2}, object(), float("nan"), b"bytes", NOW])
def test_a_detail_that_is_no_json_is_counted_and_ends_nothing(tmp_path: Path, value: object) -> None:
    journal = a_journal(tmp_path)

    journal.append(FACT._replace(detail=(("odd", value),)))
    journal.append(FACT)

    assert journal.failures() == 1
    assert [line["event"] for line in lines(tmp_path)] == ["day_opened", "run_started"]


def test_a_full_disk_is_counted_and_ends_nothing(tmp_path: Path) -> None:
    with a_small_disk(tmp_path) as disk:
        journal = a_journal(disk)
        fill(disk)

        journal.append(FACT)

        assert journal.failures() == 1


def test_leases_that_cannot_be_read_end_nothing(tmp_path: Path) -> None:
    """The port says: never raises."""

    def unreadable() -> list[dict[str, object]]:
        raise StateError("running cannot be listed")

    journal = a_journal(tmp_path, opening=unreadable)

    journal.append(FACT)

    assert journal.failures() == 1


def test_a_torn_line_costs_itself_only(tmp_path: Path) -> None:
    """The power failed, or the disk was full for half a line."""
    a_journal(tmp_path).append(FACT)
    path = tmp_path / "journal/journal_20260131.jsonl"
    path.write_bytes(path.read_bytes()[:-20])

    a_journal(tmp_path).append(FACT._replace(name="run_finished"))

    whole = []
    for line in path.read_bytes().split(b"\n"):
        try:
            whole.append(json.loads(line)["event"])
        except ValueError:
            continue
    assert whole == ["day_opened", "run_finished"]
