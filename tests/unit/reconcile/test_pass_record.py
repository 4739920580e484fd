"""What a pass writes down about itself: record, log line, journal (features A7, A9)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.run_scenes import (
    a_busy_stage,
)
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.policy import Policy


def records(stage: Stage) -> list[dict[str, object]]:
    passes = stage.configuration.places.passes
    names = [name for name in os.listdir(passes) if name.endswith(".jsonl")]
    return [json.loads(line) for name in names for line in Path(passes, name).read_text().splitlines()]


def events(stage: Stage) -> list[dict[str, object]]:
    journal = stage.configuration.places.journal
    return [
        json.loads(line)
        for name in sorted(os.listdir(journal))
        for line in Path(journal, name).read_text().splitlines()
    ]


def test_the_pass_record_has_counts_and_ids(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)

    stage.run()

    last = json.loads(Path(stage.configuration.places.passes, "last.json").read_text())
    assert last == records(stage)[-1]
    assert last["exit"] == 0
    assert (last["counts"]["scanned"], last["counts"]["held"]) == (1, 4)
    assert last["ids"]["blocked"] == [4]
    assert last["held"]["parked"] == {"count": 1, "ids": [2]}
    assert last["held"]["disabled"] == {"count": 1, "ids": [5]}, "a queue that only a disabled agent serves"


def test_the_pass_record_names_twenty_ids_of_a_kind_at_most(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(queues=("dev", "ops"), slots=0)])
    for _ in range(30):
        stage.server.create(queue="ops")

    stage.run()

    held = records(stage)[-1]["held"]
    assert isinstance(held, dict)
    assert held["no_agent"]["count"] == 30
    assert len(held["no_agent"]["ids"]) == 20


def test_there_is_one_log_line_for_each_pass(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create("a title\nwith two lines pass_ended exit=0", queue="dev")
    stage.run()
    stage.run()

    logs = stage.configuration.places.logs
    (name,) = os.listdir(logs)
    lines = Path(logs, name).read_text().splitlines()
    assert len(lines) == 2
    assert all(" pass_ended " in line and "exit=0" in line for line in lines)


def test_the_journal_tells_the_life_of_a_run(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()

    told = [event["event"] for event in events(stage) if event.get("task_id") == 1]
    assert told == ["lease_created", "claim_won", "run_started", "task_settled", "task_requeued"]
    assert {event["generation"] for event in events(stage) if event.get("task_id") == 1} == {1}


def test_every_pass_that_began_has_ended_in_the_journal(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.run()
    stage.server.unavailable = True
    stage.run()

    told = [event["event"] for event in events(stage)]
    assert told == ["day_opened", "pass_began", "pass_ended", "pass_began", "pass_ended"]


def test_a_journal_that_cannot_be_written_fails_no_pass_and_is_told(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    stage.run()
    journal = Path(stage.configuration.places.journal)
    for name in os.listdir(journal):
        (journal / name).unlink()
    journal.rmdir()
    journal.write_text("in the way")

    report = stage.run()

    assert report.exit_code == 1
    assert [fault.reference for fault in report.faults] == ["journal"]


def test_a_pass_record_that_cannot_be_written_is_in_the_exit_code(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    os.makedirs(tmp_path / "state")
    (tmp_path / "state/passes").write_text("in the way")
    stage.server.create(queue="dev")

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease() is not None


@pytest.mark.parametrize("kind", ["failed", "lost", "killed"])
def test_how_agents_end_never_changes_the_code_of_a_pass(tmp_path: Path, kind: str) -> None:
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest(), kind)  # type: ignore[arg-type]

    assert stage.run().exit_code == 0


def test_a_task_in_two_of_our_queues_names_is_fetched_once(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(queues=("dev", "qa"), slots=5)])
    stage.server.create(queue="dev", assigned_to="dev-1")

    report = stage.run()

    assert report.fetched == 1
    assert len(stage.engine.wrappers) == 1


def test_a_queue_cap_counts_what_runs_already(tmp_path: Path) -> None:
    policy = Policy(queue_caps=((QueueName("dev"), 1),))
    stage = a_stage(tmp_path, agents=[an_agent(slots=5)], policy=policy)
    stage.server.create(queue="dev")
    stage.server.create(queue="dev")

    stage.run()
    report = stage.run()

    assert len(stage.engine.wrappers) == 1
    assert [(held.task_id, held.reason) for held in report.start.held] == [("2", "queue_cap")]
