"""Drain, emergency stop, kick and messages from the command line (features E2, E5)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.asking import MakeScene, a_running_scene
from tests.acceptance.scene import gated
from tests.waiting import wait_until

STUBBORN = "trap '' TERM"


def test_drain_waits_for_what_runs_and_starts_nothing(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    scene.seed(1)

    late = scene.call("drain", "--timeout", "1", "--reason", "a reboot")
    scene.open_gate()
    done = scene.call("drain", "--timeout", "30", "--json")
    waiting = scene.well("explain", "2")
    scene.well("resume")
    scene.once()

    told = "after 1 s 1 lease is left: task 1; nothing new starts until tinyscheduler resume; "
    assert (late.code, late.out) == (5, f"{told}tinyscheduler status says how they stand\n")
    assert (done.code, json.loads(done.out)["leases"]) == (0, [])
    assert "everything is paused" in waiting
    assert scene.disk.outcomes("1") == ["succeeded"]
    assert scene.task("1")["status"] == "complete"
    assert [str(fact["task_id"]) for fact in scene.disk.events("run_started")] == ["1", "2"]


def test_estop_ends_everything_now_and_nothing_starts_until_it_is_cleared(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene, 2, before=STUBBORN)
    scene.configure(RETRY_BASE_SEC=0)

    told = scene.well("estop", "--reason", "an agent pushes to main")
    left = scene.disk.tagged()
    again = scene.well("estop")
    text = (scene.state / "ESTOP").read_text()
    scene.once()
    stopped = scene.disk.leases()
    cleared = scene.well("estop", "--clear")
    scene.once()

    assert told == again == "everything is stopped and nothing starts; tinyscheduler estop --clear ends it\n"
    assert left == []
    assert text.endswith(": an agent pushes to main\n")
    assert stopped == []
    assert scene.disk.outcomes("1") == ["interrupted"]
    assert cleared.startswith("ESTOP is cleared")
    assert scene.disk.leases() == ["1", "2"]


def test_kick_is_a_pass_now(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    scene.seed(1)

    told = scene.well("kick")

    assert "1 started" in told
    assert scene.disk.leases() == ["1"]


def test_kick_tells_programs_what_run_tells_them(a_scene: MakeScene) -> None:
    """Also that a pass is at work, which is an answer and no failure."""
    scene = a_scene(gated("dev-1"))
    (task,) = scene.seed(1)

    told = json.loads(scene.well("kick", "--json"))
    scene.wait_for_running(task)
    with scene.pass_lock():
        busy = scene.call("kick", "--json")

    assert (told["kind"], told["exit"]) == ("kick", 0)
    assert [(result["kind"], result["task_id"]) for result in told["results"]] == [("start", 1)]
    assert (busy.code, busy.json()["exit"], busy.json()["results"]) == (0, 0, [])


def test_kick_is_a_pass_now_also_beside_a_daemon(a_scene: MakeScene) -> None:
    """It is not made by the daemon, and whoever asked sees no difference."""
    scene = a_scene(gated("dev-1"))
    scene.once()
    before = scene.disk.passes()
    daemon = scene.start("run", "--daemon", "--loop-interval", "60")
    wait_until(lambda: scene.disk.passes() > before, "its first pass is over")
    scene.seed(1)

    told = scene.well("kick")

    assert "1 started" in told
    assert scene.disk.leases() == ["1"]
    assert daemon.poll() is None


def test_message_reaches_the_inbox_of_the_agent_at_work(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)

    told = scene.well("send", "1", "use PostgreSQL 16")
    sent = json.loads(scene.well("send", "1", "and `nothing` $else", "--json"))

    inbox = Path(str(scene.disk.lease("1")["run_dir"])) / "inbox.md"
    lines = inbox.read_text().splitlines()
    assert told == "task 1: it is in the inbox of dev-1, attempt 1\n"
    assert [sent[name] for name in ("kind", "exit", "task_id", "agent", "attempt")] == [
        "send", 0, 1, "dev-1", 1,
    ]  # fmt: skip
    assert [line for line in lines if not line.startswith("## ")] == [
        "",
        "use PostgreSQL 16",
        "",
        "",
        "and `nothing` $else",
        "",
    ]
    assert inbox.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("send", "1", "hello"), 4, "task 1 does not run"),
        (("send", "1"), 2, "give the message"),
        (("send", "1", "hello", "--stdin"), 2, "give the message"),
        (("send", "1", "  "), 2, "the message is empty"),
        (("send", "1", "x" * 70_000), 2, "longer than"),
        (("drain", "--timeout", "soon"), 2, "is not a number of seconds"),
        (("estop", "--clear", "--reason", "x"), 2, "--clear needs no reason"),
    ],
)
def test_what_makes_no_sense_is_one_line(
    a_scene: MakeScene, arguments: tuple[str, ...], code: int, words: str
) -> None:
    scene = a_scene(gated("dev-1"))
    scene.seed(1)

    answer = scene.call(*arguments)

    assert (answer.code, answer.err.count("\n")) == (code, 1)
    assert words in answer.err
    assert not (scene.state / "ESTOP").exists()


def test_inbox_that_an_agent_has_made_a_link_is_not_written_through(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    victim = scene.base / "victim"
    victim.write_text("mine")
    inbox = Path(str(scene.disk.lease("1")["run_dir"])) / "inbox.md"
    inbox.symlink_to(victim)

    answer = scene.call("send", "1", "hello")

    assert (answer.code, "symbolic link" in answer.err) == (1, True)
    assert victim.read_text() == "mine"


def test_drain_ends_when_somebody_resumes(a_scene: MakeScene) -> None:
    """It would wait for the end of what is started again and again."""
    scene = a_running_scene(a_scene)
    drain = scene.start("drain", "--timeout", "60")
    wait_until((scene.state / "pauses" / "all.json").exists, "it has paused")

    scene.well("resume")
    out, err = drain.communicate(timeout=30)

    assert (drain.returncode, out) == (4, "")
    assert "somebody has resumed" in err


def test_two_drains_end_together(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    drains = [scene.start("drain", "--timeout", "60") for _ in range(2)]
    wait_until((scene.state / "pauses" / "all.json").exists, "it has paused")

    scene.open_gate()

    assert [drain.wait(timeout=60) for drain in drains] == [0, 0]
    assert scene.disk.leases() == []


def test_emergency_stop_works_while_agent_control_is_half_written(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    (scene.base / "agent-control.json").write_text("[{")

    answer = scene.call("estop", "--reason", "an agent pushes to main", "--json")
    status = scene.call("status")

    assert (answer.code, json.loads(answer.out)["running"]) == (0, [])
    assert answer.err.startswith("tinyscheduler: the settings do not hold")
    assert scene.disk.tagged() == []
    assert ": an agent pushes to main)" in status.out.splitlines()[1]
    assert "tinyscheduler estop --clear" in status.out


def test_clearing_says_what_still_runs(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)

    cleared = json.loads(scene.well("estop", "--clear", "--json"))

    assert (cleared["estopped"], cleared["running"]) == (False, [1])


@pytest.mark.parametrize("kind", ["folder", "link", "binary"])
def test_estop_by_hand_is_whatever_has_the_name(a_scene: MakeScene, kind: str) -> None:
    scene = a_scene(gated("dev-1"))
    scene.seed(1)
    path = scene.state / "ESTOP"
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("/nowhere")
    else:
        path.write_bytes(b"\xff\x1b[2J\n\0")

    scene.once()
    status = scene.call("status")
    cleared = scene.call("estop", "--clear")

    assert scene.disk.leases() == []
    assert "ESTOP: everything is stopped" in status.out
    assert "\x1b" not in status.out
    assert cleared.code == (1 if kind == "folder" else 0)
    assert path.exists() == (kind == "folder")


def test_dry_run_holds_back_what_acts_wherever_it_is_set(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    scene.seed(1)
    path = str(scene.base / "plan.json")
    scene.well("plan", "--out", path)
    scene.configure(DRY_RUN="true")

    waits = [[kind, "1", "--reason", "test", "--wait"] for kind in ("stop", "park", "retry", "requeue")]
    answers = [scene.call(*words) for words in (["kick"], ["drain"], ["apply", path], *waits)]
    asked = scene.call("park", "1")

    assert [answer.code for answer in answers] == [4] * 7
    assert {answer.err.partition(" (")[0] for answer in answers} == {
        "tinyscheduler: DRY_RUN is set, so nothing is done"
    }
    assert scene.disk.leases() == []
    assert not (scene.state / "pauses").exists()
    assert (asked.code, asked.err) == (
        0, "tinyscheduler: DRY_RUN is set: no pass does what you ask until it is not\n"
    )  # fmt: skip
