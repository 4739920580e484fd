"""What to do about what the disk says names the place that is to be mended."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tinyscheduler.kit import files
from tinyscheduler.kit.disk_words import no_folder, remedy


def _rename_below(place: Path) -> None:
    whole = place.parent / "whole"
    whole.write_text("whole")
    files.move(str(whole), str(place / "whole"))


@pytest.mark.parametrize(
    "act",
    [
        lambda place: files.make_folder(str(place)),
        lambda place: files.make_folder(str(place / "a" / "b")),
        lambda place: files.names(str(place)),
        lambda place: files.read_limited(str(place / "task_1.json"), 10),
        lambda place: files.replace(str(place / "task_1.json"), b"x"),
        _rename_below,
    ],
)
def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path, act: Callable[[Path], object]) -> None:
    """Whatever was being done; of a rename, the file that was to be moved is well."""
    place = tmp_path / "quarantine"
    place.write_text("no folder")

    with pytest.raises(OSError, match=r".") as raised:
        act(place)

    assert no_folder(raised.value) == str(place)
    assert remedy(raised.value, "otherwise").startswith(f"put the folder {place} back; if it is gone,")


def test_what_is_mended_by_now_has_no_place(tmp_path: Path) -> None:
    error = NotADirectoryError(20, os.strerror(20), str(tmp_path / "gone" / "task_1.json"))

    assert no_folder(error) is None
    assert remedy(error, "otherwise") == "otherwise"
