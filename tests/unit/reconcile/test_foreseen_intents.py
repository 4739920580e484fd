"""What was asked for is done before the next plan is made: whoever shows it reckons with that (law 9)."""

from __future__ import annotations

from pathlib import Path

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import ask, pending
from tests.unit.reconcile.looking import TASK, read_side
from tests.unit.reconcile.test_approve import approve
from tinyscheduler.model.ids import TaskId
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


def answers_about(stage: Stage, task_id: str) -> dict[str, str]:
    """The dry run's word about one of several tasks, and that of ``explain``, with the last one's lever."""
    dry = {held.task_id: held.reason for held in preview(stage.world()).start.held}
    explanation = look_at(read_side(stage), TaskId(task_id)).explanation
    assert explanation is not None
    said = explanation.held.reason if explanation.held is not None else explanation.standing
    return {"dry run": dry.get(TaskId(task_id), "starts"), "explain": said}


def passes_word(stage: Stage, task_id: str) -> str:
    held = {held.task_id: held.reason for held in stage.run().start.held}
    return held.get(TaskId(task_id), "starts")


def both_say(word: str) -> dict[str, str]:
    return dict.fromkeys(("dry run", "explain"), word)


def test_an_approval_of_another_task_that_takes_the_slot_is_reckoned_with(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=1)])
    stage.server.create(queue="dev", priority=10, tags=("needs-approval",))
    stage.server.create(queue="dev")
    assert answers_about(stage, "2") == both_say("starts")
    approve(stage, TASK)

    assert answers_about(stage, "2") == both_say("agent_full")

    assert look_at(read_side(stage), TaskId("2")).intents == ()
    assert passes_word(stage, "2") == "agent_full"


def test_whoever_waits_for_a_task_whose_park_is_asked_for_waits_in_vain(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", tags=("needs-approval",))
    stage.server.create(queue="dev", tags=("after:1",))
    assert answers_about(stage, "2") == both_say("blocked")
    ask(stage, "park")

    assert answers_about(stage, "2") == both_say("dependency_failed")

    assert passes_word(stage, "2") == "dependency_failed"


def test_whoever_waits_for_a_task_whose_retry_is_asked_for_no_longer_waits_in_vain(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", tags=("needs-approval",))
    stage.server.create(queue="dev", tags=("after:1",))
    ask(stage, "park")
    stage.run()
    assert answers_about(stage, "2") == both_say("dependency_failed")
    ask(stage, "retry")

    assert answers_about(stage, "2") == both_say("blocked")

    assert passes_word(stage, "2") == "blocked"


def test_what_comes_after_a_park_of_the_same_task_is_left_to_the_pass(tmp_path: Path) -> None:
    """A park changes the task on the server, so nobody knows what an approval of it meets."""
    stage = a_stage_with(tmp_path, "needs-approval")
    ask(stage, "park")
    stage.clock.advance(1)
    approve(stage, TASK)

    answers = look_at(read_side(stage), TASK).intents

    assert [answer.why for answer in answers][1:] == ["after the park that was asked before"]
