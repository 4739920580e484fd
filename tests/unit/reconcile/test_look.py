"""Looking changes nothing, and says what is true although a pass is at work meanwhile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.builders import parked_as
from tests.fakes.stage import Stage, a_stage
from tests.fakes.task_server import FakeTaskServer
from tests.unit.reconcile.looking import TASK, a_busy_stage, read_side
from tinyscheduler.adapters.records.leases import FileLeaseStore
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.snapshot import Backlog
from tinyscheduler.ports import LeaseScan, World
from tinyscheduler.reconcile.look import look
from tinyscheduler.reconcile.look_at import look_at
from tinyscheduler.views.problems import exit_code, problems
from tinyscheduler.views.seen import RunSeen, Seen


def runs(seen: Seen) -> tuple[RunSeen, ...]:
    assert isinstance(seen.runs, Known)
    found: tuple[RunSeen, ...] = seen.runs.value
    return found


def references(seen: Seen) -> list[str]:
    return [problem.reference for problem in problems(seen) if problem.severity != "note"]


class ScanThen:
    """A lease store in whose scan something happens right after the files were read."""

    def __init__(self, store: FileLeaseStore, happens: Callable[[], object]) -> None:
        self._store = store
        self._happens: Callable[[], object] | None = happens
        for name in ("read", "owner", "stop_order"):
            setattr(self, name, getattr(store, name))

    def scan(self) -> LeaseScan:
        found = self._store.scan()
        happens, self._happens = self._happens, None
        if happens is not None:
            happens()
        return found


def world_in_which(stage: Stage, happens: Callable[[], object]) -> World:
    """Something happens between the reading of the leases and everything after it."""
    return stage.world()._replace(leases=ScanThen(stage.leases(), happens))  # type: ignore[arg-type]


def picture(base: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder with its size and time."""
    found = {}
    for folder, _, names in os.walk(base):
        for path in (folder, *(os.path.join(folder, name) for name in names)):
            status = os.stat(path)
            found[path] = (status.st_size, status.st_mtime_ns)
    return found


def test_a_house_that_does_not_exist_yet_is_well_and_stays_untouched(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)

    seen = look(read_side(stage))

    assert exit_code(problems(seen)) == 0
    assert os.listdir(tmp_path) == []


def test_looking_changes_nothing(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    before, writes = picture(tmp_path), stage.server.writes

    look(read_side(stage))
    look_at(read_side(stage), TASK)

    assert before == picture(tmp_path)
    assert writes == stage.server.writes


def test_looking_works_while_a_pass_holds_the_lock(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    at_work = stage.world()
    assert at_work.lock.acquire()

    seen = look(read_side(stage))

    assert [run.facts.lease.task_id for run in runs(seen)] == ["1"]
    at_work.lock.release()


def test_run_that_ends_while_we_look_is_not_called_dead(tmp_path: Path) -> None:
    """Its lease was read, then it was settled: what is gone is simply gone."""
    stage = a_busy_stage(tmp_path)
    wrapper = stage.engine.newest()

    def end() -> None:
        stage.engine.finish(wrapper, "succeeded")
        stage.run()

    seen = look(read_side(stage, world_in_which(stage, end)))

    assert runs(seen) == ()
    assert references(seen) == []


def test_run_that_finishes_while_we_look_is_shown_as_it_is_now(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    wrapper = stage.engine.newest()

    seen = look(read_side(stage, world_in_which(stage, lambda: stage.engine.finish(wrapper, "succeeded"))))

    assert [run.facts.lease.state for run in runs(seen)] == ["finished"]
    assert references(seen) == []


def test_dead_wrapper_is_told_with_what_the_next_pass_does(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    stage.processes.end(stage.engine.newest().process.ref)

    seen = look(read_side(stage))

    (problem,) = problems(seen)
    assert problem.reference == "wrapper-dead"
    assert "its agent still runs" in problem.message
    assert exit_code([problem]) == 1


def test_copied_folder_is_told_before_any_pass_has_run_in_it(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    copy = a_stage(tmp_path / "b", agents=stage.configuration.agents)._replace(
        processes=stage.processes, server=stage.server, clock=stage.clock
    )

    assert "copied-folder" in references(look(read_side(copy)))
    assert "copied-folder" not in references(look(read_side(stage)))


def test_folder_of_leases_that_cannot_be_read_is_unknown_not_empty(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    os.makedirs(stage.configuration.places.state)
    Path(stage.configuration.places.running).write_text("a file")

    seen = look(read_side(stage))

    assert isinstance(seen.runs, Unknown)
    assert seen.plan is None
    # The first of them with the remedy.
    assert references(seen) == ["state", "leases-unknown"]


def test_server_that_does_not_answer_is_unknown_and_leases_are_shown(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    stage.server.unavailable = True

    seen = look(read_side(stage))

    assert [run.facts.lease.task_id for run in runs(seen)] == ["1"]
    assert exit_code(problems(seen)) == 3


def parked_stage(base: Path) -> Stage:
    """Task 1 is parked, idle and nobody's, as three failed attempts leave it."""
    stage = a_stage(base)
    stage.server.create(queue="dev")
    stage.run()
    stage.engine.adopt(stage.engine.newest())
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()
    parked = parked_as(stage.server.task(TASK))
    stage.ledgers().write(stage.ledger()._replace(parked=parked, not_before=None))
    return stage


def test_parked_task_is_shown_until_a_person_changes_it(tmp_path: Path) -> None:
    stage = parked_stage(tmp_path)
    shown = [entry.task_id for entry in look(read_side(stage)).shelf.parked]

    stage.server.edit(stage.server.task(TASK)._replace(title="another title"))

    assert shown == [TASK]
    assert look(read_side(stage)).shelf.parked == ()


def test_parked_task_stays_parked_for_us_until_a_person_has_completed_it(tmp_path: Path) -> None:
    """Neither is in the backlog; only the server tells them apart."""
    stage = parked_stage(tmp_path)

    stage.server.set_status(TASK, "working")
    assert [entry.task_id for entry in look(read_side(stage)).shelf.parked] == [TASK]
    stage.server.set_status(TASK, "complete")
    assert look(read_side(stage)).shelf.parked == ()


class FetchThen:
    """A server on which something happens right after the backlog was fetched."""

    def __init__(self, server: FakeTaskServer, happens: Callable[[], object]) -> None:
        self._server = server
        self._happens = happens
        self.source = server.source
        for name in ("get", "has_open_children", "unserved", "close"):
            setattr(self, name, getattr(server, name))

    def backlog(self, queues: Sequence[QueueName], agents: Sequence[AgentName], limit: int) -> Backlog:
        found = self._server.backlog(queues, agents, limit)
        self._happens()
        return found


def test_start_while_we_look_is_shown_as_a_run(tmp_path: Path) -> None:
    """Its ledger was opened after the leases were read: that is no run without a lease."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    server = FetchThen(stage.server, stage.run)

    seen = look(read_side(stage, stage.world(server=server)))  # type: ignore[arg-type]

    assert references(seen) == []
    assert [run.facts.lease.task_id for run in runs(seen)] == [TASK]
    assert seen.plan is not None
    assert [held.reason for held in seen.plan.held] == ["leased"]


def test_claim_between_leases_and_server_is_not_called_working_elsewhere(tmp_path: Path) -> None:
    """The leases were read before the claim, the server answered after it."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")

    subject = look_at(read_side(stage, world_in_which(stage, stage.run)), TASK)

    assert subject.explanation is not None
    assert subject.explanation.standing == "running"
    assert subject.run is not None
