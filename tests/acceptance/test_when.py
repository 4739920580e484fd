"""Active hours, a busy machine, a command that says no: from the command line (features D14, D18, D19)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.asking import MakeScene
from tests.acceptance.scene import Scene, gated
from tests.integration.commands import rows


@pytest.fixture
def scene(a_scene: MakeScene) -> Scene:
    scene = a_scene(gated("dev-1"))
    scene.seed(1)
    return scene


def held(scene: Scene) -> dict[str, object]:
    plan = json.loads(scene.well("run", "--dry-run", "--json"))
    entry = plan["held"][0] if plan["held"] else {}
    assert isinstance(entry, dict)
    return entry


def not_now() -> str:
    """Hours that begin in two hours and end in three."""
    start = datetime.now(UTC) + timedelta(hours=2)
    return f"{start:%H:%M}-{start + timedelta(hours=1):%H:%M} UTC"


def test_closed_queue_starts_nothing_and_says_when_it_opens(scene: Scene) -> None:
    hours = not_now()
    scene.tables(f'[hours.queues]\ndev = "{hours}"\n')
    scene.once()

    entry = held(scene)
    told = scene.well("explain", "1")
    top = scene.well("status").splitlines()[0]
    scene.tables('[hours.queues]\ndev = "00:00-24:00"\n')
    before = scene.disk.leases()
    scene.once()

    assert before == []
    assert (entry["reason"], entry["value"]) == ("inactive_hours", f"queue dev works {hours}")
    opens_at = datetime.fromisoformat(str(entry["next"]))
    assert timedelta(hours=1) < opens_at - datetime.now(UTC) < timedelta(hours=2, minutes=1)
    assert f"queue dev works {hours}" in told
    assert top.startswith("note  1 task held as inactive_hours until ")
    assert f": queue dev works {hours} (wait, or change [hours] in tinyscheduler.toml)" in top
    assert scene.disk.leases() == ["1"]


def test_agent_outside_of_its_hours_goes_on_and_gets_nothing_new(scene: Scene) -> None:
    scene.once()
    scene.wait_for_running("1")
    scene.seed(1)
    scene.control(gated("dev-1", slots=2, activeHours=[not_now()]))

    scene.once()

    assert scene.disk.working() == ["1"]
    assert held(scene)["reason"] == "inactive_hours"


def test_busy_machine_starts_nothing_new(scene: Scene) -> None:
    (scene.base / "tinyscheduler.toml").write_text("[pressure]\nfree_memory_mb = 0\nload_per_core = 0.0\n")
    free = held(scene)
    # More than any machine has free; a quarter of it is the most that is kept.
    (scene.base / "tinyscheduler.toml").write_text("[pressure]\nload_per_core = 0.000001\n")
    scene.once()

    assert free == {}
    assert scene.disk.leases() == []
    assert held(scene)["reason"] == "pressure"
    assert scene.well("status").startswith("note  1 task held as pressure: load ")
    notes = rows(json.loads(scene.well("status", "--json"))["notes"])
    assert [note["ref"] for note in notes] == ["pressure"]


def test_command_that_says_no_denies_with_its_reason_and_no_error(scene: Scene) -> None:
    hook = a_hook(scene, 'cat >"$0.asked"; echo "no budget today"; exit 1')
    scene.tables(f'[hooks]\npre_start = ["{hook}"]\n')

    report = scene.once_json()
    told = scene.well("explain", "1")
    scene.once()
    entry = held(scene)
    asked = json.loads(Path(f"{hook}.asked").read_text())
    a_hook(scene, "exit 0")
    scene.well("retry", "1", "--wait")

    assert [result["result"] for result in rows(report["results"])] == ["held"]
    assert (asked["kind"], asked["task_id"], asked["agent"], asked["attempt"]) == (
        "pre_start",
        1,
        "dev-1",
        1,
    )
    assert asked["task"]["title"] == "task 0"
    assert "pre_start said: no budget today" in told
    assert (entry["reason"], entry["value"]) == ("denied", "pre_start said: no budget today")
    assert scene.comments("1") == ["Not started: no budget today"]
    assert scene.task("1")["status"] == "working"
    assert [fact["reason"] for fact in scene.disk.events("start_denied")] == ["no budget today"]


def test_command_that_cannot_be_run_denies_and_is_a_fault(scene: Scene) -> None:
    scene.tables('[hooks]\npre_start = ["./nowhere"]\n')

    answer = scene.call("run", "--once")

    assert answer.code == 1
    status = scene.call("status")

    assert "pre_start gave no answer about task 1" in answer.err
    assert answer.err.count("\n") == 1
    assert scene.disk.leases() == []
    assert status.code == 1
    assert "PROBLEM  the last pass ended with exit code 1: pre_start gave no answer" in status.out
    assert ": pre_start gave no answer: " in status.out
    assert str(held(scene)["lever"]).startswith("mend the command in [hooks]")
    assert scene.comments("1") == []


def test_denied_task_leaves_its_slot_to_the_next_one(scene: Scene) -> None:
    scene.seed(1)
    hook = a_hook(scene, "grep -q '\"task_id\": 1,' && exit 1; exit 0")
    scene.tables(f'[hooks]\npre_start = ["{hook}"]\n')

    scene.once()

    assert scene.disk.leases() == ["2"]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ('[hours.queues]\ndev = "Mon-Fry 10:00-11:00"\n', "'Fry' is no day"),
        ('[hours.queues]\ndev = "10:00-11:00 Europe/Nowhere"\n', "there is no time zone"),
        ('[hours]\ndev = "10:00-11:00"\n', "there is no such key"),
        ("load_per_core = -1.0\n", "pressure.load_per_core"),
        ('[hooks]\npre_start = [""]\n', "it names no program"),
        ("[hooks]\npre_start = 7\n", "pre_start"),
    ],
)
def test_tables_that_mean_nothing_are_faults_with_their_place(scene: Scene, tables: str, words: str) -> None:
    scene.tables(tables)

    answer = scene.call("validate-config")

    assert answer.code == 2
    assert words in answer.out + answer.err
    assert "tinyscheduler.toml" in answer.out + answer.err


def test_hook_that_is_not_there_and_hours_of_nobody_are_told_before_anything_starts(scene: Scene) -> None:
    scene.tables('[hooks]\npre_start = ["./nowhere"]\n')
    missing = scene.call("validate-config")
    scene.tables('[hooks]\npre_start = ["sh"]\n[hours.queues]\ndve = "10:00-11:00"\n')
    mistyped = scene.call("validate-config")

    assert (missing.code, mistyped.code) == (2, 0)
    assert f"there is no program {scene.base}/nowhere" in missing.out + missing.err
    assert "[hours.queues] names dve, a queue that no agent serves" in mistyped.out + mistyped.err


def a_hook(scene: Scene, script: str) -> Path:
    path = scene.base / "may-start"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
