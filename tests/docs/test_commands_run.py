"""What README and the deployment pages tell a reader to type works, in order, in a new clone."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.docs.console import Terminal, commands_in, fits
from tests.docs.pages import Block, blocks_of, pages_of, read, section, sections_of

NOT_RUN = {
    "README.md": {
        "make test",
        "git clone ADDRESS agents",
        "cd agents",
        "cp docs/deployment/systemd/system/tinyscheduler.* /etc/systemd/system/",
        "systemctl enable --now tinyscheduler.timer",
    },
    "docs/deployment/README.md": {
        "crontab -e",
        "cp docs/deployment/systemd/system/tinyscheduler.* /etc/systemd/system/",
        "systemctl daemon-reload",
        "systemctl enable --now tinyscheduler.timer",
        "systemctl list-timers tinyscheduler.timer",
        "journalctl -u tinyscheduler.service",
        "mkdir -p ~/.config/systemd/user",
        "cp docs/deployment/systemd/user/tinyscheduler.* ~/.config/systemd/user/",
        "systemctl --user daemon-reload",
        "systemctl --user enable --now tinyscheduler.timer",
        "loginctl enable-linger",
    },
}
"""Everything that a test cannot do; each stands in a block that says why."""

PARTS = [
    ("README.md", "Try it"),
    ("README.md", "A first session"),
    ("docs/deployment/README.md", "Before either"),
]
"""Page and section: each is followed from its first block to its last in one clone."""


@pytest.mark.slow
@pytest.mark.parametrize(("page", "title"), PARTS)
def test_reader_who_follows_the_page_sees_what_it_shows(
    page: str, title: str, repo_root: Path, terminal: Terminal
) -> None:
    blocks = followed(section(read(repo_root / page), title))

    assert blocks
    for block in blocks:
        terminal.follow(block)


def followed(text: str) -> list[Block]:
    """Blocks that a test runs."""
    return [block for block in consoles(text) if not is_left_out(block)]


def consoles(text: str) -> list[Block]:
    """Blocks of commands."""
    return [block for block in blocks_of(text) if block.language == "console"]


def is_left_out(block: Block) -> bool:
    """Its remark says why."""
    return block.remark.startswith("not run: ")


@pytest.mark.parametrize("page", NOT_RUN)
def test_only_listed_commands_are_not_run_and_each_says_why(page: str, repo_root: Path) -> None:
    """A block that is skipped for convenience would soon be wrong."""
    blocks = consoles(read(repo_root / page))
    lines = [line for block in blocks if is_left_out(block) for line in block.body.splitlines()]
    commands = {line[2:] for line in lines if line[:2] in ("$ ", "# ")}

    assert commands == NOT_RUN[page]
    assert {block.remark.partition(":")[0] for block in blocks} <= {"", "not run", "until", "background"}


def test_every_section_with_commands_is_followed(repo_root: Path) -> None:
    for page in pages_of(repo_root):
        name = page.relative_to(repo_root).as_posix()
        for title, text in sections_of(read(page)):
            commands = [typed.command for block in followed(text) for typed in commands_in(block)]

            assert (name, title) in PARTS or commands == [], f"{name}, {title}"


@pytest.mark.parametrize(
    ("printed", "shown", "expected"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a  \nb\n", "a\nb\n", True),
        ("a 12 s\n", "a ... s\n", True),
        ("a\nx\ny\nb\n", "a\n...\nb\n", True),
        ("a\nb\n", "a\n...\nb\n", True),
        ("", "", True),
        ("a\n", "", False),
        ("a\nb\n", "a\n", False),
        ("", "a\n", False),
        ("ab\n", "a.\n", False),
    ],
)
def test_dots_stand_for_anything_and_nothing_else_does(printed: str, shown: str, expected: bool) -> None:
    assert fits(printed, shown) is expected


def test_sweep_of_run_folders_spares_tasks_in_flight_and_what_is_young(
    repo_root: Path, tmp_path: Path
) -> None:
    """The only command of the operations page that removes anything."""
    page = read(repo_root / "docs" / "operations.md")
    script = next(block.body for block in blocks_of(page) if block.body.startswith("find state/runs"))
    month_ago = time.time() - 31 * 86_400
    for name, at in (("task_1/1", month_ago), ("task_1/2", time.time()), ("task_2/1", month_ago)):
        run = tmp_path / "state" / "runs" / name
        run.mkdir(parents=True)
        os.utime(run, (at, at))
    (tmp_path / "state" / "running").mkdir()
    (tmp_path / "state" / "running" / "task_2.json").touch()

    subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, check=True)

    runs = tmp_path / "state" / "runs"
    assert sorted(run.relative_to(runs).as_posix() for run in runs.glob("*/*")) == ["task_1/2", "task_2/1"]
