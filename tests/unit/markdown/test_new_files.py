"""Files of tasks that ``task add`` makes in a folder of people's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.model.desk import TaskDraft


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Fix the parser", "1-fix-the-parser.md"),
        ("Über die Straße", "1-uber-die-strasse.md"),
        ("café ﬁn", "1-cafe-fin.md"),
        ("../../etc/passwd", "1-etc-passwd.md"),
        ("日本", "1.md"),
    ],
)
def test_a_file_is_called_by_the_letters_of_its_title(tmp_path: Path, title: str, name: str) -> None:
    MarkdownTaskServer(str(tmp_path)).add(TaskDraft(title, "ann"))

    assert [path.name for path in tmp_path.glob("*.md")] == [name]


@pytest.mark.parametrize(
    ("folder_mode", "umask", "expected"),
    [(0o755, 0o022, 0o644), (0o775, 0o002, 0o664), (0o700, 0o022, 0o600), (0o755, 0o077, 0o600)],
)
def test_who_may_look_into_the_folder_may_read_a_new_file(
    tmp_path: Path, folder_mode: int, umask: int, expected: int
) -> None:
    """As those beside it, which an editor has made."""
    folder = tmp_path / "tasks"
    folder.mkdir()
    folder.chmod(folder_mode)
    before = os.umask(umask)
    try:
        MarkdownTaskServer(str(folder)).add(TaskDraft("new", "ann"))
    finally:
        os.umask(before)

    assert (folder / "1-new.md").stat().st_mode & 0o777 == expected
