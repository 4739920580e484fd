"""``logs`` as its users have it: processes and files."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.integration.command_scenes import TWO_QUEUES, ended, run_until_done, waiting_for
from tests.integration.commands import Answer, Installation, an_agent, an_installation
from tests.waiting import wait_until

NOISY = "printf 'one\\033[31m red\\033[0m \\007\\n'; echo two"


def texts(answer: Answer) -> list[str]:
    """Lines without the time they begin with."""
    return [line.partition(" ")[2] for line in answer.out.splitlines()]


def test_logs_show_what_the_agent_said_without_its_escape_sequences(base: Path) -> None:
    house = an_installation(base, [an_agent("dev-1", script=NOISY)])
    run_until_done(house)

    assert texts(house.call("logs", "1")) == ["one red ^G", "two"]
    assert texts(house.call("logs", "1", "--raw")) == ["one\x1b[31m red\x1b[0m \x07", "two"]


def test_logs_of_an_older_attempt_and_of_all_parts(base: Path) -> None:
    house = an_installation(base, TWO_QUEUES)
    for attempt, ending, text in ((1, "", "first\n"), (2, ".2", "a\n"), (2, ".1", "b\n"), (2, "", "c")):
        folder = base / "state" / "runs" / "task_7" / str(attempt)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"output.log{ending}").write_text(text)

    assert house.well("logs", "7") == "a\nb\nc"
    assert house.well("logs", "7", "--attempt", "1") == "first\n"
    assert house.call("logs", "7", "--json").json()["lines"] == ["a", "b", "c"]
    assert house.call("logs", "7", "--attempt", "3").code == 4
    assert house.call("logs", "7", "--attempt", "x").code == 2
    assert house.call("logs", "7", "-f", "--json").code == 2


def test_logs_of_a_task_that_has_not_run_say_where_to_look(base: Path) -> None:
    answer = an_installation(base, TWO_QUEUES).call("logs", "7")

    assert answer.code == 4
    assert answer.err == (
        "tinyscheduler: task 7 has no run here "
        "(tinyscheduler explain 7 says why; task list --all shows what there is)\n"
    )


def a_run_that_waits(base: Path, folder: Path) -> tuple[Path, Installation]:
    """Says hello, and bye when its gate is made; the gate and its house."""
    gate = folder / "gate"
    house = an_installation(base, [an_agent("dev-1", script=waiting_for(gate, first="echo hello"))])
    house.well("task", "add", "wait", "--queue", "dev")
    house.well("run", "--once")
    return gate, house


def test_logs_follow_until_the_run_is_over(base: Path, tmp_path: Path) -> None:
    gate, house = a_run_that_waits(base, tmp_path)
    following = house.start("logs", "1", "-f")
    with ended(house, gate):
        assert following.stdout is not None
        first = following.stdout.readline()
        gate.touch()
        rest, complaint = following.communicate(timeout=20)

    assert first.endswith(" hello\n")
    assert rest.endswith(" bye\n")
    assert (following.returncode, complaint) == (0, "")


def test_leaving_a_follower_is_130_and_leaves_the_run_alone(base: Path, tmp_path: Path) -> None:
    gate, house = a_run_that_waits(base, tmp_path)
    following = house.start("logs", "1", "-f")
    with ended(house, gate):
        assert following.stdout is not None
        following.stdout.readline()
        following.send_signal(signal.SIGINT)
        _, complaint = following.communicate(timeout=20)
        assert house.leases() == ["1"]

    assert (following.returncode, complaint) == (130, "")


def test_follower_of_a_killed_run_ends(base: Path, tmp_path: Path) -> None:
    """Nobody will ever write the end into its lease but the next pass."""
    gate, house = a_run_that_waits(base, tmp_path)
    with ended(house, gate):
        wait_until(lambda: house.lease("1")["state"] == "running")
        os.kill(int(str(house.lease("1")["pid"])), signal.SIGKILL)
        answer = house.call("logs", "1", "-f")
        house.well("run", "--once")

    assert answer.code == 0
