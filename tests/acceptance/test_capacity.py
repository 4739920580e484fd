"""Slots, caps and order, from task to lease (features D1 to D7)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.acceptance.disk import Json
from tests.acceptance.scene import SCRIPTED_AGENT, Scene
from tests.integration.commands import an_agent

MakeScene = Callable[..., Scene]
LONG = "exec sleep 60"


def started(told: Json) -> list[tuple[object, object]]:
    """Task and agent, in the order of the starts."""
    rows = told["results"]
    assert isinstance(rows, list)
    return [
        (row["task_id"], row["agent"]) for row in rows if row["kind"] == "start" and row["result"] == "done"
    ]


def per_agent(scene: Scene) -> dict[object, int]:
    """Leases by agent, from the files."""
    found: dict[object, int] = {}
    for task_id in scene.disk.leases():
        name = scene.disk.lease(task_id)["agent_name"]
        found[name] = found.get(name, 0) + 1
    return found


def test_cap_of_five_holds_with_three_agents_of_three_slots(a_scene: MakeScene) -> None:
    """Features D2; at the cap tasks wait without an error, also in the passes after it."""
    scene = a_scene(*[an_agent(f"dev-{n}", slots=3, script=LONG) for n in (1, 2, 3)])
    scene.seed(9)

    scene.once()
    told = scene.once_json()

    assert len(scene.disk.leases()) == 5
    assert sorted(per_agent(scene).values()) == [1, 2, 2]
    reasons = list(scene.held(told).values())
    assert (reasons.count("leased"), reasons.count("global_cap")) == (0, 4)
    scene.wait_for_running(*scene.disk.leases())
    assert len(scene.disk.tagged()) == 10, "a wrapper and an agent for each"


def test_caps_of_queue_account_and_tag(a_scene: MakeScene) -> None:
    scene = a_scene(
        an_agent("dev-1", slots=9, script=LONG),
        an_agent("qa-1", queue="qa", slots=9, script=LONG, account="one"),
        an_agent("qa-2", queue="qa", slots=9, script=LONG, account="one"),
        an_agent("big-1", queue="big", slots=9, script=LONG),
        MAX_PARALLEL=50,
        QUEUE_LIMITS="dev:2",
        ACCOUNT_LIMITS='{"one": 3}',
        TAG_LIMITS="heavy:1",
    )
    scene.seed(4)
    scene.seed(5, queue_name="qa")
    scene.seed(3, queue_name="big", tags=("heavy",))

    told = scene.once_json()

    queues = [scene.disk.lease(task_id)["queue"] for task_id in scene.disk.leases()]
    assert {queue: queues.count(queue) for queue in queues} == {"dev": 2, "qa": 3, "big": 1}
    reasons = list(scene.held(told).values())
    assert {reason: reasons.count(reason) for reason in reasons} == {"queue_cap": 4, "agent_full": 2}


@pytest.mark.parametrize(
    ("flags", "settings", "slots"),
    [
        ((), {}, 1),
        ((), {"AGENT_LIMITS": "dev-1:2"}, 2),
        ((), {"AGENT_LIMITS": '{"dev-1": 2}'}, 2),
        (("--agent-limit", "dev-1=3"), {"AGENT_LIMITS": "dev-1:2"}, 3),
        (("--agent-limit", "dev-1=0"), {"AGENT_LIMITS": "dev-1:2"}, 0),
    ],
)
def test_flag_beats_setting_beats_file(
    a_scene: MakeScene, flags: tuple[str, ...], settings: dict[str, str], slots: int
) -> None:
    """Features D1."""
    scene = a_scene(an_agent("dev-1", slots=1, script=LONG), **settings)
    scene.seed(4)

    scene.once(*flags)

    assert len(scene.disk.leases()) == slots


def test_no_slots_by_omission_is_said(a_scene: MakeScene) -> None:
    """By the commands that people ask; a pass stays silent, cron would mail it each minute."""
    scene = a_scene({"agentName": "dev-1", "agentType": "dev", "command": ["true"]})
    scene.seed(1)

    told = scene.once_json()

    assert scene.disk.leases() == []
    assert scene.held(told) == {"1": "no_agent"}
    assert "dev-1: 0 slots" in str(told["held"])
    assert "dev-1 has 0 slots" in scene.well("status")
    assert "dev-1" in scene.well("validate-config")


def test_agent_with_most_free_slots_gets_the_task_then_weight_then_name(a_scene: MakeScene) -> None:
    """Features D3."""
    scene = a_scene(
        an_agent("anna", slots=1, script=LONG),
        an_agent("bob", slots=2, script=LONG),
        an_agent("carl", slots=1, script=LONG, weight=5),
        MAX_PARALLEL=9,
    )
    scene.seed(4)

    told = scene.once_json()

    # bob has two free; then all have one, and weight decides before the name.
    assert [agent for _, agent in started(told)] == ["bob", "carl", "anna", "bob"]


def test_assigned_and_unassigned_tasks_compete_by_one_order(a_scene: MakeScene) -> None:
    """Features D4: from the same slots; being assigned is no privilege and no disadvantage."""
    scene = a_scene(an_agent("dev-1", slots=3, script=LONG))
    low, high = (
        scene.seed(1, assigned_to="dev-1", queue_name=None, priority=1)[0],
        scene.seed(1, priority=5)[0],
    )
    middle = scene.seed(1, assigned_to="dev-1", priority=3)[0]
    scene.seed(1, priority=0)

    told = scene.once_json()

    assert [task for task, _ in started(told)] == [int(high), int(middle), int(low)]
    assert scene.task(low)["assigned_to"] == "dev-1"


def test_task_goes_back_to_where_it_came_from(a_scene: MakeScene) -> None:
    """A pool task to the pool, an assigned one to its assignee (design 7)."""
    scene = a_scene(an_agent("dev-1", slots=2, script="exit 1"))
    pool, assigned = scene.seed(1)[0], scene.seed(1, assigned_to="dev-1", queue_name=None)[0]

    scene.once()
    scene.wait_for_rest()

    assert (scene.task(pool)["status"], scene.task(pool)["assigned_to"]) == ("idle", None)
    assert (scene.task(assigned)["status"], scene.task(assigned)["assigned_to"]) == ("idle", "dev-1")


def test_legacy_mode_serves_assigned_tasks_of_the_agents_in_the_limits(a_scene: MakeScene) -> None:
    """Features D5: no agent-control file."""
    scene = a_scene(AGENT_LIMITS="bob:1,eve:1", AGENT_COMMAND=SCRIPTED_AGENT)
    bobs, eves = scene.seed(1, assigned_to="bob", queue_name=None), scene.seed(1, assigned_to="eve")
    (nobodys,) = scene.seed(1)
    (zeds,) = scene.seed(1, assigned_to="zed")

    scene.once()
    scene.wait_for_rest()

    assert scene.statuses() == {bobs[0]: "complete", eves[0]: "complete", nobodys: "idle", zeds: "idle"}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "",
        "[]x",
        '{"agentName": "a"}',
        '[{"agentName": "dev-1"}]',
        '[{"agentName": "a/../b", "agentType": "dev"}]',
    ],
)
def test_broken_agent_control_is_never_legacy_mode(a_scene: MakeScene, text: str) -> None:
    scene = a_scene(AGENT_LIMITS="bob:1", AGENT_COMMAND=SCRIPTED_AGENT)
    scene.seed(1, assigned_to="bob", queue_name=None)
    (scene.base / "agent-control.json").write_text(text)

    answer = scene.call("run", "--once")

    assert (answer.code, answer.out) == (2, "")
    assert "agent-control.json" in answer.err
    assert "Traceback" not in answer.err
    assert scene.disk.leases() == []
    assert scene.disk.statuses_by_store() == {"1": "idle"}


def test_in_a_band_blockers_first_then_priority_then_age_then_id(a_scene: MakeScene) -> None:
    """Features D6, seen in the order of the starts; the band comes before (contracts, Order of starts)."""
    scene = a_scene(an_agent("dev-1", slots=9, script=LONG), MAX_PARALLEL=9)
    young, blocker_of_one, sooner, blocker_of_two, urgent = (
        scene.seed(1, priority=priority)[0] for priority in (1, 1, 4, 0, 9)
    )
    scene.seed(1, blocked_by_task_id=int(blocker_of_one))
    # Counted over everything that is seen: one of the two waits in another queue.
    scene.seed(1, blocked_by_task_id=int(blocker_of_two))
    scene.seed(1, blocked_by_task_id=int(blocker_of_two), assigned_to="dev-1", queue_name="elsewhere")

    ranked = [task for task, _ in started(scene.once_json())]

    assert ranked == [int(n) for n in (urgent, blocker_of_two, blocker_of_one, sooner, young)]


def test_disable_blocking_keeps_the_servers_order(a_scene: MakeScene) -> None:
    """Blocked tasks still wait; only the privilege of their blockers is gone."""
    scene = a_scene(an_agent("dev-1", slots=9, script=LONG), MAX_PARALLEL=9)
    blocker, urgent = scene.seed(1, priority=-9)[0], scene.seed(1, priority=9)[0]
    blocked = scene.seed(1, blocked_by_task_id=int(blocker))[0]

    told = scene.once_json("--disable-blocking")

    assert [task for task, _ in started(told)] == [int(urgent), int(blocker)]
    assert scene.held(told) == {blocked: "blocked"}


def test_two_hundred_blocked_urgent_tasks_do_not_hide_the_runnable_one(a_scene: MakeScene) -> None:
    """Features D7: limit 1. The blocker itself is a person's, so nothing of them can run."""
    scene = a_scene(an_agent("dev-1", slots=1, script=LONG))
    (persons,) = scene.seed(1, assigned_to="a-person", queue_name="elsewhere")
    blocked = scene.seed(200, blocked_by_task_id=int(persons), priority=100)
    (runnable,) = scene.seed(1, priority=0)

    told = scene.once_json()

    assert scene.disk.leases() == [runnable]
    assert scene.held(told) == dict.fromkeys(blocked, "blocked")


def test_parent_with_open_children_is_no_work(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1", slots=9, script=LONG))
    parent = scene.add("parent", queue="dev", priority=9)
    child = scene.add("child", queue="dev", parent=parent)

    told = scene.once_json()

    assert scene.disk.leases() == [child]
    assert scene.held(told) == {parent: "parent_open"}


def test_more_tasks_than_are_fetched_is_said(a_scene: MakeScene) -> None:
    """Features D7: reported, and a limit is no failure."""
    scene = a_scene(an_agent("dev-1", script=LONG), MAX_FETCH=5)
    scene.seed(8)

    told = scene.once_json()

    assert told["exit"] == 0
    assert told["limits"] == ["5 tasks fetched, there are more"]
