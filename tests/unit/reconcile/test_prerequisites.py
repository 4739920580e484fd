"""Tasks that others wait for and that no list shows: asked for, each once, and not for ever."""

from __future__ import annotations

from pathlib import Path

from tests.builders import NOW, a_backlog, a_ledger, a_start_snapshot, a_task, an_agent, parked_as
from tests.fakes.stage import Stage, a_stage
from tests.fakes.task_server import FakeTaskServer
from tests.unit.reconcile.test_approve import approve
from tinyscheduler.errors import ServerUnavailable, TaskUnreadable
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import Task, TaskDetail
from tinyscheduler.planner.start import plan_start
from tinyscheduler.reconcile.prerequisites import ASKED_MAX, prerequisites_of


class Asked(FakeTaskServer):
    """Counts what is asked for by itself; goes away after some calls."""

    def __init__(self, *tasks: Task, answers: int = 10_000) -> None:
        super().__init__(now=lambda: NOW)
        self.shown = {task.id: task for task in tasks}
        self.asked: list[str] = []
        self.answers = answers

    def get(self, task_id: TaskId) -> TaskDetail:
        self.asked.append(task_id)
        if len(self.asked) > self.answers:
            raise ServerUnavailable("no answer")
        if task_id in self.shown:
            return TaskDetail(self.shown[task_id], ())
        return super().get(task_id)


def states(server: Asked, *tasks: Task, leased: tuple[str, ...] = ()) -> dict[str, str]:
    found = prerequisites_of(server, a_backlog(*tasks).value, [TaskId(task_id) for task_id in leased], NOW)
    return {task_id: known.state for task_id, known in found.items()}


def test_each_is_asked_for_once_however_many_wait_for_it() -> None:
    server = Asked(a_task("7", status="complete"))

    found = states(server, a_task("1", tags=["after:7"]), a_task("2", tags=["after:7", "after:1"]))

    assert found == {"7": "complete"}
    assert server.asked == ["7"]


def test_what_is_found_is_told_apart() -> None:
    server = Asked(
        a_task("5", status="working"), a_task("6", is_archived=True), a_task("7", status="complete")
    )

    found = states(server, a_task("1", description="after: [5, 6, 7, 8]"))

    assert found == {"5": "open", "6": "archived", "7": "complete", "8": "gone"}


def test_a_blocker_that_the_server_counts_as_complete_is_not_asked_for() -> None:
    server = Asked()

    assert states(server, a_task("1", blocked_by="7")._replace(is_blocked=False)) == {}
    assert server.asked == []


def test_what_has_a_lease_is_not_asked_for() -> None:
    server = Asked()

    assert states(server, a_task("1", tags=["after:7"]), leased=("7",)) == {}


def test_what_they_wait_for_is_asked_for_too() -> None:
    """A ring may go by way of tasks that are in no queue of ours."""
    server = Asked(a_task("7", tags=["after:8"]), a_task("8", tags=["after:1"]))

    assert states(server, a_task("1", tags=["after:7"])) == {"7": "open", "8": "open"}


def test_beyond_the_limit_they_are_left_for_later_and_all_have_their_turn() -> None:
    tasks = [a_task(str(n), tags=[f"after:x{n}"]) for n in range(ASKED_MAX * 3)]
    tasks[-1] = tasks[-1]._replace(priority=9)
    asked: set[str] = set()
    for minute in range(5):
        server = Asked()
        at = NOW.replace(minute=minute)
        found = prerequisites_of(server, a_backlog(*tasks).value, [], at)
        assert len(server.asked) == ASKED_MAX
        assert sum(known.state == "unasked" for known in found.values()) == ASKED_MAX * 2
        assert server.asked[0] == f"x{ASKED_MAX * 3 - 1}", "that of the most urgent task is always looked at"
        asked |= set(server.asked)

    assert len(asked) == ASKED_MAX * 3


def test_after_a_call_without_an_answer_no_other_is_made() -> None:
    server = Asked(answers=1)

    found = states(server, a_task("1", description="after: [5, 6, 7]"))

    assert found == {"5": "gone", "6": "unknown", "7": "unknown"}
    assert len(server.asked) == 2


def test_a_task_starts_in_the_pass_that_sees_its_prerequisite_complete(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=2)])
    first = stage.server.create(queue="ops")
    second = stage.server.create(queue="dev", tags=(f"after:{first}",))

    assert held(stage) == {second: "blocked"}
    stage.server.set_status(first, "complete")
    assert held(stage) == {}

    assert stage.lease(second) is not None


def test_a_parked_prerequisite_fails_those_who_wait_for_it_wherever_it_is(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=2)])
    first = stage.server.create(queue="ops")
    second = stage.server.create(queue="dev", tags=(f"after:{first}",))
    task = stage.server.task(first)
    ledger = a_ledger(first, parked=parked_as(task))._replace(
        source=stage.server.source, task_created_at=task.created_at
    )
    stage.ledgers().write(ledger)

    assert held(stage) == {second: "dependency_failed"}
    stage.server.edit(task._replace(title="another title"))
    assert held(stage) == {second: "blocked"}


def test_a_prerequisite_of_a_queue_of_nobodys_that_was_approved_stays_so(tmp_path: Path) -> None:
    """Its own past counts wherever it is: told otherwise, a person approves it for ever."""
    stage = a_stage(tmp_path)
    first = stage.server.create(queue="ops", tags=("needs-approval",))
    stage.server.create(queue="dev", tags=(f"after:{first}",))
    assert "nobody has approved it yet" in stage.run().start.held[0].value
    approve(stage, first)

    said = [stage.run().start.held[0].value for _ in range(2)]

    assert ["held as no_agent" in value for value in said] == [True, True]


def held(stage: Stage) -> dict[str, str]:
    """What a pass holds, and why."""
    report = stage.run()
    assert report.exit_code == 0
    return {found.task_id: found.reason for found in report.start.held}


def test_a_run_goes_on_when_what_it_waited_for_is_opened_again(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=2)])
    first = stage.server.create(queue="ops", status="complete")
    second = stage.server.create(queue="dev", tags=(f"after:{first}",))
    stage.run()
    stage.engine.adopt(stage.engine.newest(second))
    stage.server.set_status(first, "idle")
    held(stage)

    assert (stage.server.task(second).status, stage.lease(second) is not None) == ("working", True)


def test_what_nobody_can_read_is_mended_and_not_waited_for() -> None:
    """There is no server behind a folder of files that could be made to answer."""

    class Garbled(Asked):
        def get(self, task_id: TaskId) -> TaskDetail:
            raise TaskUnreadable(f"Task {task_id}: /tasks/9.md: line 1", hint="mend 9.md")

    waits = a_task("1", tags=["after:7"])
    found = prerequisites_of(Garbled(), a_backlog(waits).value, [], NOW)

    (held,) = plan_start(a_start_snapshot(waits, prerequisites=list(found.values()))).held
    assert (held.reason, held.lever) == (
        "blocked",
        "mend 9.md, or tinyscheduler task update 1 --untag after:7",
    )
