"""One process at a time in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyscheduler.cli.importing.alone import alone
from tinyscheduler.errors import Refused
from tinyscheduler.kit import folder_lock


def test_folder_is_one_workers_at_a_time_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    folder = str(tmp_path)
    with folder_lock.held(folder, wait_max_s=0) as one, folder_lock.held(folder, wait_max_s=0.05) as two:
        assert (one, two) == (True, False)
    with folder_lock.held(str(tmp_path), wait_max_s=0) as third:
        assert third

    assert list(tmp_path.iterdir()) == []


def test_import_that_waits_for_another_in_vain_is_refused(tmp_path: Path) -> None:
    folder = str(tmp_path)
    with (
        folder_lock.held(folder, wait_max_s=0),
        pytest.raises(Refused, match="another import"),
        alone(folder, wait_max_s=0.05),
    ):
        pytest.fail("two were let in")


def test_where_there_can_be_no_state_folder_nobody_waits(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with alone(str(tmp_path / "file" / "state")):
        entered = True

    assert entered
