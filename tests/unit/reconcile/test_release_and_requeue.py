"""What only a person can give up or give back (features E3, E4)."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import (
    a_running_stage,
    answers,
    ask,
    elsewhere,
    kinds,
    pending,
)
from tinyscheduler.model.ids import TaskId

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


def test_what_has_a_lease_is_not_requeued(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "requeue", reason="why not")

    stage.run()

    assert stage.server.task(ONE).status == "working"
    assert answers(stage) == [("requeue", "refused")]
