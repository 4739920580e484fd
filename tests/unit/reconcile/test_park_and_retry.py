"""Tasks that a person parks, and lets start again (features E3, E4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import (
    a_running_stage,
    answers,
    ask,
    kinds,
    parked,
)
from tests.unit.reconcile.settle_scenes import a_worn_out_stage
from tinyscheduler.model.ids import TaskId

ONE = TaskId("1")


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_parked_task_is_not_started_in_ten_passes(tmp_path: Path, before: str | None) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", assigned_to=before)
    ask(stage, "park", reason="waits for the key")

    for _ in range(10):
        stage.run()
        stage.clock.advance(3600)

    task = stage.server.task(ONE)
    assert (task.status, task.assigned_to) == ("idle", None)
    assert (stage.engine.wrappers, parked(stage)) == ([], ("waits for the key", "bob"))
    assert len([c for c in stage.server.comments(ONE) if "waits for the key" in c.text]) == 1


def test_parking_a_task_that_runs_stops_it_first(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "park", reason="waits for the key")

    stage.run()

    assert (stage.processes.living(), stage.lease()) == ([], None)
    assert (parked(stage), answers(stage)) == (("waits for the key", "bob"), [("park", "applied")])


def test_a_run_that_fails_by_itself_is_parked_all_the_same_when_that_was_asked(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "park", reason="waits for the key")
    stage.engine.finish(stage.engine.newest(), "failed")

    stage.run()

    assert (kinds(stage), parked(stage)) == (["failed"], ("waits for the key", "bob"))


def test_a_task_that_a_person_has_is_not_taken_away_by_parking(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", assigned_to="alice")
    ask(stage, "park")

    stage.run()

    assert stage.server.task(ONE).assigned_to == "alice"
    assert answers(stage) == [("park", "refused")]


def test_parking_waits_for_a_server_that_is_away_and_nothing_starts_meanwhile(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    ask(stage, "park")
    stage.server.refuse_writes = True
    refused = stage.run()
    stage.server.refuse_writes = False
    stage.run()

    assert [held.reason for held in refused.start.held] == ["parked"]
    assert stage.engine.wrappers == []
    assert parked(stage) == ("asked by bob", "bob")


def test_retry_starts_a_parked_task_in_the_same_pass_with_all_its_attempts(tmp_path: Path) -> None:
    stage = a_worn_out_stage(tmp_path)
    ask(stage, "retry")
    stage.run()
    again = len(stage.engine.wrappers)
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()

    assert again == 4
    assert kinds(stage) == ["failed"] * 4
    assert parked(stage) is None


def test_retry_ends_a_delay_and_a_cooldown(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()
    ask(stage, "retry")

    stage.run()

    assert len(stage.engine.wrappers) == 2


def test_retry_of_a_task_that_runs_is_refused(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "retry")

    stage.run()

    assert stage.lease() is not None
    assert answers(stage) == [("retry", "refused")]


def test_intents_of_one_task_are_obeyed_in_the_order_in_which_they_were_asked(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "stop")
    stage.clock.advance(1)
    ask(stage, "retry")

    stage.run()

    assert answers(stage) == [("stop", "applied"), ("retry", "applied")]
    assert len(stage.engine.wrappers) == 2


class QuickHand:
    """Alice takes the task for herself right after it was moved."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __getattr__(self, name: str) -> object:
        found = getattr(self._stage.server, name)
        return self._moved if name == "move" else found

    def _moved(self, task_id: TaskId, **fields: object) -> object:
        moved = self._stage.server.move(task_id, **fields)  # type: ignore[arg-type]
        self._stage.server.update(task_id, status="working", assigned_to="alice")
        return moved


def test_who_takes_a_task_while_it_is_parked_keeps_it(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", assigned_to="dev-1")
    ask(stage, "park")

    stage.run(server=QuickHand(stage))  # type: ignore[arg-type]
    stage.run()

    task = stage.server.task(ONE)
    assert (task.assigned_to, task.status, task.tags) == ("alice", "working", ())
    assert (parked(stage), answers(stage)) == (None, [("park", "refused")])


@pytest.mark.parametrize("tags", [(), ("parked",), ("a", "b")])
def test_the_tag_of_a_parked_task_comes_and_goes_and_a_persons_own_stays(
    tmp_path: Path, tags: tuple[str, ...]
) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", tags=tags)
    ask(stage, "park")
    stage.run()
    while_parked = stage.server.task(ONE).tags
    ask(stage, "retry")

    stage.run()

    assert "parked" in while_parked
    assert stage.server.task(ONE).tags == tags
