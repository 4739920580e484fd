"""Who has a file open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinyscheduler.kit.open_files import is_open_for_writing


@pytest.mark.parametrize("mode", ["w", "a", "r+"])
def test_a_file_is_open_for_writing_until_the_last_writer_closes_it(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "file"
    path.write_text("x")

    assert not is_open_for_writing(str(path))
    with path.open(mode), path.open("a"):
        assert is_open_for_writing(str(path))
    with path.open():
        assert not is_open_for_writing(str(path)), "a reader is none"


def test_where_it_cannot_be_told_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")

    for name in ("link", "pipe", "nothing", "."):
        assert not is_open_for_writing(str(tmp_path / name))
