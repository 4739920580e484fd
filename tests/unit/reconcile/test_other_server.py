"""A run of another task server than the settings name: every command says that it stands there (law 4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import a_lease, an_outcome
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.launch_scenes import a_stage_with_a_task
from tests.unit.reconcile.looking import TASK, read_side
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.other_server import is_told_by_the_server, other_server
from tinyscheduler.reconcile.look import look
from tinyscheduler.reconcile.look_at import look_at
from tinyscheduler.reconcile.preview import preview
from tinyscheduler.views.explain import explain_tables
from tinyscheduler.views.problems import exit_code, problems

ELSEWHERE = "mcp:http://127.0.0.1:3000/mcp"
BELONGS = f"its lease belongs to the task server {ELSEWHERE}, the settings name "


def a_stage_with(base: Path, lease: Lease) -> Stage:
    stage = a_stage(base)
    stage.run()
    stage.leases().create(lease._replace(source=ELSEWHERE))
    return stage


def an_ended_lease() -> Lease:
    return a_lease(state="finished", outcome=an_outcome("succeeded"))


@pytest.mark.parametrize("lease", [an_ended_lease(), a_lease()], ids=["finished", "running"])
def test_status_says_so_as_a_problem_from_the_change_on(tmp_path: Path, lease: Lease) -> None:
    stage = a_stage_with(tmp_path, lease)

    found = problems(look(read_side(stage)))

    (problem,) = [problem for problem in found if problem.reference == "other-server"]
    assert problem.message.startswith(f"task 1 on dev-1: {BELONGS}")
    assert problem.hint.startswith("set TINYSCHEDULER_MCP_ENDPOINT=http://127.0.0.1:3000/mcp until")
    assert exit_code(found) == 1


def test_explain_does_not_promise_that_a_pass_settles_it(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, an_ended_lease())

    shown = str(explain_tables(look_at(read_side(stage), TASK)))

    assert f"ended as succeeded; {BELONGS}" in shown
    assert "settles it" not in shown


def test_dry_run_and_run_have_the_same_fault_and_exit_code(tmp_path: Path) -> None:
    stage = a_stage_with(tmp_path, an_ended_lease())

    foreseen, done = preview(stage.world()), stage.run()

    assert [fault.message for fault in foreseen.faults] == [fault.message for fault in done.faults]
    assert (foreseen.exit_code, done.exit_code) == (3, 3)
    assert stage.lease() is not None


def test_a_pass_and_its_preview_say_so_while_the_run_goes_on(tmp_path: Path) -> None:
    """Later nobody can be told how it ended; now the setting can still be set back."""
    stage = a_stage_with_a_task(tmp_path)
    stage.engine.adopts_at_once = True
    stage.run()
    lease = stage.lease()
    assert lease is not None
    stage.leases().write(lease._replace(source=ELSEWHERE))

    foreseen, done = preview(stage.world()), stage.run()

    (fault,) = done.faults
    assert foreseen.faults == done.faults
    assert fault.message.startswith(f"task 1: {BELONGS}")
    assert (fault.reference, foreseen.exit_code, done.exit_code) == ("other-server", 1, 1)
    assert stage.lease() is not None


@pytest.mark.parametrize(
    ("source", "now", "way"),
    [
        ("embedded:1", "folder:2", "take TINYSCHEDULER_TASK_FOLDER away until"),
        ("embedded:1", ELSEWHERE, "take TINYSCHEDULER_MCP_ENDPOINT away until"),
        ("embedded:1", "embedded:2", "put that store back as state/tasks.db until"),
        ("folder:1", "embedded:2", "name its folder in TINYSCHEDULER_TASK_FOLDER again until"),
        (
            ELSEWHERE,
            "folder:1",
            "take TINYSCHEDULER_TASK_FOLDER away and set TINYSCHEDULER_MCP_ENDPOINT=http://127.0.0.1:3000/mcp",
        ),
    ],
)
def test_the_way_back_names_the_setting_that_was_changed(source: str, now: str, way: str) -> None:
    found = other_server(a_lease()._replace(source=source), now)

    assert found is not None
    assert found[1].startswith(way)
    assert "remove state/running/task_1.json" in found[1]


@pytest.mark.parametrize(
    ("source", "now"),
    [("embedded:1", "embedded:2"), ("embedded:1", "embedded:unknown"), ("folder:1", "folder:unknown")],
)
def test_what_the_server_itself_says_is_not_said_of_each_run(source: str, now: str) -> None:
    assert is_told_by_the_server(a_lease()._replace(source=source), now)
