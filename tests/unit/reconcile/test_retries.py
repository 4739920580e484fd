"""Attempts, parking and release in whole passes (features C1 to C5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import an_agent, an_outcome
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.breaker_scenes import TASK, events, held, started
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.lease import HandoverTarget, Outcome, OutcomeClass
from tinyscheduler.model.policy import Policy


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return a_stage_with_a_task(tmp_path)


def a_stage_with_a_task(base: Path, policy: Policy | None = None, tags: tuple[str, ...] = ()) -> Stage:
    made = a_stage(base, agents=[an_agent(), an_agent("qa-1", queues=("qa",))], policy=policy)
    made.engine.adopts_at_once = True
    made.server.create("the title", queue="dev", tags=tags)
    return made


def run_and_end(stage: Stage, outcome: Outcome | OutcomeClass = "failed") -> None:
    """One run from start to settlement, after every delay."""
    stage.clock.advance(4000)
    assert started(stage.run()) == [("1", "dev-1")]
    found = an_outcome(outcome) if isinstance(outcome, str) else outcome
    stage.engine.end_with(stage.engine.newest(), found._replace(at=stage.clock.now()))
    stage.run()


def park(stage: Stage) -> None:
    for _ in range(3):
        run_and_end(stage)
    assert stage.ledger().parked is not None


def test_an_agent_that_always_dies_is_started_exactly_three_times_also_across_reboots(stage: Stage) -> None:
    for number in range(10):
        stage.run()
        for wrapper in stage.engine.wrappers:
            if stage.engine.is_alive(wrapper):
                stage.engine.die(wrapper)
        stage.run()
        stage.clock.advance(4000)
        if number % 2:
            stage.clock.reboot()

    assert len(stage.engine.wrappers) == 3
    assert [past.kind for past in stage.ledger().outcomes] == ["lost"] * 3
    assert stage.ledger().runs == 3


def test_starts_are_spaced_by_the_ladder(stage: Stage) -> None:
    waits = []
    for _ in range(2):
        stage.run()
        stage.engine.finish(stage.engine.newest(), "failed")
        stage.run()
        not_before = stage.ledger().not_before
        assert not_before is not None
        waits.append((not_before - stage.clock.now()).total_seconds())
        stage.clock.advance(waits[-1] - 1)
        assert started(stage.run()) == []
        stage.clock.advance(1)

    assert 60 <= waits[0] <= 66
    assert 120 <= waits[1] <= 132


def test_a_parked_task_is_idle_nobodys_tagged_and_told_in_one_comment(stage: Stage) -> None:
    park(stage)

    task = stage.server.task(TASK)
    assert (task.status, task.assigned_to, task.tags) == ("idle", None, ("parked",))
    assert ["parked" in comment.text for comment in stage.server.comments(TASK)] == [False, False, True]
    assert len(events(stage, "task_parked")) == 1


def test_ten_more_passes_start_nothing(stage: Stage) -> None:
    park(stage)
    for _ in range(10):
        stage.clock.advance(86_400)
        report = stage.run()

        assert (started(report), held(report)) == ([], [("1", "parked")])
    assert stage.server.task(TASK).tags == ("parked",)


@pytest.mark.parametrize("change", ["title", "description", "assignee", "queue"])
def test_a_change_of_the_task_releases_it_with_all_its_attempts(stage: Stage, change: str) -> None:
    """Features C4: what has been stays to be read."""
    park(stage)
    task = stage.server.task(TASK)
    changed = {
        "title": task._replace(title="another title"),
        "description": task._replace(description="please do it differently"),
        "assignee": task._replace(assigned_to=stage.configuration.agents[0].name),
        "queue": task._replace(queue=stage.configuration.agents[1].queues[0]),
    }[change]
    stage.server.edit(changed)
    stage.clock.advance(4000)

    report = stage.run()

    assert [task_id for task_id, _ in started(report)] == ["1"]
    ledger = stage.ledger()
    assert ledger.parked is None
    assert [past.kind for past in ledger.outcomes] == ["failed"] * 3
    assert stage.server.task(TASK).tags == ()
    assert len(events(stage, "task_released")) == 1
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()
    assert stage.ledger().parked is None


@pytest.mark.parametrize("change", ["priority", "tags", "comment"])
def test_any_other_change_does_not(stage: Stage, change: str) -> None:
    park(stage)
    task = stage.server.task(TASK)
    stage.clock.advance(4000)
    match change:
        case "priority":
            stage.server.edit(task._replace(priority=9))
        case "tags":
            stage.server.edit(task._replace(tags=()))
        case _:
            stage.server.comment(TASK, "why?", "a-person")

    assert started(stage.run()) == []


def test_tags_of_people_stay_where_they_are(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path, tags=("gpu", "urgent"))
    park(stage)
    assert stage.server.task(TASK).tags == ("gpu", "urgent", "parked")
    stage.server.edit(stage.server.task(TASK)._replace(title="new", tags=("parked", "urgent", "late")))
    stage.clock.advance(4000)
    stage.run()

    assert stage.server.task(TASK).tags == ("urgent", "late")


def test_a_tag_of_that_name_that_a_person_gave_is_not_ours_to_take(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path, tags=("parked",))
    park(stage)
    stage.server.edit(stage.server.task(TASK)._replace(title="new"))
    stage.clock.advance(4000)
    stage.run()

    assert stage.server.task(TASK).tags == ("parked",)


def test_a_permanent_exit_code_parks_at_once(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path, Policy(permanent_exits=(2, 64)))
    run_and_end(stage, an_outcome("failed")._replace(code=64))

    parked = stage.ledger().parked
    assert parked is not None
    assert "exit status 64" in parked.why
    assert stage.server.task(TASK).tags == ("parked",)


@pytest.mark.parametrize(("code", "is_parked"), [(1, False), (2, True), (None, False), (0, False)])
def test_where_the_worthy_codes_are_named_no_other_is_worth_an_attempt(
    tmp_path: Path, code: int | None, is_parked: bool
) -> None:
    stage = a_stage_with_a_task(tmp_path, Policy(retryable_exits=(1,)))
    run_and_end(stage, an_outcome("failed")._replace(code=code))

    assert (stage.ledger().parked is not None) == is_parked


def succeed(stage: Stage, digest: str = "as before") -> None:
    """A success, after which somebody sets the task idle again."""
    run_and_end(stage, an_outcome("succeeded")._replace(digest=digest))
    stage.server.set_status(TASK, "idle")


def test_three_successes_that_change_nothing_park_the_task(stage: Stage) -> None:
    for _ in range(3):
        succeed(stage)
    stage.clock.advance(4000)

    report = stage.run()

    assert held(report) == [("1", "parked")]
    assert report.start.held[0].value == "3 successes without progress"
    assert "3 successes without progress" in stage.server.comments(TASK)[-1].text
    assert stage.server.task(TASK).tags == ("parked",)


def test_the_third_success_is_a_success_all_the_same(stage: Stage) -> None:
    succeed(stage)
    succeed(stage)
    run_and_end(stage, an_outcome("succeeded")._replace(digest="as before"))

    assert stage.server.task(TASK).status == "complete"


def test_a_success_that_changes_something_starts_the_row_anew(stage: Stage) -> None:
    for digest in ("a", "a", "b", "b", "a", "a"):
        succeed(stage, digest)

    assert stage.ledger().parked is None


def test_a_task_that_is_put_differently_each_time_is_another_piece_of_work(stage: Stage) -> None:
    for number in range(4):
        stage.server.edit(stage.server.task(TASK)._replace(description=f"step {number}"))
        succeed(stage)

    assert stage.ledger().parked is None


def test_successes_of_which_nobody_knows_what_they_left_never_park(stage: Stage) -> None:
    for _ in range(5):
        succeed(stage, "")

    assert stage.ledger().parked is None


def test_an_agent_that_always_gives_its_task_to_itself_is_parked_in_the_end(stage: Stage) -> None:
    to_itself = HandoverTarget(None, AgentName("dev-1"))
    for _ in range(30):
        run_and_end(stage, an_outcome("handed_off")._replace(to=to_itself))

    assert stage.ledger().parked is not None
    assert "parked" in stage.server.task(TASK).tags


def test_an_agent_that_always_leaves_its_task_idle_is_parked_in_the_end(stage: Stage) -> None:
    for _ in range(30):
        stage.clock.advance(4000)
        assert started(stage.run()) == [("1", "dev-1")]
        stage.server.edit(stage.server.task(TASK)._replace(status="idle"))
        stage.engine.finish(stage.engine.newest(), "failed")
        stage.run()

    assert {past.kind for past in stage.ledger().outcomes} == {"handed_off"}
    stage.clock.advance(4000)
    assert held(stage.run()) == [("1", "parked")]


@pytest.mark.parametrize("names", [("dev-1", "qa-1"), (None, None)], ids=["by name", "by queue"])
def test_agents_that_hand_a_task_to_and_fro_go_on(stage: Stage, names: tuple[AgentName | None, ...]) -> None:
    targets = {
        "dev-1": HandoverTarget(QueueName("qa"), names[1]),
        "qa-1": HandoverTarget(QueueName("dev"), names[0]),
    }
    for _ in range(40):
        stage.clock.advance(30)
        stage.run()
        run = stage.engine.newest()
        outcome = an_outcome("handed_off")._replace(to=targets[run.order.agent], at=stage.clock.now())
        stage.engine.end_with(run, outcome)
        stage.run()

    ledger = stage.ledger()
    assert [past.agent for past in ledger.outcomes] == ["dev-1", "qa-1"] * 20
    assert (ledger.parked, {past.is_spent for past in ledger.outcomes}) == (None, {False})
