"""Provider accounts: one run is limited, none of the account starts, one tries after the reset (C7)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.builders import an_agent, an_outcome
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.breaker_scenes import events, held, started
from tests.unit.reconcile.intent_scenes import answers, ask
from tinyscheduler.model.lease import OutcomeClass


def end(
    stage: Stage, task_id: str, kind: OutcomeClass = "rate_limited", *, in_s: float | None = None
) -> None:
    now = stage.clock.now()
    until: datetime | None = None
    if in_s is not None:
        stage.clock.advance(in_s)
        until = stage.clock.now()
        stage.clock.advance(-in_s)
    stage.engine.end_with(stage.engine.newest(task_id), an_outcome(kind, at=now, until=until))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Two agents of one account, three tasks; the first runs on one of them."""
    agents = [an_agent("dev-1", account="acme"), an_agent("dev-2", account="acme")]
    made = a_stage(tmp_path, agents=agents)
    made.engine.adopts_at_once = True
    made.server.create(queue="dev")
    assert started(made.run()) == [("1", "dev-1")]
    return made


def test_retry_of_a_task_that_a_limit_holds_lets_one_task_try_at_once(stage: Stage) -> None:
    end(stage, "1", in_s=3600)
    for _ in range(2):
        stage.server.create(queue="dev")
    before = stage.run()
    ask(stage, "retry", "2")

    report = stage.run()

    assert before.start.held[1].lever == "wait, or to try at once: tinyscheduler retry 2"
    assert [task for task, _ in started(report)] == ["2"]
    assert ("3", "agent_full") in held(report)
    assert answers(stage) == [("retry", "applied")]


def test_one_of_two_agents_is_limited_and_neither_starts_until_the_reset(stage: Stage) -> None:
    end(stage, "1", in_s=3600)
    stage.server.create(queue="dev")

    now = stage.run()
    stage.clock.advance(3599)
    later = stage.run()

    assert started(now) == started(later) == []
    assert held(later) == [("1", "not_before"), ("2", "account_limited")]
    assert "account acme" in later.start.held[1].value
    assert later.start.held[1].next_look_at is not None
    assert len(events(stage, "account_limited")) == 1


def test_after_the_reset_one_tries_and_when_it_ends_well_all_may(stage: Stage) -> None:
    end(stage, "1", in_s=3600)
    stage.server.create(queue="dev")
    stage.run()
    stage.clock.advance(3600)

    probe = stage.run()
    meanwhile = stage.run()
    end(stage, started(probe)[0][0], "succeeded")
    stage.clock.advance(70)
    after = stage.run()
    stage.server.create(queue="dev")
    open_again = stage.run()

    assert len(started(probe)) == 1
    assert started(meanwhile) == []
    assert "account_limited" in [reason for _, reason in held(meanwhile)]
    assert len(started(after)) == 1
    assert started(open_again) == [("3", "dev-2")] or started(open_again) == [("3", "dev-1")]
    assert stage.accounts().read().limits == {}


def test_a_probe_that_is_limited_too_is_another_wait_twice_as_long(stage: Stage) -> None:
    end(stage, "1")
    stage.run()
    stage.clock.advance(300)
    probe = stage.run()
    end(stage, started(probe)[0][0])
    stage.run()
    stage.clock.advance(599)

    assert started(stage.run()) == []
    stage.clock.advance(1)
    assert len(started(stage.run())) == 1
    assert len(events(stage, "account_limited")) == 2


def test_a_limited_run_spends_no_attempt(stage: Stage) -> None:
    for _ in range(5):
        stage.run()
        end(stage, "1")
        stage.run()
        stage.clock.advance(7200)

    ledger = stage.ledger()
    assert ledger.parked is None
    assert {past.is_spent for past in ledger.outcomes} == {False}


def test_two_runs_that_are_cut_off_together_are_one_limit(stage: Stage) -> None:
    stage.server.create(queue="dev")
    stage.run()
    end(stage, "1")
    end(stage, "2")

    stage.run()

    assert len(events(stage, "account_limited")) == 1
    (limit,) = stage.accounts().read().limits.values()
    assert (limit.steps, len(limit.leases)) == (1, 2)


def test_a_clock_that_is_set_back_makes_no_limit_longer(stage: Stage) -> None:
    """Found by a simulated world: five minutes lasted a day."""
    end(stage, "1")
    stage.run()
    stage.clock.step(-86_400)
    stage.run()
    stage.clock.advance(301)

    assert len(started(stage.run())) == 1


def test_agents_of_another_account_go_on(stage: Stage) -> None:
    other = an_agent("dev-3", account="zeta")
    more = stage.configuration._replace(agents=(*stage.configuration.agents, other))
    end(stage, "1", in_s=3600)
    stage.run()
    stage.server.create(queue="dev")

    assert started(stage._replace(configuration=more).run()) == [("2", "dev-3")]


def test_an_agent_without_an_account_is_limited_alone(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent("dev-1"), an_agent("dev-2")])
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    end(stage, "1", in_s=3600)
    stage.server.create(queue="dev", assigned_to="dev-1")
    stage.server.create(queue="dev")

    report = stage.run()

    assert started(report) == [("3", "dev-2")]
    assert ("2", "account_limited") in held(report)


def test_a_run_that_was_under_way_before_the_limit_does_not_lift_it(stage: Stage) -> None:
    stage.server.create(queue="dev")
    stage.run()
    end(stage, "1", in_s=600)
    stage.run()
    stage.clock.advance(700)
    end(stage, "2", "succeeded")
    stage.run()

    assert len(stage.accounts().read().limits) == 1


def test_a_task_that_its_agent_moved_on_still_limits_the_account(stage: Stage) -> None:
    """What the server shows decides about the task; the run's own word about the account."""
    from tinyscheduler.model.ids import TaskId

    stage.server.assign(TaskId("1"), "a-person")
    end(stage, "1", in_s=600)
    stage.run()

    assert len(stage.accounts().read().limits) == 1
