"""What was asked for is done before the next plan is made: whoever shows it reckons with that (law 9)."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import ask, pending
from tests.unit.reconcile.looking import TASK, read_side
from tests.unit.reconcile.test_approve import approve
from tinyscheduler.model.reason import Held
from tinyscheduler.reconcile.look import look
from tinyscheduler.reconcile.look_at import look_at
from tinyscheduler.reconcile.look_at_backlog import look_at_backlog
from tinyscheduler.reconcile.preview import preview


def a_stage_with(base: Path, *tags: str) -> Stage:
    stage = a_stage(base)
    stage.server.create(queue="dev", tags=tags)
    return stage


def shown(stage: Stage) -> dict[str, str]:
    """What each of the four says of the task: ``starts``, or why it is held."""
    dry = preview(stage.world())
    status = look(read_side(stage)).plan
    explanation = look_at(read_side(stage), TASK).explanation
    (waiter,) = look_at_backlog(read_side(stage)).waiters
    assert status is not None
    assert explanation is not None
    return {
        "dry run": dry.start.held[0].reason if dry.start.held else "starts",
        "status": status.held[0].reason if status.held else "starts",
        "explain": explanation.held.reason if explanation.held is not None else explanation.standing,
        "backlog": waiter.answer.reason if isinstance(waiter.answer, Held) else "starts",
    }


def all_say(word: str) -> dict[str, str]:
    return dict.fromkeys(("dry run", "status", "explain", "backlog"), word)


def test_a_task_whose_approval_is_asked_for_is_shown_as_starting_and_starts(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, "needs-approval")
    assert shown(stage) == all_say("needs_approval")
    approve(stage, TASK)

    assert shown(stage) == all_say("starts")

    assert len(pending(stage)) == 1
    assert stage.run().start.held == ()
    assert stage.lease() is not None


def test_a_parked_task_whose_retry_is_asked_for_is_shown_as_starting_and_starts(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path)
    ask(stage, "park")
    stage.run()
    assert shown(stage) == all_say("parked")
    ask(stage, "retry")

    assert shown(stage) == all_say("starts")

    stage.run()
    assert stage.lease() is not None


def test_two_requests_for_one_task_are_foreseen_one_after_the_other(tmp_path: Path) -> None:
    """Parked, and not yet approved: neither of the two is enough."""
    stage = a_stage_with(tmp_path, "needs-approval")
    ask(stage, "park")
    stage.run()
    ask(stage, "retry")
    assert shown(stage) == all_say("needs_approval")
    stage.clock.advance(1)
    approve(stage, TASK)

    assert shown(stage) == all_say("starts")

    stage.run()
    assert stage.lease() is not None


def test_a_retry_of_a_task_that_a_person_parks_after_it_is_shown_as_parked(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path)
    ask(stage, "park")
    stage.run()
    ask(stage, "retry")
    stage.clock.advance(1)
    ask(stage, "park")

    assert shown(stage) == all_say("parked")

    assert stage.run().start.starts == ()
    assert stage.lease() is None


def test_a_preview_says_that_a_requeued_task_is_not_in_it_yet(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", status="working", assigned_to="dev-1")
    ask(stage, "requeue")

    notes = preview(stage.world()).notes

    assert any("it may start other tasks than these" in note for note in notes)
