"""Tasks that come by the clock, from the command line (features G6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.acceptance.asking import MakeScene
from tests.acceptance.scene import Scene, gated
from tests.waiting import wait_until

TABLES = """
[[schedules]]
name = "often"
every = "1d"
window = "1w"
catch_up = "once"
title = "Look around"
queue = "dev"

[[schedules]]
name = "off"
cron = "@daily"
enabled = false
title = "Not now"
queue = "dev"
"""


@pytest.fixture
def scene(a_scene: MakeScene) -> Scene:
    """The schedules have begun a day ago."""
    scene = a_scene(gated("dev-1"))
    scene.tables(TABLES)
    scene.once()
    begun_before(scene, timedelta(hours=24))
    return scene


def begun_before(scene: Scene, span: timedelta) -> None:
    """As if no pass had looked for so long."""
    path = scene.base / "state" / "schedules.json"
    found = json.loads(path.read_text())
    for row in found["schedules"].values():
        moment = datetime.fromisoformat(row["decided_until"]) - span
        row.update(decided_until=moment.astimezone(UTC).isoformat(), next_at=None)
    path.write_text(json.dumps(found))


def test_a_schedule_is_seen_before_made_once_started_and_remembered(scene: Scene) -> None:
    foreseen = scene.call("run", "--dry-run").out
    waiting = json.loads(scene.well("status", "--json"))["schedules"]

    scene.once()
    scene.once()

    assert "make       task of schedule often, due " in foreseen
    assert "nothing to do" not in foreseen
    assert [row["due"] for row in waiting] == [1, 0]
    (task,) = json.loads(scene.well("task", "list", "--json"))["tasks"]
    assert (task["title"], task["created_by"]) == ("Look around", "tinyscheduler")
    assert task["tags"][0].startswith("schedule:often:")
    wait_until(lambda: scene.disk.leases() != [], what="its run")
    (often, off) = json.loads(scene.well("status", "--json"))["schedules"]
    assert (often["last"]["task_id"], often["due"], off["enabled"], off["next_at"]) == (1, 0, False, None)
    told = scene.well("status")
    assert "schedules" in told
    assert "every 1d" in told


def test_a_bad_schedule_is_named_by_every_command(scene: Scene) -> None:
    scene.tables(TABLES.replace('every = "1d"', 'cron = "61 * * * *"'))

    checked, explained = scene.call("validate-config"), scene.call("explain", "1")

    assert (checked.code, explained.code) == (2, 2)
    assert "schedules[0].cron" in checked.out + checked.err
    assert "schedules[0].cron" in explained.out + explained.err
