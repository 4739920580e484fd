"""Files that are renamed into place without a sync: after a power cut they may be empty, or all zeros (B12).

That is no damage that a person has to look into, and leaves nothing in quarantine.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyscheduler.adapters.records.sightings import FileSightings
from tinyscheduler.adapters.records.waiting import FileCursors, FileWaits
from tinyscheduler.model.sightings import NOTHING_SEEN
from tinyscheduler.model.waiting import FIRST_TURN, NOBODY_WAITS

ZEROS = [b"", b"\0" * 4096]


@pytest.mark.parametrize("content", ZEROS, ids=["empty", "zeros"])
def test_file_that_was_never_synced_is_begun_anew_without_a_word(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)

    assert FileWaits(str(path), str(tmp_path / "quarantine")).read() == NOBODY_WAITS
    assert FileCursors(str(path), str(tmp_path / "quarantine")).read() == FIRST_TURN
    assert FileSightings(str(path)).read() == NOTHING_SEEN
