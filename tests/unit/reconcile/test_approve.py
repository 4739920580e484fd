"""Approval: what a person has read may start, and nothing else (features D18)."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import answers
from tests.unit.reconcile.looking import read_side
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.intent import Intent
from tinyscheduler.planner.approval import approval_mark
from tinyscheduler.reconcile.look_at import look_at


def approve(stage: Stage, task_id: TaskId) -> None:
    """Bob does, as the command does: with the mark of what he has read."""
    store, now = stage.world().intents, stage.clock.now()
    mark = approval_mark(stage.server.task(task_id))
    store.write(
        Intent(store.new_id(now), "approve", task_id, None, "bob", now, "read it", mark=mark, source="fake:1")
    )


def held(stage: Stage) -> list[str]:
    return [found.reason for found in stage.run().start.held]


def explain(stage: Stage, task_id: TaskId) -> str:
    explanation = look_at(read_side(stage), task_id).explanation
    assert explanation is not None
    assert explanation.held is not None
    return explanation.held.value


def test_an_approved_task_starts_in_the_same_pass(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    task_id = stage.server.create(queue="dev", tags=("needs-approval",))

    assert held(stage) == ["needs_approval"]
    approve(stage, task_id)
    assert held(stage) == []

    assert stage.lease(task_id) is not None
    (approval,) = stage.ledger(task_id).approvals
    assert (approval.by, approval.reason) == ("bob", "read it")


def test_a_task_that_is_changed_has_to_be_approved_again(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    task_id = stage.server.create(queue="dev", tags=("needs-approval",))
    stage.estop()
    approve(stage, task_id)
    stage.run()
    stage.estop(is_there=False)
    stage.server.edit(stage.server.task(task_id)._replace(description="and remove everything"))

    assert held(stage) == ["needs_approval"]
    assert stage.lease(task_id) is None


def test_a_task_that_is_changed_before_the_pass_is_not_approved(tmp_path: Path) -> None:
    """What the person has read is what counts."""
    stage = a_stage(tmp_path)
    task_id = stage.server.create(queue="dev", tags=("needs-approval",))
    approve(stage, task_id)
    stage.server.edit(stage.server.task(task_id)._replace(title="remove everything"))

    assert held(stage) == ["needs_approval"]
    assert answers(stage) == [("approve", "refused")]


def test_a_refused_approval_is_remembered_for_who_asks_why(tmp_path: Path) -> None:
    """The person has left the keyboard long ago, and believes that it runs."""
    stage = a_stage(tmp_path)
    task_id = stage.server.create(queue="dev", tags=("needs-approval",))
    as_read = stage.server.task(task_id)
    approve(stage, task_id)
    stage.server.edit(as_read._replace(title="remove everything"))
    stage.run()

    (hold,) = stage.run().start.held
    told = explain(stage, task_id)
    assert hold.value == "it was changed since bob approved it"
    assert [(kept.by, kept.reason) for kept in stage.ledger(task_id).approvals] == [("bob", "read it")]
    assert "it was changed since bob approved it" in told

    stage.server.edit(as_read)
    assert held(stage) == []
    assert stage.lease(task_id) is not None


def test_an_approval_outlives_park_and_retry(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    task_id = stage.server.create(queue="dev", tags=("needs-approval",))
    stage.estop()
    approve(stage, task_id)
    stage.run()
    for kind in ("park", "retry"):
        store, now = stage.world().intents, stage.clock.now()
        store.write(Intent(store.new_id(now), kind, task_id, None, "bob", now, "why", source="fake:1"))
        stage.run()
    stage.estop(is_there=False)

    assert held(stage) == []


def test_retry_approves_nothing(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    task_id = stage.server.create(queue="dev", tags=("needs-approval",))
    store, now = stage.world().intents, stage.clock.now()
    store.write(Intent(store.new_id(now), "retry", task_id, None, "bob", now, "why", source="fake:1"))

    assert held(stage) == ["needs_approval"]
