"""A lease that is written anew keeps what its run has kept since its start (features D11 to D13)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.reclaim_scenes import TASK
from tests.unit.reconcile.test_rebuild import folder, garble, lease_path
from tinyscheduler.model.policy import Policy
from tinyscheduler.planner.hint_values import EVERYTHING


def two_that_write_there(base: Path) -> Stage:
    """The first one runs; of the second one nothing is wanting but the path."""
    stage = a_stage(base, agents=[an_agent(slots=2)], policy=Policy(max_parallel=2))
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", tags=("write:src", "read:docs", "goal:ship"))
    stage.server.create(queue="dev", tags=("write:src/a",))
    assert held(stage) == {"2": "path_held"}
    return stage


def held(stage: Stage) -> dict[str, str]:
    return {hold.task_id: hold.reason for hold in stage.run().start.held if hold.reason != "leased"}


def test_what_a_run_keeps_stays_kept_while_its_lease_is_garbled_and_when_it_is_rebuilt(
    tmp_path: Path,
) -> None:
    """The text of its task says something else by now: what counts is the order that it was started with."""
    stage = two_that_write_there(tmp_path)
    before = stage.lease()
    garble(stage, age_s=0)
    mended_soon = held(stage)
    stage.server.edit(stage.server.task(TASK)._replace(tags=()))
    folder(lease_path(stage))

    rebuilt_now = held(stage)

    rebuilt = stage.lease()
    assert mended_soon == rebuilt_now == {"2": "path_held"}
    assert before is not None
    assert rebuilt is not None
    for name in ("writes", "reads", "goal", "resources"):
        assert getattr(rebuilt, name) == getattr(before, name), name
    assert before.writes == ("src",)


@pytest.mark.parametrize("order", ["garbled", "gone"])
def test_of_a_run_whose_order_is_lost_too_nobody_knows_what_it_keeps(tmp_path: Path, order: str) -> None:
    """Law 4: everything, until it has ended."""
    stage = two_that_write_there(tmp_path)
    path = Path(stage.world().runs.path_for(TASK, 1), "order.json")
    path.write_bytes(b"garbled") if order == "garbled" else path.unlink()
    folder(lease_path(stage))

    assert held(stage) == {"2": "path_held"}

    rebuilt = stage.lease()
    assert rebuilt is not None
    assert rebuilt.writes == (EVERYTHING,)
