"""What a pass does about runs that the server shows otherwise (features B7)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.stage import Stage
from tests.unit.reconcile.desired_scenes import TASK, a_running_stage, edit, is_alive, kinds, run_after
from tinyscheduler.model.ids import QueueName, TaskId

# --- a change that lasts -------------------------------------------------------------------------------


def test_a_reassigned_task_ends_its_run_after_the_grace_and_goes_to_its_new_agent(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    edit(stage, assigned_to="dev-2", status="idle")
    run_after(stage, 10, 60, 59)
    assert is_alive(stage)
    assert [wrapper.order.agent for wrapper in stage.engine.wrappers] == ["dev-1"]

    run_after(stage, 2)

    assert [wrapper.order.agent for wrapper in stage.engine.wrappers] == ["dev-1", "dev-2"]
    assert not stage.engine.is_alive(stage.engine.wrappers[0])
    assert (kinds(stage), stage.server.task(TASK).assigned_to) == (["handed_off"], "dev-2")
    assert stage.ledger().outcomes[0].is_spent is False


def test_the_slot_of_a_run_that_was_ended_is_filled_in_the_same_pass(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    other = stage.server.create(queue="dev", assigned_to="dev-1")
    edit(stage, assigned_to="a-person")
    run_after(stage, 10)
    assert stage.lease(other) is None

    run_after(stage, 121)

    assert stage.lease(other) is not None


@pytest.mark.parametrize(
    "change",
    [{"assigned_to": "a-person"}, {"assigned_to": None, "status": "idle"}, {"queue": QueueName("qa")},
     {"status": "idle"}],
    ids=["reassigned", "pooled", "moved", "idled"],
)  # fmt: skip
def test_whatever_a_person_changes_is_left_as_they_changed_it(
    tmp_path: Path, change: dict[str, object]
) -> None:
    stage = a_running_stage(tmp_path)
    edit(stage, **change)
    policy = stage.configuration.policy._replace(is_enabled=False)
    stage = stage._replace(configuration=stage.configuration._replace(policy=policy))
    run_after(stage, 10, 121)

    task = stage.server.task(TASK)
    assert not is_alive(stage)
    assert kinds(stage) == ["handed_off"]
    for name, value in change.items():
        assert getattr(task, name) == value
    assert task.status == ("working" if change == {"assigned_to": "a-person"} else "idle")


def test_a_run_whose_agent_has_completed_its_task_and_stays_is_ended_as_a_success(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    edit(stage, status="complete")
    run_after(stage, 10)
    assert is_alive(stage)

    run_after(stage, 121)

    assert not is_alive(stage)
    assert kinds(stage) == ["succeeded"]
    assert stage.server.task(TASK).status == "complete"


# --- a hand-over ---------------------------------------------------------------------------------------


def test_a_hand_over_in_three_slow_steps_is_not_disturbed(tmp_path: Path) -> None:
    """As users' agents do it: idle, another queue, another assignee, a thought in between each."""
    stage = a_running_stage(tmp_path)
    for change in ({"status": "idle"}, {"queue": QueueName("qa")}, {"assigned_to": "tester"}):
        edit(stage, **change)
        run_after(stage, 15, 15)
    assert is_alive(stage)

    stage.engine.finish(stage.engine.newest(), "handed_off")
    run_after(stage, 1)

    task = stage.server.task(TASK)
    assert kinds(stage) == ["handed_off"]
    assert (task.status, task.queue, task.assigned_to) == ("idle", "qa", "tester")


def test_a_change_that_is_taken_back_is_forgotten(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    for _ in range(3):
        edit(stage, assigned_to="a-person")
        run_after(stage, 1, 100)
        edit(stage, assigned_to="dev-1")
        run_after(stage, 1)

    assert is_alive(stage)
    assert not Path(stage.configuration.places.state, "sightings.json").exists()


def test_a_pass_over_runs_that_are_as_claimed_asks_for_none_of_them(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, tasks=3)
    line = Asked(stage)

    stage.run(server=line)  # type: ignore[arg-type]

    assert line.asked == []


class Asked:
    """A line to the server that notes which tasks are asked for one by one."""

    def __init__(self, stage: Stage) -> None:
        self._server = stage.server
        self.asked: list[TaskId] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._server, name)

    def get(self, task_id: TaskId) -> object:
        self.asked.append(task_id)
        return self._server.get(task_id)


