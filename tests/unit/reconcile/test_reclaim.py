"""Ending runs: ask, TERM, one grace, KILL, prove; and what is written down then (design 6, B3 to B7)."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.engine import FakeWrapper
from tests.fakes.processes import FakeProcess
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import StopOrder
from tinyscheduler.model.policy import Policy

TASK = TaskId("1")


def a_running_stage(base: Path, *, tasks: int = 1, kills_max: int = 100) -> Stage:
    """So many running agents, and a scheduler that starts nothing more."""
    stage = a_stage(base, agents=[an_agent(slots=tasks)], policy=Policy(max_parallel=tasks))
    stage.engine.adopts_at_once = True
    for _ in range(tasks):
        stage.server.create(queue="dev")
    stage.run()
    assert len(stage.processes.living()) == 2 * tasks
    off = Policy(is_enabled=False, kills_max=kills_max)
    return stage._replace(configuration=stage.configuration._replace(policy=off))


def newest(stage: Stage) -> FakeWrapper:
    return stage.engine.newest()


def agent_of(wrapper: FakeWrapper) -> FakeProcess:
    assert wrapper.agent is not None
    return wrapper.agent


def test_a_wrapper_that_beats_is_left_alone(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    for _ in range(10):
        stage.clock.advance(40)
        stage.engine.beat(newest(stage))
        assert stage.run().results == []

    assert stage.processes.signals == []


def test_a_wrapper_that_does_not_beat_is_ended_with_its_agent(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.clock.advance(46)

    report = stage.run()

    assert [(r.kind, r.result) for r in report.results] == [("reclaim", "done"), ("settle", "done")]
    assert report.exit_code == 0
    assert stage.processes.living() == []
    assert stage.server.task(TASK).status == "idle"
    assert [past.kind for past in stage.ledger().outcomes] == ["lost"]


def test_a_lease_that_was_touched_counts_as_a_beat(tmp_path: Path) -> None:
    """On a full disk a wrapper can beat in no other way."""
    stage = a_running_stage(tmp_path)
    path = f"{stage.configuration.places.running}/task_1.json"
    for _ in range(5):
        stage.clock.advance(40)
        os.utime(path, times=(stage.clock.now().timestamp(),) * 2)
        assert stage.run().results == []
    stage.clock.advance(46)

    assert [r.kind for r in stage.run().results] == ["reclaim", "settle"]


def test_a_lease_that_was_touched_in_the_future_proves_nothing(tmp_path: Path) -> None:
    """The clock was set back since; the wrapper may hang."""
    stage = a_running_stage(tmp_path)
    os.utime(f"{stage.configuration.places.running}/task_1.json", times=(2**32, 2**32))
    stage.clock.advance(46)

    assert [r.kind for r in stage.run().results] == ["reclaim", "settle"]


def test_a_clock_that_was_set_forward_ends_nobody(tmp_path: Path) -> None:
    """Features B3: on the same boot only the monotonic clock counts."""
    stage = a_running_stage(tmp_path)
    stage.clock.step(86_400)

    assert stage.run().results == []


def test_a_clock_that_was_set_back_ends_nobody(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stage.clock.step(-86_400)

    assert stage.run().results == []


def test_a_recycled_pid_is_a_dead_wrapper_and_the_stranger_is_not_touched(tmp_path: Path) -> None:
    """Features B2."""
    stage = a_running_stage(tmp_path)
    pid = newest(stage).process.ref.pid
    stage.engine.die(newest(stage))
    stranger = stage.processes.spawn(pid=pid)

    report = stage.run()

    assert [(r.kind, r.result) for r in report.results] == [("reclaim", "done"), ("settle", "done")]
    assert stage.processes.living() == [stranger]
    assert stage.processes.signals == []


def test_after_a_reboot_everybody_is_interrupted_and_nobody_is_signalled(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, tasks=3)
    stage.processes.reboot()

    stage.run()

    assert [stage.ledger(str(n)).outcomes[-1].kind for n in (1, 2, 3)] == ["interrupted"] * 3
    assert stage.processes.signals == []


@pytest.mark.parametrize("where", ["machine", "namespace"])
def test_a_run_we_cannot_see_is_kept_and_told(tmp_path: Path, where: str) -> None:
    """Law 4; exit code 1 because somebody has to look."""
    stage = a_running_stage(tmp_path)
    lease = stage.lease()
    assert lease is not None
    elsewhere = {
        "machine": lease._replace(machine_id="another", host="build-2"),
        "namespace": lease._replace(pid_namespace="pid:[2]"),
    }
    stage.leases().write(elsewhere[where])
    stage.clock.advance(10_000)

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease() == elsewhere[where]
    assert stage.processes.signals == []


def test_the_wrapper_is_asked_by_file_and_by_signal(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    seen: list[StopOrder | None] = []
    newest(stage).process.on_term = lambda: seen.append(stage.leases().stop_order(TASK))
    stage.clock.advance(46)

    stage.run()

    (stop,) = seen
    assert stop is not None
    assert (stop.reason, stop.by) == ("lost", "pass")


def test_what_the_wrapper_says_last_counts(tmp_path: Path) -> None:
    """It was only slow: asked to end, it writes how its agent had ended."""
    stage = a_running_stage(tmp_path)
    wrapper = newest(stage)
    wrapper.process.on_term = lambda: stage.engine.finish(wrapper, "failed")
    stage.clock.advance(46)

    stage.run()

    assert [past.kind for past in stage.ledger().outcomes] == ["failed"]


def test_a_result_file_counts_when_the_wrapper_died_before_it_could_read_it(tmp_path: Path) -> None:
    """Features B11: the work is not done again."""
    stage = a_running_stage(tmp_path)
    Path(newest(stage).order.result).write_text('{"status": "success", "summary": "all done"}')
    stage.engine.die(newest(stage))

    stage.run()

    assert stage.server.task(TASK).status == "complete"
    assert "all done" in stage.server.comments(TASK)[-1].text


def test_an_agent_that_ignores_term_is_killed_after_its_grace(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    stubborn = agent_of(newest(stage))
    stubborn.ignores.add(signal.SIGTERM)
    stage.clock.advance(46)
    before = stage.clock.monotonic()

    stage.run()

    assert stage.processes.living() == []
    assert (stubborn.ref.pid, signal.SIGKILL) in stage.processes.signals
    assert 5 <= stage.clock.monotonic() - before <= 10


def test_all_that_are_ended_share_one_grace(tmp_path: Path) -> None:
    """Features A8: a hundred hanging agents must not hold the lock for ten minutes."""
    stage = a_running_stage(tmp_path, tasks=20)
    for wrapper in stage.engine.wrappers:
        agent_of(wrapper).ignores.add(signal.SIGTERM)
    stage.clock.advance(46)
    before = stage.clock.monotonic()

    stage.run()

    assert stage.processes.living() == []
    assert stage.clock.monotonic() - before <= 10


def test_a_process_that_survives_holds_task_and_slot_and_a_person_is_told(tmp_path: Path) -> None:
    """Law 1: kill, prove it gone, then requeue."""
    stage = a_running_stage(tmp_path)
    agent_of(newest(stage)).ignores.update({signal.SIGTERM, signal.SIGKILL})
    stage.clock.advance(46)

    reports = [stage.run() for _ in range(3)]

    assert [report.exit_code for report in reports] == [1, 1, 1]
    assert str(agent_of(newest(stage)).ref.pid) in reports[0].faults[0].message
    assert stage.server.task(TASK).status == "working"
    assert stage.lease() is not None
    agent_of(newest(stage)).ignores.clear()
    assert stage.run().exit_code == 0
    assert stage.server.task(TASK).status == "idle"


def test_a_child_that_left_its_wrapper_is_found_by_its_tag(tmp_path: Path) -> None:
    """Features B8: the wrapper was killed with -9, the grandchild is gone after the next pass."""
    stage = a_running_stage(tmp_path)
    stage.processes.spawn(newest(stage).order.tag)
    stage.engine.die(newest(stage))

    stage.run()

    assert stage.processes.living() == []


def test_more_late_wrappers_than_the_limit_are_ended_in_several_passes(tmp_path: Path) -> None:
    """Features A8: a bad clock must not end everybody at once, and the limit is reported."""
    stage = a_running_stage(tmp_path, tasks=5, kills_max=3)
    stage.clock.advance(46)

    first = stage.run()
    second = stage.run()

    assert sum(r.kind == "reclaim" and r.result == "done" for r in first.results) == 3
    assert sum(r.kind == "reclaim" and r.result == "done" for r in second.results) == 2
    assert first.limits == ["3 kills in one pass"]
    assert second.limits == []


def test_an_agent_far_over_its_limit_is_ended_although_its_wrapper_beats(tmp_path: Path) -> None:
    """The wrapper enforces the limit, the pass is the backstop (features B4)."""
    stage = a_running_stage(tmp_path)
    stage.clock.advance(3600 + 5 + 31)
    stage.engine.beat(newest(stage))

    stage.run()

    assert [past.kind for past in stage.ledger().outcomes] == ["timed_out"]


def test_estop_ends_everything(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, tasks=3)
    stage.estop()

    report = stage.run()

    assert stage.processes.living() == []
    assert report.exit_code == 0
    assert [stage.ledger(str(n)).outcomes[-1].kind for n in (1, 2, 3)] == ["interrupted"] * 3


def test_one_lease_whose_owner_file_is_garbled_keeps_no_other_run_alive(tmp_path: Path) -> None:
    """Law 12: the others are dead and have to be seen to."""
    stage = a_running_stage(tmp_path, tasks=2)
    Path(stage.configuration.places.running, "task_1.owner").write_bytes(b"\xff{")
    for wrapper in stage.engine.wrappers:
        stage.engine.die(wrapper)

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease("2") is None
    assert stage.server.task(TaskId("2")).status == "idle"


def test_one_stop_file_that_cannot_be_written_keeps_no_other_run_alive(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path, tasks=2)
    os.mkdir(f"{stage.configuration.places.running}/task_1.stop")
    stage.clock.advance(46)

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease("2") is None


def test_a_grace_that_was_garbled_does_not_hold_the_lock_for_ever(tmp_path: Path) -> None:
    """Design 6: any stored time beyond its own maximum is clamped; a pass takes 50 s at most."""
    stage = a_running_stage(tmp_path)
    lease = stage.lease()
    assert lease is not None
    stage.leases().write(lease._replace(grace_s=10**6))
    agent_of(newest(stage)).ignores.add(signal.SIGTERM)
    stage.clock.advance(46)
    before = stage.clock.monotonic()

    stage.run()

    assert stage.clock.monotonic() - before <= stage.configuration.policy.pass_limit_s


def test_a_server_that_is_down_stops_no_reclaim(tmp_path: Path) -> None:
    """Features B6: local facts and the kill need no server; only settling does."""
    stage = a_running_stage(tmp_path)
    stage.server.unavailable = True
    stage.clock.advance(46)

    report = stage.run()

    lease = stage.lease()
    assert report.exit_code == 3
    assert stage.processes.living() == []
    assert lease is not None
    assert lease.state == "finished"
    stage.server.unavailable = False
    assert stage.run().exit_code == 0
    assert stage.server.task(TASK).status == "idle"
    assert len(stage.server.comments(TASK)) == 1


def test_a_lease_that_vanished_while_its_processes_ended_is_told(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    path = f"{stage.configuration.places.running}/task_1.json"
    newest(stage).process.on_term = lambda: os.unlink(path)
    stage.clock.advance(46)

    report = stage.run()

    assert report.exit_code == 1
    assert stage.processes.living() == []
