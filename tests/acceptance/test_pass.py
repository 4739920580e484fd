"""``run --once``: what one pass does to the world (features A1 A5)."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable

from tests.acceptance.disk import Tree, looks
from tests.acceptance.program import PROGRAM
from tests.acceptance.scene import Scene, gated
from tests.integration.commands import an_agent
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]

RECORDS = re.compile(r"state|state/(tinyscheduler\.lock|(passes|journal|logs)(/.*)?)")
"""All that a pass may change in a world that stands still (features A1). The folder's own time is among
it: files that SQLite needs while the store is open come and go in it."""


def difference(before: Tree, after: Tree) -> list[str]:
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


def a_world_that_stands_still(a_scene: MakeScene, **settings: object) -> Scene:
    """A running agent, a task that waits for it, one blocked, one parked by nobody's agent."""
    scene = a_scene(an_agent("dev-1", script="exec sleep 60"), HEARTBEAT_SEC=3600, **settings)
    first = scene.add("long", queue="dev")
    scene.add("waits", queue="dev")
    scene.add("blocked", queue="dev", blocked_by=first)
    scene.seed(1, queue_name="nobody's")
    scene.once()
    scene.wait_for_running(first)
    return scene


# --- A1 ----------------------------------------------------------------------------------------


def test_second_pass_over_an_unchanged_world_changes_its_records_only(a_scene: MakeScene) -> None:
    """Contents, modes, inodes and times: not one file is rewritten, not even with the same words."""
    scene = a_world_that_stands_still(a_scene)
    scene.once()
    before = scene.disk.tree()

    scene.once()

    changed = difference(before, scene.disk.tree())
    assert [path for path in changed if not RECORDS.fullmatch(path)] == []
    assert "state/passes/last.json" in changed


def test_second_pass_over_a_server_that_stands_still_writes_nothing_there(a_scene: MakeScene) -> None:
    """The server's database lies in the same folder, so the picture shows it."""
    scene = a_scene(an_agent("dev-1", script="exec sleep 60"), HEARTBEAT_SEC=3600)
    scene.serve()
    first = scene.add("long", queue="dev")
    scene.add("waits", queue="dev")
    scene.once()
    scene.wait_for_running(first)
    scene.once()
    before = scene.disk.tree()

    scene.once()

    assert [path for path in difference(before, scene.disk.tree()) if not RECORDS.fullmatch(path)] == []


def test_trouble_in_one_step_does_not_keep_the_later_ones_from_running(a_scene: MakeScene) -> None:
    """A broken lease, a broken ledger and an agent without a folder; the healthy task is done and the
    pass is recorded all the same."""
    scene = a_scene(
        an_agent("dev-1", slots=3),
        an_agent("bad-1", queue="bad", workspace="agent-control.json/x"),
        an_agent("ok-1", queue="ok"),
    )
    scene.once()
    broken_lease, broken_ledger = scene.add("its lease breaks", queue="dev"), scene.add("ledger", queue="dev")
    no_folder, healthy = scene.add("no workspace", queue="bad", priority=9), scene.add("healthy", queue="ok")
    (scene.state / "running" / f"task_{broken_lease}.json").write_text("{")
    (scene.state / "ledger" / f"task_{broken_ledger}.json").write_text("[]")

    answer = scene.call("run", "--once")

    assert answer.code == 1
    assert len(answer.err.splitlines()) == 3, answer.err
    assert f"running/task_{broken_lease}.json" in answer.err
    assert f"ledger/task_{broken_ledger}.json" in answer.err
    assert f"task {no_folder}: the workspace {scene.base}/agent-control.json/x cannot be made" in answer.err
    wait_until(lambda: scene.statuses()[healthy] == "complete", "the healthy task is done")
    statuses = scene.statuses()
    # It stands for nothing, and is set aside; the next pass may start its task.
    del statuses[broken_lease]
    assert statuses == {broken_ledger: "idle", no_folder: "idle", healthy: "complete"}
    assert [fact["exit"] for fact in scene.disk.events("pass_ended")][:2] == [0, 1]


# --- A5 ----------------------------------------------------------------------------------------


def race(scene: Scene, count: int) -> list[tuple[int, str, str]]:
    """As many passes at once; how each ended."""
    racers = [
        subprocess.Popen(
            [*PROGRAM, "run", "--once"], env=scene.environment(), cwd="/", text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(count)
    ]  # fmt: skip
    ended = []
    for racer in racers:
        out, err = racer.communicate(timeout=45)
        ended.append((racer.returncode, out, err))
    return ended


def test_fifty_passes_at_once_never_work_together(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=5))
    # What fifty of them would all compile at once.
    scene.once()
    tasks = scene.seed(5)
    scene.open_gate()

    ended = race(scene, 50)
    scene.wait_for_rest()

    assert {code for code, _, _ in ended} <= {0, 75}
    assert 0 in {code for code, _, _ in ended}
    assert {out + err for _, out, err in ended} == {""}
    assert looks(scene.disk.journal())
    assert sorted(scene.disk.begun()) == tasks
    assert set(scene.statuses().values()) == {"complete"}


def test_passes_leave_at_once_while_another_one_works(a_scene: MakeScene) -> None:
    """And the lock file is neither unlinked nor truncated by them."""
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    lock = scene.state / "tinyscheduler.lock"
    lock.write_text("whoever holds it\n")
    with scene.pass_lock():
        before = (lock.stat().st_ino, lock.read_text())
        began = time.monotonic()
        answer = scene.call("run", "--once")
        took_s = time.monotonic() - began
        ended = race(scene, 10)
        after = (lock.stat().st_ino, lock.read_text())

    assert tuple(answer) == (75, "", "")
    # 1 s to leave, and as much for a busy machine to start Python.
    assert took_s < 2
    assert ended == [(75, "", "")] * 10
    assert after == before