def test_an_agent_that_makes_subtasks_of_its_task_goes_on(tmp_path: Path) -> None:
    """The server sets the parent idle by that, and complete with the last of them."""
    stage = a_running_stage(tmp_path)
    child = stage.server.create(queue="later", parent=TASK)
    assert stage.server.task(TASK).status == "idle"
    run_after(stage, 1, 121, 121)
    assert is_alive(stage)

    stage.server.set_status(child, "complete")
    run_after(stage, 1, 121)

    assert not is_alive(stage)
    assert kinds(stage) == ["succeeded"]


# --- what is gone --------------------------------------------------------------------------------------


@pytest.mark.parametrize("do", ["archive", "delete"])
def test_what_is_archived_or_deleted_is_ended_at_once(tmp_path: Path, do: str) -> None:
    stage = a_running_stage(tmp_path)
    getattr(stage.server, do)(TASK)

    run_after(stage, 1)

    assert not is_alive(stage)
    assert stage.lease() is None
    assert kinds(stage) == ["handed_off"]


def test_one_of_two_that_is_not_found_was_deleted(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, tasks=2)
    stage.server.delete(TASK)

    run_after(stage, 1)

    assert (is_alive(stage, "1"), is_alive(stage, "2")) == (False, True)


# --- trouble -------------------------------------------------------------------------------------------


def test_a_server_that_is_away_ends_nothing_and_takes_nothing_back(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    edit(stage, assigned_to="a-person")
    run_after(stage, 1)
    stage.server.unavailable = True
    run_after(stage, 100, 100)
    assert is_alive(stage)
    stage.server.unavailable = False

    run_after(stage, 100)

    assert not is_alive(stage)


def test_a_run_whose_processes_cannot_be_ended_keeps_task_and_slot(tmp_path: Path) -> None:
    """Law 1: the task is held for every agent until the tree is gone, whoever it was given to."""
    stage = a_running_stage(tmp_path)
    for process in stage.processes.living():
        process.ignores |= {9, 15}
    edit(stage, assigned_to="dev-2", status="idle")
    run_after(stage, 1, 121, 60)

    assert len(stage.engine.wrappers) == 1
    assert stage.lease() is not None
    for process in stage.processes.living():
        process.ignores.clear()
    run_after(stage, 1)
    assert [wrapper.order.agent for wrapper in stage.engine.wrappers] == ["dev-1", "dev-2"]


def test_a_stepped_clock_ends_no_hand_over(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    edit(stage, status="idle")
    run_after(stage, 1)
    stage.clock.step(86_400)
    run_after(stage, 10)
    stage.clock.step(-172_800)
    run_after(stage, 10)

    assert is_alive(stage)


def test_a_crew_that_is_all_odd_is_asked_about_in_turn_and_that_is_said(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, tasks=60)
    for number in range(1, 61):
        stage.server.set_status(TaskId(str(number)), "complete")

    report = stage.run()

    assert report.limits == ["50 runs compared with the server in one pass"]
    run_after(stage, 60, 121, 121, 121)
    assert [wrapper for wrapper in stage.engine.wrappers if stage.engine.is_alive(wrapper)] == []


def test_an_end_is_in_the_journal_with_its_reason(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    edit(stage, assigned_to="a-person")
    run_after(stage, 1, 121)

    folder = Path(stage.configuration.places.journal)
    lines = [json.loads(line) for path in folder.iterdir() for line in path.read_text().splitlines()]
    asked = [line for line in lines if line["event"] == "stop_asked"]
    assert len(asked) == 1
    assert asked[0]["reason"] == "unwanted"
    assert "reassigned to a-person on the server since" in asked[0]["why"]
