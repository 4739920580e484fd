"""A plan that a person looks at before it is carried out (features A4)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.asking import MakeScene, a_running_scene
from tests.acceptance.scene import Scene, gated


@pytest.fixture
def scene(a_scene: MakeScene) -> Scene:
    scene = a_scene(gated("dev-1", slots=2))
    scene.seed(3)
    return scene


def a_plan(scene: Scene) -> str:
    path = str(scene.base / "plan.json")
    scene.well("plan", "--out", path)
    return path


def test_plan_is_what_the_dry_run_shows_and_apply_does_it(scene: Scene) -> None:
    path = a_plan(scene)
    dry = json.loads(scene.well("run", "--dry-run", "--json"))
    plan = json.loads(Path(path).read_text())
    before = scene.disk.leases()
    scene.well("apply", path)

    assert [plan[part] for part in ("tend", "start", "held")] == [
        dry[part] for part in ("tend", "start", "held")
    ]
    assert plan["kind"] == "plan"
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert before == []
    assert scene.disk.leases() == ["1", "2"]


def test_plan_is_applied_once(scene: Scene) -> None:
    path = a_plan(scene)
    scene.well("apply", path)

    again = scene.call("apply", path)

    assert again.code == 4
    assert "all that it starts was started by 20" in again.err
    assert "lease 1: was not there; is" in again.err
    assert scene.disk.leases() == ["1", "2"]


def another_task_first(scene: Scene) -> None:
    scene.well("task", "add", "urgent", "--queue", "dev", "--priority", "9")


def a_changed_task(scene: Scene) -> None:
    scene.well("task", "update", "1", "--title", "another title")


def a_pause(scene: Scene) -> None:
    scene.well("pause", "--queue", "qa")


def other_settings(scene: Scene) -> None:
    scene.configure(MAX_PARALLEL=7)


def an_estop(scene: Scene) -> None:
    (scene.state / "ESTOP").touch()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (another_task_first, "start task 2 on dev-1: planned, and now it is held as agent_full"),
        (a_changed_task, "task 1 title: was 'task 0', mark"),
        (other_settings, "setting MAX_PARALLEL: was 5; is 7"),
        (an_estop, "ESTOP: was not there; is there"),
    ],
)
def test_world_that_has_changed_is_refused_with_the_difference(
    scene: Scene, change: Callable[[Scene], None], words: str
) -> None:
    path = a_plan(scene)
    change(scene)

    answer = scene.call("apply", path)

    assert (answer.code, answer.out) == (4, "")
    assert words in answer.err
    assert scene.disk.leases() == []


def test_lease_that_has_changed_in_between_is_refused_with_the_difference(a_scene: MakeScene) -> None:
    scene = a_running_scene(a_scene)
    path = a_plan(scene)
    lease = scene.state / "running/task_1.json"
    lease.write_text(json.dumps({**json.loads(lease.read_text()), "lease_id": "0123456789abcdef"}))

    answer = scene.call("apply", path)

    assert answer.code == 4
    assert "lease 1: was running on dev-1, generation 1" in answer.err


def test_run_that_ends_in_between_only_frees_a_slot(a_scene: MakeScene) -> None:
    """Whatever else may start in it by now waits for the next pass."""
    scene = a_scene(gated("dev-1", slots=1), gated("qa-1", queue="qa", slots=1))
    scene.seed(2)
    scene.once()
    scene.wait_for_running("1")
    scene.seed(1, queue_name="qa")
    path = a_plan(scene)
    scene.end_unsettled("1")

    answer = scene.call("apply", path)

    assert (answer.code, answer.err) == (0, "tinyscheduler: 1 more may start now; the next pass does it\n")
    assert scene.disk.leases() == ["3"]


def test_apply_tends_as_planned_and_starts_nothing_that_was_not(a_scene: MakeScene) -> None:
    """The dead run leaves a slot, for which the plan names nobody."""
    scene = a_running_scene(a_scene)
    scene.seed(1)
    scene.end_unsettled("1")
    path = str(scene.base / "plan.json")
    planned = scene.call("plan", "--out", path)
    plan = json.loads(Path(path).read_text())

    answer = scene.call("apply", path, "--json")

    report = json.loads(answer.out)
    assert [action["kind"] for action in plan["tend"]] == ["settle"]
    named = {action["task_id"] for action in plan["start"]}
    started = {result["task_id"] for result in report["results"] if result["kind"] == "start"}
    assert (planned.code, answer.code) == (0, 0)
    assert started <= named
    assert scene.disk.outcomes("1") == ["succeeded"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"kind": "run"}', '{"kind": "plan", "schema": 1, "exit": 0}', "\0" * 100],
)
def test_rubbish_is_no_plan(scene: Scene, text: str) -> None:
    path = scene.base / "rubbish"
    path.write_text(text)

    answer = scene.call("apply", str(path))

    assert (answer.code, answer.err.count("\n")) == (4, 1)
    assert "is no plan" in answer.err
    assert scene.disk.leases() == []


def test_plan_that_is_old_or_of_another_folder_or_incomplete_is_refused(
    a_scene: MakeScene, scene: Scene
) -> None:
    # The first pass gives a folder its id.
    scene.well("pause")
    scene.once()
    path = Path(a_plan(scene))
    plan = json.loads(path.read_text())
    other = a_scene(gated("dev-1"), name="other")
    other.once()

    said = {}
    odd: dict[str, dict[str, object]] = {
        "old": {"at": "2026-01-01T00:00:00Z"},
        "to come": {"at": "2999-01-01T00:00:00Z"},
        "incomplete": {"exit": 3},
    }
    for name, changes in odd.items():
        path.write_text(json.dumps({**plan, **changes}))
        answer = scene.call("apply", str(path))
        said[name] = (answer.code, answer.err)
    path.write_text(json.dumps(plan))
    elsewhere = other.call("apply", str(path))
    missing = scene.call("apply", "/nowhere/plan.json")

    assert {code for code, _ in said.values()} == {4}
    assert "minutes old" in said["old"][1]
    assert "was made in a time that is still to come: was the clock set back?" in said["to come"][1]
    assert "something failed when it was made" in said["incomplete"][1]
    assert (elsewhere.code, "of another state folder" in elsewhere.err) == (4, True)
    assert (missing.code, "cannot be read" in missing.err) == (4, True)


def test_apply_beside_another_pass_is_refused_as_a_pass_is(scene: Scene) -> None:
    path = a_plan(scene)

    with scene.pass_lock():
        answer = scene.call("apply", path)

    assert answer.code == 75
    assert "another pass is at work, so nothing was done: apply it once more" in answer.err
    assert scene.disk.leases() == []


@pytest.mark.parametrize("target", ["/dev/null", "/nowhere"])
def test_plan_is_written_over_no_link_and_no_device(scene: Scene, target: str) -> None:
    """As root, a file in the place of /dev/stdout would last longer than the plan."""
    link = scene.base / "link"
    link.symlink_to(target)

    answers = [scene.call("plan", "--out", str(path)) for path in (link, "/dev/null", scene.base)]

    assert [answer.code for answer in answers] == [2, 2, 2]
    assert {answer.err.count("\n") for answer in answers} == {1}
    assert link.is_symlink()


def test_task_that_was_tagged_since_is_another_one(scene: Scene) -> None:
    """What it may not run beside, and what it takes, stands in its tags."""
    path = a_plan(scene)
    scene.well("task", "update", "1", "--tag", "write:src")

    answer = scene.call("apply", path)

    assert (answer.code, "task 1 tags: was none; is write:src" in answer.err) == (4, True)
