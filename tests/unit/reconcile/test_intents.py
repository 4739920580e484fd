"""What people ask for, and what passes make of it (features E3, E4)."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import answers, ask, parked, pending
from tinyscheduler.model.ids import TaskId
from tinyscheduler.ports import Host

ONE = TaskId("1")


def a_running_stage(base: Path, *, before: str | None = None) -> Stage:
    """One task, and its agent is at work."""
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", assigned_to=before)
    stage.run()
    return stage


def kinds(stage: Stage, task_id: str = "1") -> list[str]:
    return [past.kind for past in stage.ledger(task_id).outcomes]


# --- stop ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_stopped_task_is_idle_nobodys_and_parked(tmp_path: Path, before: str | None) -> None:
    stage = a_running_stage(tmp_path, before=before)
    ask(stage, "stop", reason="wrong branch")

    report = stage.run()

    task = stage.server.task(ONE)
    assert report.exit_code == 0
    assert (task.status, task.assigned_to, stage.lease()) == ("idle", None, None)
    assert stage.processes.living() == []
    assert (kinds(stage), parked(stage)) == (["cancelled"], ("wrong branch", "bob"))
    assert (pending(stage), answers(stage)) == ([], [("stop", "applied")])


def test_a_stopped_task_is_not_started_again(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "stop")

    for _ in range(10):
        stage.run()
        stage.clock.advance(3600)

    assert len(stage.engine.wrappers) == 1


def test_a_stop_with_requeue_spends_nothing_and_the_task_runs_again(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, before="dev-1")
    ask(stage, "stop", requeue=True)
    stage.run()
    left = stage.server.task(ONE)
    stage.clock.advance(61)

    stage.run()

    assert (left.status, left.assigned_to) == ("idle", "dev-1")
    assert [(past.kind, past.is_spent) for past in stage.ledger().outcomes] == [("cancelled", False)]
    assert len(stage.engine.wrappers) == 2


def test_a_run_that_has_ended_by_itself_is_not_called_cancelled(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "stop")
    stage.engine.finish(stage.engine.newest())

    stage.run()

    assert (stage.server.task(ONE).status, kinds(stage)) == ("complete", ["succeeded"])
    assert answers(stage) == [("stop", "nothing_to_do")]


def test_a_stop_means_the_run_that_was_seen_and_no_later_one(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "stop")
    stage.engine.finish(stage.engine.newest(), "interrupted")
    intent = pending(stage)[0]
    stage.world().intents.remove(intent)
    stage.run()
    stage.clock.advance(61)
    stage.run()
    stage.world().intents.write(intent)

    stage.run()

    lease = stage.lease()
    assert lease is not None
    assert (lease.state, pending(stage)) == ("running", [])


def test_what_cannot_be_ended_keeps_its_task_and_its_intent(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    agent = stage.engine.newest().agent
    assert agent is not None
    agent.ignores |= {signal.SIGTERM, signal.SIGKILL}
    ask(stage, "stop")
    first = stage.run()
    agent.ignores.clear()

    second = stage.run()

    assert (first.exit_code, second.exit_code) == (1, 0)
    assert kinds(stage) == ["cancelled"]
    assert answers(stage) == [("stop", "applied")]


def test_a_start_that_is_stopped_is_taken_back_and_not_made_again(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    stage.run()
    ask(stage, "stop", reason="not now")

    for _ in range(4):
        stage.run()
        stage.clock.advance(61)

    task = stage.server.task(ONE)
    assert (task.status, task.assigned_to, stage.lease()) == ("idle", None, None)
    assert len(stage.engine.wrappers) == 1
    assert (parked(stage), pending(stage)) == (("not now", "bob"), [])


def test_a_start_that_is_stopped_with_requeue_is_made_again(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    stage.run()
    ask(stage, "stop", requeue=True)

    for _ in range(3):
        stage.run()
        stage.clock.advance(61)

    assert len(stage.engine.wrappers) >= 2
    assert (parked(stage), pending(stage)) == (None, [])


def test_a_stop_while_the_server_is_away_ends_the_run_and_waits_to_be_settled(tmp_path: Path) -> None:
    """Local facts and the kill need no server (features B6)."""
    stage = a_running_stage(tmp_path)
    ask(stage, "stop")
    stage.server.unavailable = True
    away = stage.run()
    state, living = stage.lease(), stage.processes.living()
    stage.server.unavailable = False
    back = stage.run()

    assert state is not None
    assert (away.exit_code, state.state, living, back.exit_code) == (3, "finished", [], 0)
    assert (kinds(stage), parked(stage)) == (["cancelled"], ("asked by bob", "bob"))
    assert stage.server.task(ONE).status == "idle"


def test_estop_does_not_stand_in_the_way_of_an_intent(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.estop()
    ask(stage, "stop")

    stage.run()

    assert (parked(stage), pending(stage)) == (("asked by bob", "bob"), [])


def test_a_run_on_another_machine_is_not_stopped_from_here(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    elsewhere(stage)
    ask(stage, "stop")

    report = stage.run()

    assert stage.lease() is not None
    assert answers(stage) == [("stop", "refused")]
    assert any("is refused" in note for note in report.notes)


def elsewhere(stage: Stage) -> None:
    """Its run is another machine's."""
    lease = stage.lease()
    assert lease is not None
    other = Host("build-2", "machine-2", "boot-2", "pid:[2]")
    stage.leases().write(
        lease._replace(
            host=other.name,
            machine_id=other.machine_id,
            boot_id=other.boot_id,
            pid_namespace=other.pid_namespace,
        )
    )


