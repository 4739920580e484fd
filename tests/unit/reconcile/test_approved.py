"""Which changes of the world make a plan wrong, and which do not (features A4, ADR 0053)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import NOW, an_agent
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.errors import Refused
from tinyscheduler.model.agent import Agent, EnvValue
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.policy import Policy
from tinyscheduler.reconcile.approved import Approved, apply_plan, deeds_of
from tinyscheduler.reconcile.basis_settings import AGENT_KEYS, SETTINGS
from tinyscheduler.reconcile.preview import preview

EVERYTHING = Pause("all", "", "a-person", NOW, "")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Task 1 runs; of two slots one is left for task 2, and none for task 3."""
    stage = a_stage(tmp_path, agents=[an_agent(slots=2)])
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    for _ in range(2):
        stage.server.create(queue="dev")
    return stage


def plan_of(stage: Stage) -> Approved:
    report = preview(stage.world())
    assert report.exit_code == 0
    return Approved(stage.world().state.state_id(), report.basis, deeds_of(report), report.began_at)


def started(stage: Stage, plan: Approved) -> list[str]:
    return [str(one.task_id) for one in apply_plan(plan, stage.world).results if one.kind == "start"]


def refusal(stage: Stage, plan: Approved) -> str:
    with pytest.raises(Refused) as refused:
        apply_plan(plan, stage.world)
    assert stage.lease("2") is None
    return refused.value.message


def a_pass_that_starts_nothing(stage: Stage) -> None:
    world = stage.world()
    world.pauses.write(EVERYTHING)
    stage.run()
    world.pauses.remove(EVERYTHING)


def test_a_run_that_has_ended_only_frees_a_slot(stage: Stage) -> None:
    """And its slot is not given to whom the plan does not name."""
    plan = plan_of(stage)
    stage.engine.finish(stage.engine.newest())

    report = apply_plan(plan, stage.world)

    assert [(one.kind, one.task_id) for one in report.results] == [("settle", "1"), ("start", "2")]
    assert report.notes == ["1 more may start now; the next pass does it"]


def test_a_run_that_has_ended_and_was_settled_only_frees_a_slot(stage: Stage) -> None:
    plan = plan_of(stage)
    stage.engine.finish(stage.engine.newest())
    a_pass_that_starts_nothing(stage)

    assert stage.lease() is None
    assert started(stage, plan) == ["2"]


def test_a_run_that_was_to_be_reclaimed_and_is_gone_needs_it_no_more(stage: Stage) -> None:
    stage.processes.end(stage.engine.newest().process.ref)
    plan = plan_of(stage)
    a_pass_that_starts_nothing(stage)

    assert plan.deeds[0].kind == "reclaim"
    assert stage.lease() is None
    assert started(stage, plan) == ["2"]


def test_a_start_that_was_adopted_meanwhile_is_the_same_run(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=2)])
    stage.server.create(queue="dev")
    stage.run()
    stage.server.create(queue="dev")
    plan = plan_of(stage)
    stage.engine.adopt(stage.engine.newest())

    assert started(stage, plan) == ["2"]


def test_a_newcomer_for_whom_there_is_room_waits_for_the_next_pass(stage: Stage) -> None:
    plan = plan_of(stage)
    stage.engine.finish(stage.engine.newest())
    stage.server.create(queue="dev", priority=50)

    assert started(stage, plan) == ["2"]


def test_a_newcomer_who_takes_the_room_is_told_with_what_it_does(stage: Stage) -> None:
    plan = plan_of(stage)
    stage.server.create(queue="dev", priority=50)

    assert "start task 2 on dev-1: planned, and now it is held as agent_full" in refusal(stage, plan)


def test_a_task_that_another_agent_would_get_is_told_so(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent("dev-1", slots=2), an_agent("dev-2", slots=3)])
    stage.engine.adopts_at_once = True
    for _ in range(3):
        stage.server.create(queue="dev", assigned_to="dev-2")
    stage.run()
    stage.server.create(queue="dev")
    plan = plan_of(stage)
    for task_id in ("1", "2", "3"):
        stage.engine.finish(stage.engine.newest(task_id))

    with pytest.raises(Refused, match="start task 4 on dev-1: planned, and now it would be on dev-2"):
        apply_plan(plan, stage.world)


def another_agent_in_the_lease(stage: Stage) -> None:
    lease = stage.lease()
    assert lease is not None
    stage.leases().write(lease._replace(agent=AgentName("dev-9")))


def a_garbled_lease(stage: Stage) -> None:
    Path(stage.configuration.places.running, "task_1.json").write_text("{")


def a_wrapper_that_died(stage: Stage) -> None:
    stage.processes.end(stage.engine.newest().process.ref)


def a_lease_removed_by_hand(stage: Stage) -> None:
    Path(stage.configuration.places.running, "task_1.json").unlink()


