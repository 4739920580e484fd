"""The end of a file that grows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyscheduler.kit.tail import tail


@pytest.mark.parametrize(("bytes_max", "found"), [(3, b"gh\n"), (100, b"abc\ndef\ngh\n")])
def test_no_more_than_asked_for_is_read(tmp_path: Path, bytes_max: int, found: bytes) -> None:
    (tmp_path / "log").write_bytes(b"abc\ndef\ngh\n")

    assert tail(f"{tmp_path}/log", bytes_max) == found


def test_what_cannot_be_read_has_no_end(tmp_path: Path) -> None:
    assert (tail(f"{tmp_path}/missing", 10), tail(str(tmp_path), 10)) == (b"", b"")
