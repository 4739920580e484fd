"""Work in a folder is seen by file times, within a bound."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.wrapper.orders import an_order
from tinyscheduler.wrapper.silence import Silence
from tinyscheduler.wrapper.workspace import ENTRIES_MAX, trace_of

NONE: frozenset[str] = frozenset()


def at(path: Path, wall_s: float) -> None:
    os.utime(path, (wall_s, wall_s))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work/sub").mkdir(parents=True)
    (tmp_path / "work/sub/file").write_text("1")
    return tmp_path / "work"


@pytest.mark.parametrize("deed", ["write", "make", "remove", "make folder"])
def test_whatever_is_done_leaves_another_trace(folder: Path, deed: str) -> None:
    for path in (folder / "sub/file", folder / "sub", folder):
        at(path, 1000)
    before = trace_of(str(folder), skipped=NONE)
    match deed:
        case "write":
            (folder / "sub/file").write_text("2")
        case "make":
            (folder / "sub/new").write_text("")
        case "remove":
            (folder / "sub/file").unlink()
        case _:
            (folder / "sub/new").mkdir()

    assert trace_of(str(folder), skipped=NONE) != before


def test_a_file_from_the_future_hides_no_other(folder: Path) -> None:
    (folder / "future").write_text("")
    at(folder / "future", 4_000_000_000)
    at(folder / "sub/file", 1000)
    before = trace_of(str(folder), skipped=NONE)

    at(folder / "sub/file", 2000)

    assert trace_of(str(folder), skipped=NONE) != before


def test_no_more_is_looked_at_than_the_bound(tmp_path: Path) -> None:
    for number in range(ENTRIES_MAX + 50):
        (tmp_path / str(number)).touch()

    assert trace_of(str(tmp_path), skipped=NONE).entries == ENTRIES_MAX


def test_links_are_not_followed_and_what_is_skipped_does_not_count(folder: Path) -> None:
    (folder / "loop").symlink_to(folder)
    (folder / "state").mkdir()
    (folder / "state/lease").write_text("")
    before = trace_of(str(folder), skipped=frozenset({f"{folder}/state"}))

    at(folder / "state/lease", 5_000)
    at(folder / "state", 5_000)

    assert trace_of(str(folder), skipped=frozenset({f"{folder}/state"})) == before
    assert before.entries == 4


def test_a_folder_that_is_gone_has_no_trace(tmp_path: Path) -> None:
    assert trace_of(str(tmp_path / "none"), skipped=NONE).entries == 0


def test_the_workspace_is_looked_at_once_a_minute_and_only_in_silence(folder: Path) -> None:
    order = an_order(str(folder.parent / "runs"), cwd=str(folder))
    order = order._replace(limits=order.limits._replace(stall_s=900))
    wall = datetime(2026, 1, 1, tzinfo=UTC)
    silence = Silence(order, 0.0, wall)
    for path in (folder / "sub/file", folder / "sub", folder):
        at(path, wall.timestamp() - 1)

    assert not silence.has_signs(61.0)
    at(folder / "sub/file", wall.timestamp() + 70)
    assert not silence.has_signs(119.0)
    assert silence.has_signs(121.0)
    assert not silence.has_signs(182.0)
