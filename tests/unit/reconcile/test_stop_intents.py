"""A run that somebody has asked to stop (features E3, E4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.flaky import FlakyLine, Way
from tests.fakes.stage import Stage
from tests.unit.reconcile.intent_scenes import (
    a_running_stage,
    answers,
    ask,
    kinds,
    parked,
    pending,
)
from tinyscheduler.model.ids import TaskId

ONE = TaskId("1")


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_stopped_task_is_idle_nobodys_and_parked(tmp_path: Path, before: str | None) -> None:
    stage = a_running_stage(tmp_path, before=before)
    ask(stage, "stop", reason="wrong branch")

    report = stage.run()

    task = stage.server.task(ONE)
    assert report.exit_code == 0
    assert (task.status, task.assigned_to, stage.lease()) == ("idle", None, None)
    assert stage.processes.living() == []
    assert (kinds(stage), parked(stage)) == (["cancelled"], ("wrong branch", "bob"))
    assert (pending(stage), answers(stage)) == ([], [("stop", "applied")])


def test_a_stopped_task_is_not_started_again(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "stop")

    for _ in range(10):
        stage.run()
        stage.clock.advance(3600)

    assert len(stage.engine.wrappers) == 1


@pytest.mark.parametrize("change", ["idle", "queue", "pool"])
@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_task_that_was_moved_while_it_ran_is_not_started_after_a_stop(
    tmp_path: Path, before: str | None, change: str
) -> None:
    stage = a_running_stage(tmp_path, before=before)
    changes: dict[str, dict[str, str]] = {
        "idle": {"status": "idle"},
        "queue": {"queue": "dev2"},
        "pool": {"assigned_to": "", "status": "idle"},
    }
    stage.server.update(ONE, **changes[change])  # type: ignore[arg-type]
    ask(stage, "stop", reason="wrong branch")

    for _ in range(4):
        stage.run()
        stage.clock.advance(3600)

    assert len(stage.engine.wrappers) == 1
    assert (stage.server.task(ONE).status, stage.lease(), kinds(stage)) == ("idle", None, ["handed_off"])
    assert (parked(stage), answers(stage)) == (("wrong branch", "bob"), [("stop", "applied")])


@pytest.mark.parametrize("change", [{"status": "idle"}, {"status": "idle", "assigned_to": ""}], ids=str)
def test_a_stop_of_a_task_that_was_set_idle_shows_on_the_server_that_it_is_parked(
    tmp_path: Path, change: dict[str, str]
) -> None:
    """Who looks at the server alone would wait for it for ever."""
    stage = a_running_stage(tmp_path)
    stage.server.update(ONE, **change)  # type: ignore[arg-type]
    ask(stage, "stop", reason="wrong branch")

    for _ in range(3):
        stage.run()
        stage.clock.advance(3600)

    task = stage.server.task(ONE)
    assert (task.status, task.assigned_to, task.tags) == ("idle", None, ("parked",))
    assert said(stage) == ["parked by bob: wrong branch"]
    assert (parked(stage), answers(stage)) == (("wrong branch", "bob"), [("stop", "applied")])
    assert len(stage.engine.wrappers) == 1


@pytest.mark.parametrize(
    "change",
    [{"queue": "theirs", "assigned_to": ""}, {"assigned_to": "alice"}, {"status": "complete"}],
    ids=str,
)
def test_a_stop_leaves_alone_what_somebody_else_has_by_now(tmp_path: Path, change: dict[str, str]) -> None:
    stage = a_running_stage(tmp_path)
    stage.server.update(ONE, **{"status": "idle", **change})  # type: ignore[arg-type]
    before = stage.server.task(ONE)
    ask(stage, "stop", reason="wrong branch")

    for _ in range(3):
        stage.run()
        stage.clock.advance(3600)

    after = stage.server.task(ONE)
    assert (after.status, after.queue, after.assigned_to) == (before.status, before.queue, before.assigned_to)
    assert (after.tags, said(stage)) == (before.tags, [])
    assert pending(stage) == []


@pytest.mark.parametrize("way", ["not_applied", "applied"])
@pytest.mark.parametrize("at", range(3))
def test_a_stop_that_is_cut_off_on_its_way_to_the_server_says_it_once(
    tmp_path: Path, way: Way, at: int
) -> None:
    stage = a_running_stage(tmp_path)
    stage.server.update(ONE, status="idle")
    ask(stage, "stop", reason="wrong branch")

    stage.run(server=FlakyLine(stage.server, at=at, way=way))  # type: ignore[arg-type]
    for _ in range(3):
        stage.run()
        stage.clock.advance(3600)

    assert (stage.server.task(ONE).tags, said(stage)) == (("parked",), ["parked by bob: wrong branch"])
    assert (pending(stage), len(stage.engine.wrappers)) == ([], 1)


def said(stage: Stage) -> list[str]:
    """What stops and parks have left on the task, without their marks."""
    comments = stage.server.get(ONE).comments
    return [comment.text.partition(" [")[0] for comment in comments if "[intent " in comment.text]


def test_a_task_that_was_given_to_a_stranger_is_not_parked_by_a_stop(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.server.update(ONE, status="idle", assigned_to="alice")
    ask(stage, "stop")

    stage.run()

    assert (parked(stage), stage.server.task(ONE).assigned_to) == (None, "alice")


@pytest.mark.parametrize(
    ("change", "requeue", "told"),
    [
        (
            {"assigned_to": "alice"},
            False,
            "was given to somebody who is no agent of ours, so it is not parked",
        ),
        ({"status": "idle", "assigned_to": "alice"}, False, "so it is not parked"),
        ({"assigned_to": "alice"}, True, "what others have made of its task meanwhile stays"),
        ({"status": "complete"}, False, "the task is complete, so there is nothing to park"),
    ],
)
def test_a_stop_says_that_it_has_stopped_also_where_nothing_is_left_to_park(
    tmp_path: Path, change: dict[str, str], requeue: bool, told: str
) -> None:
    """It said that the run had ended by itself, of one that it had just killed."""
    stage = a_running_stage(tmp_path)
    stage.server.update(ONE, **change)  # type: ignore[arg-type]  # one of its fields
    before = stage.server.task(ONE)
    ask(stage, "stop", requeue=requeue)

    report = stage.run()

    assert [(answer.word, answer.why.partition(";")[0]) for answer in report.answers] == [
        ("applied", "its run was stopped")
    ]
    assert report.answers[0].why.endswith(told)
    assert [past.is_stopped for past in stage.ledger().outcomes] == [True]
    assert (stage.server.task(ONE), parked(stage), pending(stage)) == (before, None, [])


def test_a_stop_with_requeue_spends_nothing_and_the_task_runs_again(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, before="dev-1")
    ask(stage, "stop", requeue=True)
    stage.run()
    left = stage.server.task(ONE)
    stage.clock.advance(61)

    stage.run()

    assert (left.status, left.assigned_to) == ("idle", "dev-1")
    assert [(past.kind, past.is_spent) for past in stage.ledger().outcomes] == [("cancelled", False)]
    assert len(stage.engine.wrappers) == 2


def test_a_run_that_has_ended_by_itself_is_not_called_cancelled(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "stop")
    stage.engine.finish(stage.engine.newest())

    stage.run()

    assert (stage.server.task(ONE).status, kinds(stage)) == ("complete", ["succeeded"])
    assert answers(stage) == [("stop", "nothing_to_do")]


def test_a_stop_means_the_run_that_was_seen_and_no_later_one(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "stop")
    stage.engine.finish(stage.engine.newest(), "interrupted")
    intent = pending(stage)[0]
    stage.world().intents.remove(intent)
    stage.run()
    stage.clock.advance(61)
    stage.run()
    stage.world().intents.write(intent)

    stage.run()

    lease = stage.lease()
    assert lease is not None
    assert (lease.state, pending(stage)) == ("running", [])