def a_pause(stage: Stage) -> None:
    stage.world().pauses.write(Pause("queue", "qa", "a-person", NOW, "deploying"))


def a_new_title(stage: Stage) -> None:
    stage.server.edit(stage.server.task(TaskId("2"))._replace(title="rm -rf\x1b[2J"))


def a_new_text(stage: Stage) -> None:
    stage.server.edit(stage.server.task(TaskId("2"))._replace(description="a secret word"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (another_agent_in_the_lease, "lease 1: was running on dev-1, generation 1"),
        (a_garbled_lease, "is unreadable"),
        (a_wrapper_that_died, "reclaim task 1 on dev-1"),
        (a_lease_removed_by_hand, "stop_orphan task 1"),
        (a_pause, "pause of queue qa: was not there; is given by a-person: deploying"),
        (a_new_title, "task 2 title: was 'a task', mark"),
        (a_new_text, "task 2 description: was none; is mark"),
    ],
)
def test_what_the_plan_stands_on_is_told_by_name(
    stage: Stage, change: Callable[[Stage], None], words: str
) -> None:
    plan = plan_of(stage)
    change(stage)

    said = refusal(stage, plan)

    assert words in said
    assert "secret" not in said
    assert "\x1b" not in said


def test_a_start_that_a_person_has_taken_out_is_not_made(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=2)])
    for _ in range(2):
        stage.server.create(queue="dev")
    plan = plan_of(stage)

    assert started(stage, plan._replace(deeds=plan.deeds[1:])) == ["2"]


def test_a_tending_that_a_person_has_taken_out_is_asked_for(stage: Stage) -> None:
    """It cannot be left out: no pass leaves a dead run alone."""
    stage.processes.end(stage.engine.newest().process.ref)
    plan = plan_of(stage)

    said = refusal(stage, plan._replace(deeds=plan.deeds[1:]))

    assert "reclaim task 1 on dev-1" in said
    assert "not planned, and now it is" in said


def test_a_plan_is_good_once(stage: Stage) -> None:
    plan = plan_of(stage)
    assert started(stage, plan) == ["2"]

    with pytest.raises(Refused) as refused:
        apply_plan(plan, stage.world)

    assert "lease 2: was not there; is running on dev-1" in refused.value.message
    assert "start task 2 on dev-1: planned, and it has a run" in refused.value.message


def test_settings_that_have_changed_are_named_with_both_values(stage: Stage) -> None:
    """And a secret in the environment of an agent is in none of them (law 11)."""
    plan = plan_of(stage)
    spoken = EnvValue("TOKEN", literal="hunter2")
    agents = (an_agent(slots=2)._replace(env=(spoken,), hours=("Mon-Fri 22:00-06:00",)), an_agent("dev-2"))
    policy = stage.configuration.policy._replace(max_parallel=7, min_free_mb=9, pre_start=("gate",))
    other = stage._replace(configuration=stage.configuration._replace(agents=agents, policy=policy))

    said = refusal(other, plan)

    default = stage.configuration.policy
    assert f"setting MAX_PARALLEL: was {default.max_parallel}; is 7" in said
    assert f"setting MIN_FREE_MB: was {default.min_free_mb}; is 9" in said
    assert "setting [hooks] pre_start: was none; is mark" in said
    assert "agent dev-1 activeHours: was not there; is Mon-Fri 22:00-06:00" in said
    assert "agent dev-1 env: was not there; is mark" in said
    assert "agent dev-2 slots: was not there; is 1" in said
    assert "hunter2" not in said


def test_every_setting_and_key_has_its_name() -> None:
    """What is not named is not compared."""
    constants = {
        "stall_s", "stall_pause_s", "handover_grace_s", "lost_grace_s", "kills_max", "pass_limit_s",
        "output_max_bytes", "output_files",
    }  # fmt: skip

    assert set(SETTINGS) | constants == set(Policy._fields)
    assert set(AGENT_KEYS) | {"name", "slots_source"} == set(Agent._fields)


def test_a_plan_that_was_carried_out_is_told_so_also_when_its_run_is_over(stage: Stage) -> None:
    """It was refused as drift, as if a stranger had been at work."""
    plan = plan_of(stage)
    stage.clock.advance(5)
    apply_plan(plan, stage.world)
    stage.engine.finish(stage.engine.newest("2"))
    stage.run()

    with pytest.raises(Refused, match="a plan is good only once, and all that it starts was started by 20"):
        apply_plan(plan, stage.world)


def test_a_plan_of_which_nothing_was_started_was_not_carried_out(stage: Stage) -> None:
    """The run that task 1 had before is none of its starts, and ended after it was made."""
    plan = plan_of(stage)
    stage.server.edit(stage.server.task(TaskId("2"))._replace(title="another"))

    assert "the world is no longer the one" in refusal(stage, plan)