# --- park ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_parked_task_is_not_started_in_ten_passes(tmp_path: Path, before: str | None) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", assigned_to=before)
    ask(stage, "park", reason="waits for the key")

    for _ in range(10):
        stage.run()
        stage.clock.advance(3600)

    task = stage.server.task(ONE)
    assert (task.status, task.assigned_to) == ("idle", None)
    assert (stage.engine.wrappers, parked(stage)) == ([], ("waits for the key", "bob"))
    assert len([c for c in stage.server.comments(ONE) if "waits for the key" in c.text]) == 1


def test_parking_a_task_that_runs_stops_it_first(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "park", reason="waits for the key")

    stage.run()

    assert (stage.processes.living(), stage.lease()) == ([], None)
    assert (parked(stage), answers(stage)) == (("waits for the key", "bob"), [("park", "applied")])


def test_a_run_that_fails_by_itself_is_parked_all_the_same_when_that_was_asked(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "park", reason="waits for the key")
    stage.engine.finish(stage.engine.newest(), "failed")

    stage.run()

    assert (kinds(stage), parked(stage)) == (["failed"], ("waits for the key", "bob"))


def test_a_task_that_a_person_has_is_not_taken_away_by_parking(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev", assigned_to="alice")
    ask(stage, "park")

    stage.run()

    assert stage.server.task(ONE).assigned_to == "alice"
    assert answers(stage) == [("park", "refused")]


def test_parking_waits_for_a_server_that_is_away_and_nothing_starts_meanwhile(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    ask(stage, "park")
    stage.server.refuse_writes = True
    refused = stage.run()
    stage.server.refuse_writes = False
    stage.run()

    assert [held.reason for held in refused.start.held] == ["parked"]
    assert stage.engine.wrappers == []
    assert parked(stage) == ("asked by bob", "bob")


# --- retry ---------------------------------------------------------------------------------------


def a_worn_out_stage(base: Path) -> Stage:
    """Three runs have failed, and the task is parked."""
    stage = a_stage(base)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    for _ in range(3):
        stage.run()
        stage.engine.finish(stage.engine.newest(), "failed")
        stage.run()
        stage.clock.advance(3600)
    assert parked(stage) is not None
    return stage


def test_retry_starts_a_parked_task_in_the_same_pass_with_all_its_attempts(tmp_path: Path) -> None:
    stage = a_worn_out_stage(tmp_path)
    ask(stage, "retry")
    stage.run()
    again = len(stage.engine.wrappers)
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()

    assert again == 4
    assert kinds(stage) == ["failed"] * 4
    assert parked(stage) is None


def test_retry_ends_a_delay_and_a_cooldown(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.engine.finish(stage.engine.newest(), "failed")
    stage.run()
    ask(stage, "retry")

    stage.run()

    assert len(stage.engine.wrappers) == 2


def test_retry_of_a_task_that_runs_is_refused(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "retry")

    stage.run()

    assert stage.lease() is not None
    assert answers(stage) == [("retry", "refused")]


def test_intents_of_one_task_are_obeyed_in_the_order_in_which_they_were_asked(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "stop")
    stage.clock.advance(1)
    ask(stage, "retry")

    stage.run()

    assert answers(stage) == [("stop", "applied"), ("retry", "applied")]
    assert len(stage.engine.wrappers) == 2


# --- release -------------------------------------------------------------------------------------


def test_a_released_lease_of_another_machine_is_given_up(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    elsewhere(stage)
    ask(stage, "release", reason="build-2 is scrapped")

    stage.run()

    assert kinds(stage) == ["interrupted"]
    assert (pending(stage), answers(stage)) == ([], [("release", "applied")])


def test_a_release_is_refused_while_the_wrapper_lives(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "release", reason="because")

    stage.run()

    lease = stage.lease()
    assert lease is not None
    assert (lease.state, answers(stage)) == ("running", [("release", "refused")])


def test_a_release_gives_up_a_run_whose_processes_cannot_be_ended(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    wrapper = stage.engine.newest()
    assert wrapper.agent is not None
    wrapper.agent.ignores |= {signal.SIGTERM, signal.SIGKILL}
    stage.processes.end(wrapper.process.ref)
    stuck = stage.run()
    ask(stage, "release", reason="it hangs in the kernel")

    stage.run()

    assert stuck.exit_code == 1
    assert answers(stage) == [("release", "applied")]
    assert len(stage.engine.wrappers) <= 2


def test_a_released_lease_that_nobody_can_read_is_moved_aside(tmp_path: Path) -> None:
    """With its ledger garbled too, nobody but a person can say that it stands for nothing."""
    stage = a_running_stage(tmp_path)
    stage.engine.die(stage.engine.newest())
    places = stage.configuration.places
    Path(places.running, "task_1.json").write_text("{")
    Path(places.ledger, "task_1.json").write_text("{")
    stuck = stage.run()
    ask(stage, "release", reason="nothing runs there")

    stage.run()

    assert stuck.exit_code == 1
    assert [name for name in os.listdir(places.running) if name.startswith("task_")] == []
    assert answers(stage) == [("release", "applied")]
    assert any("dropped" in name for name in os.listdir(places.quarantine))


# --- requeue -------------------------------------------------------------------------------------


def a_stray_stage(base: Path) -> Stage:
    """A task works under the name of our agent, and nobody of us has started it."""
    stage = a_stage(base)
    stage.server.create(queue="dev", assigned_to="dev-1")
    stage.server.update(ONE, status="working")
    return stage


def test_a_stray_task_is_left_alone_until_somebody_asks(tmp_path: Path) -> None:
    stage = a_stray_stage(tmp_path)
    for _ in range(5):
        stage.run()
        stage.clock.advance(600)
    before = stage.server.task(ONE).status
    ask(stage, "requeue", reason="nobody works on it")

    stage.run()

    assert before == "working"
    assert answers(stage) == [("requeue", "applied")]
    assert len(stage.engine.wrappers) == 1
    assert any("nobody works on it" in comment.text for comment in stage.server.comments(ONE))


def test_a_parent_is_not_requeued_because_its_status_follows_its_children(tmp_path: Path) -> None:
    stage = a_stray_stage(tmp_path)
    stage.server.create(queue="dev", parent=ONE, assigned_to="alice", status="working")
    ask(stage, "requeue", reason="why not")

    stage.run()

    assert answers(stage) == [("requeue", "refused")]


def test_what_has_a_lease_is_not_requeued(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "requeue", reason="why not")

    stage.run()

    assert stage.server.task(ONE).status == "working"
    assert answers(stage) == [("requeue", "refused")]


# --- the folder ----------------------------------------------------------------------------------


def test_what_is_no_intent_is_set_aside_and_stands_in_nobodys_way(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    folder = Path(stage.configuration.places.intents)
    ask(stage, "stop")
    (folder / "20000101T000000.000000Z-00000000.json").write_text("{")
    (folder / "README").write_text("hello")
    (folder / "a-folder").mkdir()
    (folder / "a-link").symlink_to("/etc/passwd")
    (folder / ".half.json.1-1-1.tmp").write_text("")

    first, second = stage.run(), stage.run()

    assert (first.exit_code, second.exit_code) == (1, 0)
    assert len(first.faults) == 4
    assert parked(stage) is not None
    assert os.listdir(folder) == []
    aside = os.listdir(stage.configuration.places.quarantine)
    assert len([name for name in aside if name.startswith("intent_")]) == 4


def test_an_intent_for_the_task_of_another_server_is_refused(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    intent = ask(stage, "park")
    stage.world().intents.remove(intent)
    stage.world().intents.write(intent._replace(source="fake:2"))

    stage.run()

    assert (parked(stage), answers(stage)) == (None, [("park", "refused")])


def test_stop_of_many_ends_them_under_one_grace(tmp_path: Path) -> None:
    agents = [an_agent(f"dev-{n}") for n in range(1, 6)]
    stage = a_stage(tmp_path, agents=agents)
    stage.engine.adopts_at_once = True
    for _ in range(5):
        stage.server.create(queue="dev")
    stage.run()
    for wrapper in stage.engine.wrappers:
        assert wrapper.agent is not None
        wrapper.agent.ignores.add(signal.SIGTERM)
    for number in range(1, 6):
        ask(stage, "stop", str(number))
    began = stage.clock.monotonic()

    stage.run()

    assert stage.processes.living() == []
    assert stage.clock.monotonic() - began < 10
    assert answers(stage) == [("stop", "applied")] * 5


class Dawdling:
    """A task server that answers after three seconds."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._stage.server, name)
        if name == "get":
            self._stage.clock.advance(3)
        return found


def test_many_intents_on_a_slow_server_leave_time_for_the_rest_of_the_pass(tmp_path: Path) -> None:
    """What was not done waits, and is not started meanwhile."""
    stage = a_stage(tmp_path)
    for _ in range(9):
        stage.server.create(queue="dev")
    for number in range(1, 9):
        ask(stage, "park", str(number))

    report = stage.run(server=Dawdling(stage))  # type: ignore[arg-type]
    stage.clock.advance(60)
    after = len(pending(stage))
    stage.run()

    assert 0 < after < 8
    assert "no time for more intents in this pass" in report.limits
    assert {start.task.id for start in report.start.starts} == {"9"}
    assert pending(stage) == []
