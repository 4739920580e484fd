"""Ending runs: ask, TERM, one grace, KILL, prove; and what is written down then (design 6, B3 to B7)."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.unit.reconcile.reclaim_scenes import (
    TASK,
    a_running_stage,
    agent_of,
    newest,
)
from tinyscheduler.model.lease import StopOrder


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
    order = newest(stage).order
    own, others = f"{order.cwd}/report.html", "/etc/passwd"
    said = f'{{"status": "success", "summary": "all done", "artifacts": ["{own}", "{others}"]}}'
    Path(order.result).write_text(said)
    stage.engine.die(newest(stage))

    stage.run()

    assert stage.server.task(TASK).status == "complete"
    comment = stage.server.comments(TASK)[-1].text
    assert "all done (1 artifact outside the workspace left out)" in comment
    assert f"artifacts: {own}" in comment
    assert others not in comment


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
