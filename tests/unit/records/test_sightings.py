"""``state/sightings.json``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.builders import NOW
from tinyscheduler.adapters.records.sightings import FileSightings
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.sightings import NOTHING_SEEN, Moment, Sighting, Sightings

LEASE = LeaseId("0123456789abcdef")
EXACTLY = Moment(NOW.replace(microsecond=123_456), 12.5, "boot-1")
SEEN = Sightings(
    drift={LEASE: Sighting(EXACTLY, "set idle on the server")},
    lost={LeaseId("f" * 16): Sighting(Moment(NOW, 0.0, "boot-1"))},
    notices={LEASE: 2},
)


def test_what_was_written_is_read_back_exactly(tmp_path: Path) -> None:
    path = str(tmp_path / "sightings.json")

    FileSightings(path).write(SEEN)

    assert FileSightings(path).read() == SEEN
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_where_nothing_was_seen_there_is_no_file(tmp_path: Path) -> None:
    store = FileSightings(str(tmp_path / "sightings.json"))

    assert store.read() == NOTHING_SEEN
    store.write(SEEN)
    store.write(NOTHING_SEEN)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "content",
    [b" ", b"{", b"[]", b"{}", b'{"schema": 2}', b'{"schema": 1, "drift": []}',
     b'{"schema": 1, "drift": {"x": {"since": "yesterday"}}}', b'{"schema": 1, "notices": {"x": "two"}}',
     b"\xff" * 100, b" " * 4_000_001],
)  # fmt: skip
def test_what_cannot_be_read_is_begun_anew_and_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sightings.json"
    path.write_bytes(content)
    store = FileSightings(str(path))

    found = store.read()

    assert found._replace(trouble="") == NOTHING_SEEN
    assert str(path) in found.trouble
    store.write(SEEN)
    assert store.read() == SEEN


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    FileSightings(str(other)).write(SEEN)
    (tmp_path / "sightings.json").symlink_to(other)

    assert FileSightings(str(tmp_path / "sightings.json")).read().trouble


def test_sections_and_names_of_later_versions_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "sightings.json"
    FileSightings(str(path)).write(SEEN)
    later = {**json.loads(path.read_bytes()), "waiting": {"7": "2026-01-01T00:00:00Z"}}
    path.write_text(json.dumps(later))

    assert FileSightings(str(path)).read() == SEEN


def test_a_disk_that_refuses_is_a_state_error(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"sightings\.json"):
        FileSightings(str(tmp_path / "missing" / "sightings.json")).write(SEEN)
