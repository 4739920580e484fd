"""What commands write on a terminal, into a pipe, and for programs."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest

from tests.golden.compare import assert_golden, normalised
from tests.integration.command_scenes import TWO_QUEUES, run_until_done
from tests.integration.commands import Installation, an_agent, an_installation
from tests.waiting import wait_until
from tinyscheduler.cli.wrap import main as wrap


def on_a_terminal(house: Installation, *arguments: str, **environ: str) -> str:
    """What a person sees: the command's stdout is a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    started = subprocess.Popen(
        house.argv(*arguments),
        env=house.environment(TERM="xterm", **environ),
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            data = os.read(ours, 65_536)
        except OSError:
            # Linux says EIO when the last one at the other side has closed it.
            break
        shown += data
    started.wait(timeout=20)
    os.close(ours)
    return shown.decode()


def test_terminal_gets_colour_and_a_title_stays_what_it_is(base: Path) -> None:
    house = an_installation(base, TWO_QUEUES)
    house.well("task", "add", "[bold red]look[/bold red] \x1b[2J", "--queue", "dev")

    coloured = on_a_terminal(house, "explain", "1")
    listed = on_a_terminal(house, "task", "list")
    plain = on_a_terminal(house, "explain", "1", NO_COLOR="1")

    assert "\x1b[32mpassed" in coloured
    assert "\x1b[32m" not in plain
    assert "[bold red]look[/bold red]" in listed
    assert "\x1b[2J" not in coloured + listed + plain


GOLDEN_CALLS = (
    ("status", ("status", "--json")),
    ("explain", ("explain", "3", "--json")),
    ("backlog", ("backlog", "--json")),
    ("graph", ("graph", "--json")),
    ("logs", ("logs", "1", "--json")),
    ("task_add", ("task", "add", "new", "--queue", "qa", "--tag", "x", "--json")),
    ("task_list", ("task", "list", "--all", "--json")),
    ("task_show", ("task", "show", "1", "--json")),
    ("task_update", ("task", "update", "3", "--queue", "dev", "--json")),
    ("stop", ("stop", "1", "--json")),
    ("park", ("park", "3", "--json")),
    ("retry", ("retry", "3", "--json")),
    ("approve", ("approve", "3", "--json")),
    ("release", ("release", "1", "--reason", "it is gone", "--json")),
    ("requeue", ("requeue", "2", "--reason", "nobody is there", "--json")),
    ("task_done", ("task", "done", "3", "--comment", "no need", "--json")),
    ("dry_run", ("run", "--dry-run", "--json")),
    ("run", ("run", "--once", "--json")),
    ("kick", ("kick", "--json")),
    ("plan", ("plan", "--json")),
    ("pause", ("pause", "--queue", "qa", "--reason", "a deployment", "--json")),
    ("resume", ("resume", "--queue", "qa", "--json")),
    ("drain", ("drain", "--json")),
    ("estop", ("estop", "--reason", "no more", "--json")),
    ("task_comment", ("task", "comment", "4", "hello", "--json")),
    ("task_link", ("task", "link", "4", "src/x.py", "--description", "the change", "--json")),
    ("task_move", ("task", "move", "4", "99", "--queue", "dev", "--json")),
    ("task_archive", ("task", "archive", "4", "--json")),
    ("task_import", ("task", "import", "plan.md", "--queue", "dev", "--json")),
    ("report", ("report", "--json")),
    ("task_check", ("task", "check", "--json")),
    ("task_backup", ("task", "backup", "copy.db", "--json")),
)


def test_every_object_for_programs_has_the_agreed_shape(base: Path, tmp_path: Path) -> None:
    """One golden file a kind: programs of our users hang on every name in it."""
    house = an_installation(
        base, [an_agent("dev-1", script="echo hello"), an_agent("qa-1", queue="qa", slots=0)]
    )
    run_until_done(house, "first")
    # The pass that the wrapper became may still be at work; this one has nothing to do.
    wait_until(lambda: house.call("run", "--once").code == 0)
    house.well("task", "add", "second", "--queue", "qa", "--priority", "2")
    house.well("task", "add", "third", "--queue", "dev", "--blocked-by", "2")
    (base / "plan.md").write_text("- [ ] fourth\n  - [x] fifth\n  - [ ] sixth\n")

    for kind, arguments in GOLDEN_CALLS:
        answer = house.call(*arguments, environ={"TKO_AGENT": "alice"})
        document = answer.json()
        assert list(document)[:4] == ["schema", "kind", "at", "exit"]
        assert (document["kind"], document["exit"]) == (kind, answer.code)
        assert_golden(f"kind_{kind}.json", normalised(document, base=str(base)))
    wait_until(lambda: house.leases() == [])


def test_wrap_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert wrap(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: tinyscheduler wrap ORDER")
