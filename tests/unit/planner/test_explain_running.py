"""What ``explain`` says of the needs of a task that runs: they are met, by its own run."""

from __future__ import annotations

import pytest

from tests.builders import a_lease, a_start_snapshot, a_task
from tinyscheduler.planner.explain import explain


@pytest.mark.parametrize(
    ("tag", "row"), [("write:docs", "path_held"), ("read:docs", "path_held"), ("goal:release", "goal_held")]
)
def test_what_a_run_keeps_is_not_in_its_own_way(tag: str, row: str) -> None:
    task = a_task("5", status="working", assigned_to="dev-1", tags=(tag,))
    lease = a_lease("5", state="running")._replace(writes=("docs",), reads=("docs",), goal="release")

    rows = {str(found.name): found.verdict for found in explain(task, a_start_snapshot(leases=[lease])).rows}

    assert (rows["leased"], rows[row]) == ("holds", "passed")
