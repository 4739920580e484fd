"""Whose turn it is: bands, ageing, full queues, tasks that nobody serves (features D7 to D9, D14 to D17)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from tests.acceptance.scene import Scene, gated
from tests.integration.commands import an_agent
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
LONG = "exec sleep 60"
BANDS = {20: "critical", 7: "high", 1: "normal", -5: "low"}


def waiting_longer(scene: Scene, minutes: float) -> None:
    """Everybody who waits has done so since earlier: nobody can for longer than the task is there."""
    path = scene.state / "waiting.json"
    found = json.loads(path.read_text())
    columns = found["columns"]
    for row in found["tasks"].values():
        for name in ("held_since", "since", "starving_since"):
            at = columns.index(name)
            if at < len(row) and row[at] is not None:
                moment = datetime.fromisoformat(row[at]) - timedelta(minutes=minutes)
                row[at] = moment.isoformat()
    path.write_text(json.dumps(found))


def started(scene: Scene) -> list[str]:
    """Ids in the order of their starts."""
    return [str(event["task_id"]) for event in scene.disk.events("run_started")]


def test_bands_take_turns_from_process_to_process(a_scene: MakeScene) -> None:
    """Features D8: twenty starts in a row, each by a pass of its own, are exactly one round."""
    scene = a_scene(an_agent("dev-1", script="true"))
    scene.tables("[bands]\nenabled = true\n")
    bands = {
        task_id: band
        for priority, band in BANDS.items()
        for task_id in scene.seed({20: 16, 7: 12, 1: 9, -5: 7}[priority], priority=priority)
    }

    # Each run that ends becomes the next pass.
    scene.once()
    wait_until(lambda: len(started(scene)) >= 20, "twenty tasks have started", 60)
    (scene.state / "ESTOP").touch()
    scene.wait_for_rest()

    shares = Counter(bands[task_id] for task_id in started(scene)[:20])
    assert shares == {"critical": 10, "high": 6, "normal": 3, "low": 1}


def test_a_low_task_that_has_waited_passes_fresh_urgent_ones(a_scene: MakeScene) -> None:
    """Features D9: one band up for each half hour."""
    scene = a_scene(gated("dev-1"))
    scene.seed(1, priority=50)
    (low,) = scene.seed(1, minutes_ago=100, priority=-1)
    scene.once()
    waiting_longer(scene, 95)
    (high,) = scene.seed(1, priority=7)
    assert "critical" in scene.well("backlog")
    scene.open_gate("1")

    wait_until(lambda: len(started(scene)) > 1, "the next one has started")

    assert started(scene)[1] == low
    assert scene.disk.statuses_by_store()[high] == "idle"


def test_without_ageing_it_waits(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1"))
    scene.tables("[ageing]\nenabled = false\n")
    scene.seed(1, priority=50)
    scene.seed(1, minutes_ago=100, priority=-1)
    scene.once()
    waiting_longer(scene, 95)
    (high,) = scene.seed(1, priority=7)
    scene.open_gate("1")

    wait_until(lambda: len(started(scene)) > 1, "the next one has started")

    assert started(scene)[1] == high


def test_full_queues_use_fewer_slots_and_no_low_task_starts(a_scene: MakeScene) -> None:
    """Features D14: 16 of 20 wait, and 2 of 8 slots are used."""
    scene = a_scene(an_agent("dev-1", slots=8, script=LONG), MAX_PARALLEL=8, MAX_QUEUE_DEPTH=20)
    low = scene.seed(4, priority=-5)
    for priority in (20, 7, 1):
        scene.seed(4, priority=priority)

    told = scene.once_json()

    assert len(scene.disk.leases()) == 2
    assert not set(low) & set(scene.disk.leases())
    assert Counter(scene.held(told).values()) == {"pressure": 14}
    assert "16 of 20 tasks wait (high)" in str(told["held"])
    assert "TINYSCHEDULER_MAX_QUEUE_DEPTH" in scene.well("explain", low[0])


def test_a_full_store_takes_no_more_tasks(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1"), MAX_QUEUE_DEPTH=2)
    scene.seed(2)

    answer = scene.call("task", "add", "one too many", "--queue", "dev")

    assert answer.code != 0
    assert "The queues are full: 2 tasks wait" in answer.err
    assert "TINYSCHEDULER_MAX_QUEUE_DEPTH" in answer.err
    assert len(scene.statuses()) == 2


def test_limits_of_critical_tasks_grow_with_the_queues(a_scene: MakeScene) -> None:
    """Off by default; frozen into the order, and shown."""
    scene = a_scene(an_agent("dev-1", script=LONG), MAX_QUEUE_DEPTH=4, MAX_RUNTIME_SEC=100)
    scene.tables("[depth]\nstretch_critical_limits = true\n")
    first, *_ = scene.seed(4, priority=20)
    assert "5 times as long" in scene.well("explain", first)

    scene.once()

    assert scene.disk.lease(first)["max_runtime_sec"] == 500
    order = json.loads((scene.state / "runs" / f"task_{first}" / "1" / "order.json").read_text())
    assert order["limits"]["hard"] == 500


@pytest.fixture
def unserved(a_scene: MakeScene) -> Scene:
    """One task in a queue that a cap names and nobody serves, found waiting for a while."""
    scene = a_scene(gated("dev-1"), QUEUE_LIMITS="qa:3")
    scene.seed(1, minutes_ago=100, queue_name="qa")
    scene.once()
    waiting_longer(scene, 3)
    scene.once()
    return scene


def test_a_task_that_nobody_serves_is_told_of_once_and_asked_for_once(unserved: Scene) -> None:
    """Features D15."""
    scene = unserved
    waiting_longer(scene, 5.5)
    scene.once()
    assert scene.disk.events("task_starved") == []
    waiting_longer(scene, 1)
    scene.once()
    scene.once()
    assert [event["task_id"] for event in scene.disk.events("task_starved")] == [1]
    assert scene.comments("1") == []
    assert "nobody has served it" in scene.well("status")

    waiting_longer(scene, 4)
    for _ in range(3):
        scene.once()

    (comment,) = scene.comments("1")
    assert "no enabled agent serves queue qa" in comment
    status = scene.call("status")
    assert status.code == 1
    assert "add an agent for queue qa" in status.out

    scene.control(gated("dev-1"), gated("qa-1", queue="qa"))
    scene.once()
    scene.wait_for_running("1")
    assert scene.call("status").code == 0
    assert len(scene.disk.events("task_starved")) == 1
    assert len(scene.comments("1")) == 1


def test_an_agent_on_demand_comes_when_nobody_else_does(unserved: Scene) -> None:
    scene = unserved
    scene.control(gated("dev-1"), gated("qa-9", queue="qa", onDemand=True))
    scene.once()
    assert scene.disk.leases() == []
    waiting_longer(scene, 4.1)

    scene.once()

    assert scene.disk.lease("1")["agent_name"] == "qa-9"


def test_tasks_of_an_agent_that_was_taken_out_are_still_told_of(a_scene: MakeScene) -> None:
    """Features D7: its queue is asked for as long as somebody waits there who was seen in time."""
    scene = a_scene(gated("dev-1"), gated("qa-1", queue="qa"))
    running, waiting = scene.seed(2, queue_name="qa")
    (named,) = scene.seed(1, queue_name=None, assigned_to="qa-1")
    scene.once()
    scene.wait_for_running(running)
    scene.control(gated("dev-1"))

    told = scene.once_json()

    assert scene.held(told) == {waiting: "no_agent", named: "no_agent"}


def test_an_urgent_task_that_waits_for_a_slot_of_a_low_one_is_in_the_journal(a_scene: MakeScene) -> None:
    """Features D17: told once, and nothing is done about it."""
    scene = a_scene(gated("dev-1"))
    scene.seed(1, priority=-1)
    scene.once()
    scene.wait_for_running("1")
    scene.seed(1, priority=20)

    for _ in range(3):
        scene.once()

    (event,) = scene.disk.events("priority_inversion")
    assert (event["task_id"], event["holder"], event["by"]) == (2, 1, "slot")
    assert scene.disk.leases() == ["1"]
