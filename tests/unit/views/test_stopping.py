"""A person's stop is no trouble while a pass is at it, and one when it takes too long."""

from __future__ import annotations

import pytest

from tests import builders as b
from tests.unit.planner.intent_scenes import an_intent
from tests.unit.views.scenes import a_run, seen
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import StopOrder
from tinyscheduler.views.problems import exit_code, problems
from tinyscheduler.views.seen import Seen


def stopping(stop: StopOrder | None, *, grace_s: int = 5, other_grace_s: int = 0) -> Seen:
    lease = b.a_lease("7", grace_s=grace_s)
    run = a_run(b.facts(lease, intent=an_intent("stop", "7", lease_id="lease-7")), stop=stop)
    other = a_run(b.facts(b.a_lease("8", grace_s=other_grace_s)))
    return seen()._replace(runs=Known((run, other)))


def told(age_s: float, lease_id: str = "lease-7") -> StopOrder:
    return b.a_stop(lease_id, "cancelled")._replace(at=b.ago(age_s))


@pytest.mark.parametrize(("age_s", "grace_s"), [(0, 5), (15, 5), (40, 30), (40, 900), (-5, 5)])
def test_a_run_that_is_being_stopped_is_a_note(age_s: float, grace_s: int) -> None:
    found = problems(stopping(told(age_s), grace_s=grace_s))

    assert [(problem.severity, problem.reference) for problem in found] == [("note", "stopping")]
    assert found[0].message.startswith("task 7 on dev-1: it is being stopped, since ")
    assert exit_code(found) == 0


@pytest.mark.parametrize(("age_s", "grace_s"), [(16, 5), (41, 30), (41, 900), (-100, 5)])
def test_a_stop_that_takes_longer_than_its_grace_is_a_problem(age_s: float, grace_s: int) -> None:
    """Processes may have survived; the pass that found them says which."""
    found = problems(stopping(told(age_s), grace_s=grace_s))

    assert [(problem.severity, problem.reference) for problem in found] == [("problem", "stop-asked")]
    assert "a person has it stopped, which takes longer than its grace; it was told" in found[0].message


@pytest.mark.parametrize("stop", [None, told(500, "an-older-lease")])
def test_a_stop_that_no_pass_has_begun_with_is_shown_as_a_request_only(stop: StopOrder | None) -> None:
    assert problems(stopping(stop)) == ()


def test_the_longest_grace_of_all_runs_counts() -> None:
    """One pass ends them together, under one grace."""
    assert exit_code(problems(stopping(told(30), grace_s=5, other_grace_s=25))) == 0
