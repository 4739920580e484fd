"""The same workspace and the same word give the same digest, and nothing else does (features C5)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.builders import an_outcome
from tinyscheduler.wrapper import progress
from tinyscheduler.wrapper.progress import digest_of


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    place = tmp_path / "work"
    (place / "src").mkdir(parents=True)
    (place / "src" / "a.py").write_text("print(1)\n")
    (place / "README").write_text("read me\n")
    return place


def digest(place: Path, *, said: str = "done", excluded: tuple[str, ...] = ()) -> str:
    return digest_of(str(place), an_outcome(summary=said), excluded=excluded)


def test_looking_twice_sees_the_same_although_times_have_changed(workspace: Path) -> None:
    first = digest(workspace)
    os.utime(workspace / "README", (1, 1))

    assert digest(workspace) == first
    assert len(first) == 32


def test_every_kind_of_change_is_seen(workspace: Path) -> None:
    seen = [digest(workspace)]
    for change in (
        lambda: (workspace / "README").write_text("Read me\n"),
        lambda: (workspace / "README").rename(workspace / "LIESMICH"),
        lambda: (workspace / "new").write_text(""),
        (workspace / "src" / "a.py").unlink,
    ):
        change()
        seen.append(digest(workspace))

    assert len(set(seen)) == len(seen)
    assert digest(workspace, said="done again") not in seen


def test_our_own_folders_inside_the_workspace_do_not_count(workspace: Path) -> None:
    own = workspace / "state"
    own.mkdir()
    before = digest(workspace, excluded=(str(own),))
    (own / "lease").write_text("changes with every run")

    assert digest(workspace, excluded=(str(own),)) == before
    assert digest(workspace) != before


def a_repository(workspace: Path) -> Path:
    git = workspace / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "objects").mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "refs" / "heads" / "main").write_text("a" * 40 + "\n")
    return git


def test_of_a_repository_only_where_it_stands_counts(workspace: Path) -> None:
    git = a_repository(workspace)
    before = digest(workspace)
    (git / "objects" / "pack").write_text("repacked")
    (git / "index").write_text("touched by git status")
    same = digest(workspace)
    (git / "refs" / "heads" / "main").write_text("b" * 40 + "\n")

    assert same == before
    assert digest(workspace) != before


def test_a_head_that_points_out_of_the_repository_leads_nowhere(workspace: Path, tmp_path: Path) -> None:
    (a_repository(workspace) / "HEAD").write_text("ref: refs/../../../secret\n")
    before = digest(workspace)
    (tmp_path / "secret").write_text("a secret")

    assert digest(workspace) == before


def test_what_is_not_a_file_of_its_own_is_not_followed_and_not_waited_for(workspace: Path) -> None:
    os.mkfifo(workspace / "pipe")
    (workspace / "link").symlink_to("/etc/passwd")
    (workspace / "loop").symlink_to(workspace)

    assert digest(workspace)


def test_a_huge_file_counts_by_size_and_time(workspace: Path) -> None:
    huge = workspace / "huge"
    with huge.open("wb") as file:
        file.truncate(progress.BYTES_MAX + 1)
    before = digest(workspace)
    os.utime(huge, (1, 1))

    assert digest(workspace) != before


def test_what_is_beyond_the_limit_of_files_is_not_looked_at(workspace: Path) -> None:
    for number in range(progress.FILES_MAX):
        (workspace / f"f{number:05}").touch()
    before = digest(workspace)
    (workspace / "z-last").touch()

    assert digest(workspace) == before


def test_a_workspace_that_is_gone_says_nothing(tmp_path: Path) -> None:
    assert digest(tmp_path / "nowhere") == ""
