"""What passes write down: the record, the log line, the journal (features A7 A9)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import Any

from tests.acceptance.disk import replayed
from tests.acceptance.scene import Scene, gated
from tests.integration.commands import an_agent
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]

IDS_MAX = 20
LOG_LINE = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z pass_ended pass=[0-9a-f]{8} exit=\d+ duration_ms=\d+\.\d"
    r"( [a-z_]+=\d+)+"
)


def test_pass_record_has_counts_of_all_and_ids_of_twenty(a_scene: MakeScene) -> None:
    """30 blocked, 30 parked by nobody but held, and 25 started."""
    scene = a_scene(an_agent("dev-1", slots=25, script="exec sleep 60"), MAX_PARALLEL=25)
    runnable = scene.seed(25)
    blocked = scene.seed(30, blocked_by_task_id=int(runnable[0]))
    nobodys = scene.seed(30, queue_name=None, assigned_to="dev-1", priority=-1)

    scene.once()
    record = json_of(scene, "passes/last.json")

    counts, ids, held = record["counts"], record["ids"], record["held"]
    assert (counts["fetched"], counts["planned"], counts["started"]) == (85, 25, 25)
    assert (counts["blocked"], counts["held"], counts["failed"], counts["faults"]) == (30, 60, 0, 0)
    assert ids["blocked"] == [int(task_id) for task_id in blocked[:IDS_MAX]]
    assert len(ids["started"]) == IDS_MAX
    assert held["agent_full"] == {"count": 30, "ids": [int(task_id) for task_id in nobodys[:IDS_MAX]]}
    assert record["exit"] == 0
    assert 0 < record["duration_sec"] < 20
    assert record["began_at"] < record["ended_at"]
    assert record["pass"] == scene.disk.journal()[-1]["pass"]


def test_records_of_scanned_and_planned_tasks_have_their_ids(a_scene: MakeScene) -> None:
    """Features A7: counts **and ids** of scanned, reclaimed, settled, planned, started, failed, held by
    reason, blocked, starved, parked."""
    scene = a_scene(an_agent("dev-1", slots=1, script="exec sleep 60"))
    (task_id,) = scene.seed(1)
    scene.once()
    planned = json_of(scene, "passes/last.json")["ids"]
    scene.once()
    scanned = json_of(scene, "passes/last.json")["ids"]

    assert planned["planned"] == [int(task_id)]
    assert scanned["scanned"] == [int(task_id)]
    assert {"reclaimed", "settled", "started", "failed", "blocked", "starved", "parked"} <= planned.keys()


def test_there_is_one_canonical_line_for_each_look(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1", slots=2))
    scene.seed(2)
    scene.once()
    scene.wait_for_rest()
    scene.once()

    lines = [line for path in (scene.state / "logs").iterdir() for line in path.read_text().splitlines()]
    assert len(lines) == len(scene.disk.events("pass_ended")) == scene.disk.passes()
    assert [line for line in lines if not LOG_LINE.fullmatch(line)] == []
    last = json_of(scene, "passes/last.json")
    assert all(f" {name}={count}" in lines[-1] for name, count in last["counts"].items())
    records = [
        line for path in (scene.state / "passes").glob("*.jsonl") for line in path.read_text().splitlines()
    ]
    assert len(records) == len(lines)


def test_replaying_the_journal_gives_the_leases_at_every_moment(a_scene: MakeScene) -> None:
    """Looked at under the pass lock, so that no pass is in the middle of something: through starts,
    ends, failures, an undone start, a killed wrapper and a new day."""
    scene = a_scene(
        gated("dev-1", slots=3), an_agent("bad-1", queue="bad", script="exit 3"), RETRY_BASE_SEC=0
    )
    moments: list[dict[str, str]] = []

    def look() -> None:
        with scene.pass_lock():
            on_disk = {task_id: str(scene.disk.lease(task_id)["lease_id"]) for task_id in scene.disk.leases()}
            assert replayed(scene.disk.journal()) == on_disk
            moments.append(on_disk)

    scene.once()
    look()
    tasks = scene.seed(4)
    scene.seed(1, queue_name="bad")
    scene.once()
    look()
    scene.wait_for_running(*tasks[:3])
    scene.open_gate(tasks[0])
    wait_until(lambda: tasks[3] in scene.disk.leases(), "the fourth takes the place of the first")
    look()
    scene.wait_for_running(tasks[3])
    os.kill(int(str(scene.disk.lease(tasks[1])["pid"])), 9)
    scene.call("run", "--once")
    look()
    (journal,) = (scene.state / "journal").iterdir()
    journal.rename(journal.with_name("journal_20000101.jsonl"))
    # A wrapper whose run is over may be a pass at this moment.
    wait_until(lambda: scene.call("run", "--once").code == 0, "a pass of the new day")
    opened = scene.disk.events("day_opened")[-1]
    look()
    scene.open_gate()
    scene.wait_for_rest()
    look()

    assert opened["leases"] != [], "a day that opens while runs are in flight names them"
    assert moments[0] == {}
    assert len(moments[1]) >= 3
    assert moments[-1] == {}


def test_journal_with_a_torn_line_is_written_on(a_scene: MakeScene) -> None:
    """A power cut in the middle of a line; the next fact must not be glued to it."""
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    (journal,) = (scene.state / "journal").iterdir()
    with open(journal, "ab") as file:
        file.write(b'{"v":1,"at":"2026-')
    before = journal.read_text().splitlines()

    scene.once()

    facts = [line for line in journal.read_text().splitlines() if line.endswith("}")]
    assert len(facts) == len(before) - 1 + 2


def test_journal_that_cannot_be_written_fails_no_pass(a_scene: MakeScene) -> None:
    """Counted and said; the work is done."""
    scene = a_scene(an_agent("dev-1"))
    scene.once()
    journal = scene.state / "journal"
    for path in journal.iterdir():
        path.unlink()
    journal.rmdir()
    journal.write_text("in the way")
    (task_id,) = scene.seed(1)

    answer = scene.call("run", "--once")

    assert answer.code == 1
    assert re.fullmatch(r"tinyscheduler: \d+ journal entries could not be written \(.+\)\n", answer.err)
    wait_until(lambda: scene.statuses()[task_id] == "complete", "the task is done")


def json_of(scene: Scene, name: str) -> dict[str, Any]:
    found = json.loads((scene.state / name).read_text())
    assert isinstance(found, dict)
    return found
