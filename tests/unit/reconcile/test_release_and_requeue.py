"""What only a person can give up or give back (features E3, E4)."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.crashing import switched_off
from tests.unit.reconcile.intent_scenes import (
    a_running_stage,
    answers,
    ask,
    elsewhere,
    kinds,
    pending,
)
from tinyscheduler.model.ids import TaskId
from tinyscheduler.reconcile.run import run_once

ONE = TaskId("1")


def test_a_released_lease_of_another_machine_is_given_up(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    elsewhere(stage)
    ask(stage, "release", reason="build-2 is scrapped")

    stage.run()

    assert kinds(stage) == ["interrupted"]
    assert (pending(stage), answers(stage)) == ([], [("release", "applied")])


def test_a_release_is_refused_while_the_wrapper_lives(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "release", reason="because")

    stage.run()

    lease = stage.lease()
    assert lease is not None
    assert (lease.state, answers(stage)) == ("running", [("release", "refused")])


def test_a_release_gives_up_a_run_whose_processes_cannot_be_ended(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    wrapper = stage.engine.newest()
    assert wrapper.agent is not None
    wrapper.agent.ignores |= {signal.SIGTERM, signal.SIGKILL}
    stage.processes.end(wrapper.process.ref)
    stuck = stage.run()
    ask(stage, "release", reason="it hangs in the kernel")

    stage.run()

    assert stuck.exit_code == 1
    assert answers(stage) == [("release", "applied")]
    assert len(stage.engine.wrappers) <= 2


def test_a_released_lease_that_nobody_can_read_is_moved_aside(tmp_path: Path) -> None:
    """With its ledger garbled too, nobody but a person can say that it stands for nothing."""
    stage = a_running_stage(tmp_path)
    stage.engine.die(stage.engine.newest())
    places = stage.configuration.places
    Path(places.running, "task_1.json").write_text("{")
    Path(places.ledger, "task_1.json").write_text("{")
    stuck = stage.run()
    ask(stage, "release", reason="nothing runs there")

    stage.run()

    assert stuck.exit_code == 1
    assert [name for name in os.listdir(places.running) if name.startswith("task_")] == []
    assert answers(stage) == [("release", "applied")]
    assert any("dropped" in name for name in os.listdir(places.quarantine))


def a_stray_stage(base: Path) -> Stage:
    """A task works under the name of our agent, and nobody of us has started it."""
    stage = a_stage(base)
    stage.server.create(queue="dev", assigned_to="dev-1")
    stage.server.update(ONE, status="working")
    return stage


def test_a_stray_task_is_left_alone_until_somebody_asks(tmp_path: Path) -> None:
    stage = a_stray_stage(tmp_path)
    for _ in range(5):
        stage.run()
        stage.clock.advance(600)
    before = stage.server.task(ONE).status
    ask(stage, "requeue", reason="nobody works on it")

    stage.run()

    assert before == "working"
    assert answers(stage) == [("requeue", "applied")]
    assert len(stage.engine.wrappers) == 1
    assert any("nobody works on it" in comment.text for comment in stage.server.comments(ONE))


def test_a_parent_is_not_requeued_because_its_status_follows_its_children(tmp_path: Path) -> None:
    stage = a_stray_stage(tmp_path)
    stage.server.create(queue="dev", parent=ONE, assigned_to="alice", status="working")
    ask(stage, "requeue", reason="why not")

    stage.run()

    assert answers(stage) == [("requeue", "refused")]


@pytest.mark.parametrize(
    ("has_subtask", "why"),
    [
        (True, "its status follows its open subtasks"),
        (False, "no agent has it; tinyscheduler task update 1 --status idle"),
    ],
)
def test_who_requeues_what_nobody_has_is_told_why_not(tmp_path: Path, has_subtask: bool, why: str) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", status="working")
    if has_subtask:
        stage.server.create(queue="dev", parent=ONE, assigned_to="alice", status="working")
    ask(stage, "requeue", reason="why not")

    report = stage.run()

    assert [answer.why for answer in report.answers] == [why]


def test_what_has_a_lease_is_not_requeued(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "requeue", reason="why not")

    stage.run()

    assert stage.server.task(ONE).status == "working"
    assert answers(stage) == [("requeue", "refused")]


def a_restored_stage(base: Path) -> Stage:
    """A backup was put back: the ledger has an open run of the folder that was copied, and no lease."""
    stage = a_running_stage(base)
    lease = stage.lease()
    assert lease is not None
    stage.engine.die(stage.engine.newest())
    stage.leases().remove(lease)
    ledger = stage.ledger()
    assert ledger.open is not None
    stage.ledgers().write(ledger._replace(open=ledger.open._replace(tag="0000000000000000:1:x")))
    return stage


def test_a_task_of_a_copied_folder_is_not_requeued_while_the_originals_agent_works(tmp_path: Path) -> None:
    """Its processes carry the tag that the ledger has open; a second agent would work beside them."""
    stage = a_restored_stage(tmp_path)
    run = stage.ledger().open
    assert run is not None
    stage.processes.spawn(run.tag)
    ask(stage, "requeue", reason="the backup is back")

    stage.run()

    assert answers(stage) == [("requeue", "refused")]


def test_a_task_of_a_restored_folder_goes_back_to_where_it_was_claimed_from(tmp_path: Path) -> None:
    stage = a_restored_stage(tmp_path)
    untouched = [stage.run().exit_code, stage.server.task(ONE).status]
    ask(stage, "requeue", reason="the old machine is off")
    switched_off(stage).run()

    task = stage.server.task(ONE)
    assert untouched == [0, "working"]
    assert (task.status, task.assigned_to) == ("idle", None)
    assert (stage.ledger().open, kinds(stage)) == (None, ["interrupted"])


def test_a_requeue_of_a_restored_task_that_was_cut_off_comes_to_the_same_end(tmp_path: Path) -> None:
    def asked(number: int) -> Stage:
        stage = a_restored_stage(tmp_path / str(number))
        ask(stage, "requeue", reason="the old machine is off")
        return switched_off(stage)

    for effect in range(1, 20):
        stage = asked(effect)
        try:
            run_once(dying(stage.world(), Fuse(effect)))
        except Crash:
            stage.run()
        else:
            assert effect > 3
            return
        task = stage.server.task(ONE)
        assert (task.status, task.assigned_to, stage.ledger().open) == ("idle", None, None)
        assert kinds(stage) == ["interrupted"]
        assert len([c for c in stage.server.comments(ONE) if "the old machine" in c.text]) == 1
    raise AssertionError("the pass does not come to an end")
