"""What README and the deployment pages tell a reader to type works, in order, in a new clone."""

from pathlib import Path

import pytest

from tests.docs.console import Terminal, commands_in, fits
from tests.docs.pages import Block, blocks_of, pages_of, read, section, sections_of
from tinyscheduler.planner.schedules import AT_ONCE_MAX
from tinyscheduler.planner.sweep import KEPT
from tinyscheduler.reconcile.schedules import MADE_MAX
from tinyscheduler.reconcile.sweep import ASKED_MAX, REMOVALS_MAX

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


def test_what_is_swept_is_told_with_the_numbers_of_the_code(repo_root: Path) -> None:
    told = section(read(repo_root / "docs" / "operations.md"), "What is on disk")

    assert f"older than {KEPT.days} days, {REMOVALS_MAX} things at most" in told
    assert f"asked about {ASKED_MAX} tasks a pass at most" in told


def test_what_schedules_make_at_most_is_told_with_the_numbers_of_the_code(repo_root: Path) -> None:
    told = section(read(repo_root / "docs" / "operations.md"), "When tasks start")

    assert f"`all` one for each, {AT_ONCE_MAX} at most" in told
    assert f"A pass makes {MADE_MAX} tasks at most" in told
