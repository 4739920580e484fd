"""Broken files and folders: one clear line, the documented exit code, and nothing lost (issue 2)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene, gated
from tests.acceptance.speech import the_line
from tests.integration.commands import an_agent, rows
from tests.integration.wrapping import is_alive
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]

BROKEN: dict[str, Callable[[Path], object]] = {
    "torn": lambda path: path.write_text("{"),
    "empty": lambda path: path.write_text(""),
    "no text": lambda path: path.write_bytes(b"\xff\x00\xfe"),
    "another shape": lambda path: path.write_text("[1, 2]"),
    "fields missing": lambda path: path.write_text("{}"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "large": lambda path: path.write_bytes(b" " * 2_000_000),
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a link": lambda path: path.symlink_to("/etc/passwd"),
}
"""Ways for a file to be of no use; each makes one."""


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()


# --- leases, ledgers, orders ---------------------------------------------------------------------


def test_broken_leases_are_named_and_set_aside_and_their_tasks_are_done(a_scene: MakeScene) -> None:
    """Ten of them in ten ways, none with a run behind it: held in the pass that finds them, done in the
    next; the eleventh task is done at once."""
    scene = a_scene(an_agent("dev-1", slots=20), MAX_PARALLEL=20)
    scene.once()
    *broken, healthy = scene.seed(len(BROKEN) + 1)
    paths = [scene.state / "running" / f"task_{task_id}.json" for task_id in broken]
    for path, spoil in zip(paths, BROKEN.values(), strict=True):
        spoil(path)

    answer = scene.call("run", "--once")
    wait_until(lambda: scene.disk.statuses_by_store()[healthy] == "complete", "the healthy task is done")
    scene.call("run", "--once")
    scene.wait_for_rest()

    assert (answer.code, answer.out) == (1, "")
    lines = answer.err.splitlines()
    assert len(lines) == len(BROKEN)
    for path in paths:
        assert any(f"{path}: " in line and "moved to quarantine" in line for line in lines), path
    assert len(list((scene.state / "quarantine").iterdir())) >= len(BROKEN)
    assert set(scene.statuses().values()) == {"complete"}


def test_garbled_lease_of_a_running_agent_is_written_anew(a_scene: MakeScene) -> None:
    """By its wrapper at the next beat: the same agent goes on, and its work is done once."""
    scene = a_scene(gated("dev-1"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    before = scene.disk.lease(task_id)
    path = scene.state / "running" / f"task_{task_id}.json"
    path.write_text('{"garbled": ')
    wait_until(lambda: path.read_text().endswith("}\n") or '"pid"' in path.read_text(), "it is mended")
    after = scene.disk.lease(task_id)
    scene.open_gate()
    scene.wait_for_rest()

    same = ("lease_id", "pid", "agent_pid", "attempt", "generation")
    assert [before[name] for name in same] == [after[name] for name in same]
    assert scene.statuses() == {task_id: "complete"}
    assert scene.disk.begun() == [task_id]


@pytest.mark.parametrize("way", ["torn", "a folder"])
def test_broken_ledger_holds_its_task_and_is_left_as_it_is(a_scene: MakeScene, way: str) -> None:
    """Nobody can say what its runs have cost."""
    scene = a_scene(an_agent("dev-1", slots=2))
    scene.once()
    spoilt, healthy = scene.seed(2)
    path = scene.state / "ledger" / f"task_{spoilt}.json"
    BROKEN[way](path)
    content = path.read_bytes() if path.is_file() else b""

    told = scene.call("run", "--once", "--json").json()
    wait_until(lambda: scene.disk.statuses_by_store()[healthy] == "complete", "the healthy task is done")
    lever = scene.well("explain", spoilt)
    still = path.read_bytes() if path.is_file() else b""
    scene.wait_for_rest()
    remove(path)
    scene.once()
    scene.wait_for_rest()

    assert scene.held(told) == {spoilt: "ledger_unreadable"}
    assert f"mend or remove {path}" in lever
    assert still == content
    assert set(scene.statuses().values()) == {"complete"}


def test_broken_ledger_is_one_line_and_1(a_scene: MakeScene) -> None:
    """As ``status`` has it: something of ours is broken, and nobody reads plans under cron."""
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    (task_id,) = scene.seed(1)
    path = scene.state / "ledger" / f"task_{task_id}.json"
    path.write_text("{")

    line = the_line(scene.call("run", "--once"), 1)

    assert str(path) in line


def test_order_that_cannot_be_written_is_one_line_and_the_next_pass_goes_on(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    (task_id,) = scene.seed(1)
    in_the_way = scene.state / "runs" / f"task_{task_id}" / "1" / "order.json"
    in_the_way.mkdir(parents=True)

    line = the_line(scene.call("run", "--once"), 1)
    left = (scene.disk.leases(), scene.statuses())
    in_the_way.rmdir()
    scene.once()
    scene.wait_for_rest()

    assert str(in_the_way.parent) in line
    assert left == ([], {task_id: "idle"})
    assert scene.statuses() == {task_id: "complete"}


@pytest.mark.parametrize("way", ["torn", "empty", "fields missing", "a folder", "a pipe", "large"])
def test_wrapper_with_a_broken_order_starts_nothing_and_says_why(a_scene: MakeScene, way: str) -> None:
    """Its words go to the run folder; it is not started by people."""
    scene = a_scene(an_agent("dev-1"))
    order = scene.base / "order.json"
    BROKEN[way](order)

    answer = scene.call("wrap", str(order))

    assert (answer.code, answer.out) == (2, "")
    assert len(answer.err.splitlines()) == 1
    assert str(order) in answer.err


# --- settings and agents -------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["torn", "no text", "large", "a folder"])
def test_broken_agent_control_stops_everything_and_loses_nothing(a_scene: MakeScene, way: str) -> None:
    """Agents that run go on; their end becomes a pass that stops at the same fault, and the result waits."""
    scene = a_scene(gated("dev-1"))
    scene.seed(2)
    scene.once()
    scene.wait_for_running("1")
    control = scene.base / "agent-control.json"
    good = control.read_text()
    control.unlink()
    if way == "large":
        control.write_bytes(b"[" + b" " * 10_000_000 + b"]")
    else:
        BROKEN[way](control)

    answer = scene.call("run", "--once")
    scene.open_gate()
    wait_until(lambda: scene.disk.lease("1")["state"] == "finished", "the agent has ended")
    wait_until(lambda: not is_alive(int(str(scene.disk.lease("1")["pid"]))), "and its pass as well")
    left = scene.disk.leases()
    remove(control)
    control.write_text(good)
    scene.call("run", "--once")
    scene.wait_for_rest()

    assert (answer.code, answer.out) == (2, "")
    head, *faults = answer.err.splitlines()
    assert head.startswith("tinyscheduler: the configuration has a fault (")
    assert len(faults) == 1
    assert str(control) in faults[0]
    assert left == ["1"]
    assert set(scene.statuses().values()) == {"complete"}
    assert scene.disk.begun() == ["1", "2"]


@pytest.mark.parametrize(
    "field",
    [{"agentName": "a/../b"}, {"agentName": ".."}, {"agentType": "../b"}, {"agentType": ["dev", "a b"]}],
)
def test_name_that_would_be_a_path_is_refused(a_scene: MakeScene, field: dict[str, object]) -> None:
    scene = a_scene({**an_agent("dev-1"), **field})

    answer = scene.call("run", "--once")

    assert answer.code == 2
    _head, fault = answer.err.splitlines()
    assert f"agent-control.json[0].{next(iter(field))}" in fault
    assert "letters, digits, _ and -" in fault
    assert not scene.state.exists()


@pytest.mark.parametrize("program", ["no-such-program", "/etc/passwd"])
def test_task_of_an_agent_without_a_program_goes_back_unspent(a_scene: MakeScene, program: str) -> None:
    """And is done by the same agent once its program is there."""
    scene = a_scene({**an_agent("dev-1"), "command": [program]}, RETRY_BASE_SEC=1)
    (task_id,) = scene.seed(1)
    scene.call("run", "--once")
    wait_until(lambda: "start_failed" in scene.disk.outcomes(task_id), "the start has failed")
    noted = scene.well("validate-config")
    scene.control(an_agent("dev-1"))
    wait_until(
        lambda: scene.call("run", "--once").code in (0, 75) and scene.statuses()[task_id] == "complete",
        "done",
    )
    # The server is told before the ledger is.
    scene.wait_for_rest()

    assert program in noted
    assert set(scene.disk.outcomes(task_id)[:-1]) == {"start_failed"}
    assert not any(outcome["spent"] for outcome in rows(scene.disk.ledger(task_id)["outcomes"]))
    assert not any("lease" in text for text in scene.comments(task_id)[:-1]), "no comment a minute for ever"


def test_agent_without_a_program_is_named_where_people_look(a_scene: MakeScene) -> None:
    """What, where, how to mend: otherwise its tasks wait for ever, a minute at a time."""
    scene = a_scene({**an_agent("dev-1"), "command": ["/nowhere/agent"]}, RETRY_BASE_SEC=3600)
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_rest()

    assert "/nowhere/agent" in scene.well("explain", task_id)
    assert "/nowhere/agent" in scene.call("status").out


@pytest.mark.parametrize("place", ["agent-control.json/x", "/proc/nowhere"])
def test_workspace_that_cannot_be_made_is_one_line(a_scene: MakeScene, place: str) -> None:
    scene = a_scene(an_agent("dev-1", workspace=place))
    scene.once()
    (task_id,) = scene.seed(1)

    line = the_line(scene.call("run", "--once"), 1)
    left = (scene.disk.leases(), scene.statuses())
    scene.control(an_agent("dev-1"))
    scene.once()
    scene.wait_for_rest()

    assert f"task {task_id}: the workspace " in line
    assert place in line
    assert left == ([], {task_id: "idle"})
    assert scene.statuses() == {task_id: "complete"}


def test_full_slot_table_is_no_trouble(a_scene: MakeScene) -> None:
    """Silent, 0, and a reason with a lever for each task that waits."""
    scene = a_scene(an_agent("dev-1", slots=2, script="exec sleep 60"))
    running = scene.seed(2)
    scene.once()
    waiting = scene.seed(3)

    scene.once()
    told = scene.once_json()

    assert scene.disk.leases() == running
    assert scene.held(told) == dict.fromkeys(waiting, "agent_full")
    assert "set maxConcurrency of dev-1 to 3" in scene.well("explain", waiting[0])
