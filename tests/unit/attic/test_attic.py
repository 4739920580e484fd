"""The attic: what is old is found by its times, and nothing that is not ours is touched."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import NOW, ago
from tinyscheduler.adapters.attic import FileAttic
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.remains import Remains, RemainsKind

DAY = 86_400.0
KINDS: tuple[RemainsKind, ...] = ("run", "ledger", "journal", "passes", "log")
CUT = ago(30 * DAY)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "state"


def an_attic(root: Path) -> FileAttic:
    return FileAttic({kind: str(root / kind) for kind in KINDS}, stamp=str(root / "cache" / "swept"))


def put(path: Path, *, days: float, folder_days: float | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    touch(path, days)
    if folder_days is not None:
        touch(path.parent, folder_days)
    return path


def touch(path: Path, days: float) -> None:
    at = ago(days * DAY).timestamp()
    os.utime(path, (at, at))


def names(root: Path) -> list[tuple[str, str]]:
    return [(found.kind, found.name) for found in an_attic(root).remains(before=CUT)]


def test_an_empty_state_folder_has_nothing_old(root: Path) -> None:
    assert names(root) == []


def test_a_run_is_as_old_as_what_was_written_last_in_it(root: Path) -> None:
    put(root / "run/task_1/1/output.log", days=40, folder_days=40)
    put(root / "run/task_2/1/output.log", days=1, folder_days=40)
    put(root / "run/task_3/1/order.json", days=40, folder_days=1)

    found = an_attic(root).remains(before=CUT)

    assert found == (Remains("run", "task_1/1", ago(40 * DAY), TaskId("1"), 1, is_newest=True),)


def test_the_newest_run_is_the_one_that_was_written_last_whatever_its_number(root: Path) -> None:
    """A task that was made anew under an old id counts its attempts from 1 again."""
    put(root / "run/task_1/7/order.json", days=90, folder_days=90)
    put(root / "run/task_1/1/order.json", days=40, folder_days=40)
    put(root / "run/task_1/2/order.json", days=60, folder_days=60)

    found = an_attic(root).remains(before=CUT)

    assert [(r.attempt, r.is_newest) for r in found] == [(7, False), (2, False), (1, True)]


def test_a_young_run_makes_the_old_ones_of_its_task_old_ones(root: Path) -> None:
    put(root / "run/task_1/1/order.json", days=90, folder_days=90)
    put(root / "run/task_1/2/order.json", days=1, folder_days=1)

    assert [(r.attempt, r.is_newest) for r in an_attic(root).remains(before=CUT)] == [(1, False)]


def test_ledgers_are_found_by_their_time(root: Path) -> None:
    put(root / "ledger/task_1.json", days=31)
    put(root / "ledger/task_2.json", days=29)

    assert names(root) == [("ledger", "task_1.json")]


def test_a_file_of_a_day_is_as_old_as_the_end_of_that_day(root: Path) -> None:
    """By its name: a copied folder has new times."""
    last = f"{CUT - timedelta(days=1):%Y%m%d}"
    for name in (f"journal/journal_{last}.jsonl", f"passes/passes_{last}.jsonl", f"log/scheduler_{last}.log"):
        put(root / name, days=0)
    put(root / f"journal/journal_{CUT:%Y%m%d}.jsonl", days=99)

    assert sorted(name for _, name in names(root)) == [
        f"journal_{last}.jsonl",
        f"passes_{last}.jsonl",
        f"scheduler_{last}.log",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "log/syslog",
        "log/scheduler_20200101.log.gz",
        "log/scheduler_2020010.log",
        "log/scheduler_20201301.log",
        "log/scheduler_٢٠٢٠٠١٠١.log",
        "passes/last.json",
        "ledger/notes.txt",
        "ledger/task_.json",
        "ledger/task_a b.json",
        "ledger/.task_1.json.1-1-1.tmp",
        "run/task_1/notes/x",
        "run/task_1/0/order.json",
        "run/other/1/order.json",
        "run/task_1/1234567890/order.json",
    ],
)
def test_what_is_not_named_as_we_name_things_is_no_business_of_ours(root: Path, name: str) -> None:
    put(root / name, days=99, folder_days=99)

    assert names(root) == []


def test_a_link_in_the_place_of_a_run_leads_nowhere(root: Path, tmp_path: Path) -> None:
    put(tmp_path / "precious/1/order.json", days=99, folder_days=99)
    (root / "run").mkdir(parents=True)
    (root / "run/task_1").symlink_to(tmp_path / "precious")

    assert names(root) == []


def test_the_oldest_come_first(root: Path) -> None:
    put(root / "ledger/task_1.json", days=40)
    put(root / "ledger/task_2.json", days=60)
    put(root / "run/task_3/1/order.json", days=50, folder_days=50)

    assert [name for _, name in names(root)] == ["task_2.json", "task_3/1", "task_1.json"]


def test_what_is_removed_is_gone_and_not_removed_twice(root: Path) -> None:
    path = put(root / "ledger/task_1.json", days=40)
    (found,) = an_attic(root).remains(before=CUT)

    assert an_attic(root).remove(found)
    assert not path.exists()
    assert not an_attic(root).remove(found)


@pytest.mark.parametrize("name", ["ledger/task_1.json", "run/task_1/1/order.json"])
def test_what_is_not_over_counts_anew(root: Path, name: str) -> None:
    put(root / name, days=40, folder_days=40)
    (found,) = an_attic(root).remains(before=CUT)

    an_attic(root).count_from(found, NOW)

    assert names(root) == []


def test_a_sweep_is_due_once_a_day(root: Path) -> None:
    attic = an_attic(root)
    assert (attic.is_due(NOW), attic.swept_at()) == (True, None)

    attic.note_sweep(NOW)

    assert not an_attic(root).is_due(NOW)
    assert not an_attic(root).is_due(NOW.replace(hour=23, minute=59))
    assert an_attic(root).is_due(NOW + timedelta(days=1))
    assert an_attic(root).swept_at() == datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "20261399", "yesterday", "2026-01-3", "\udcff".encode("utf-8", "replace")]
)
def test_a_stamp_that_is_none_is_no_sweep(root: Path, text: str | bytes) -> None:
    stamp = put(root / "cache/swept", days=0)
    stamp.write_bytes(text if isinstance(text, bytes) else text.encode())

    assert (an_attic(root).is_due(NOW), an_attic(root).swept_at()) == (True, None)
