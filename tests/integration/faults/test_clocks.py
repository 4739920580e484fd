"""Clocks that jump, and a wrapper that stands still: a jump ends nobody's run and starts nothing early, and
silence ends one (features B3)."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene, gated, scenes_in
from tests.integration.commands import an_agent
from tests.integration.wrapping import is_alive
from tests.rigs.clock import Stepper, later, no_shares_left, stepped
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]
HOURS = (-30 * 24, -5, -1, 1, 5, 30 * 24)
"""A wrong time zone, a battery that was empty, a laptop that slept over the holidays."""
STALE_S = 60
"""Longer than three beats, and than the 45 s that are always granted."""


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    with no_shares_left():
        yield


@pytest.fixture
def a_scene(tmp_path: Path) -> Iterator[MakeScene]:
    yield from scenes_in(tmp_path)


def pids(scene: Scene, task_id: str) -> tuple[int, int]:
    """Wrapper and agent of a running task."""
    lease = scene.disk.lease(task_id)
    return int(str(lease["pid"])), int(str(lease["agent_pid"]))


def test_wall_clock_that_jumps_between_passes_ends_no_run(a_scene: MakeScene) -> None:
    """Also a machine that was suspended: the monotonic clock has stood still, and nobody is late."""
    scene = a_scene(gated("dev-1"))
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    before = pids(scene, task_id)

    answers = [scene.call("run", "--once", environ=stepped(hours * 3600)) for hours in HOURS]
    after, alive = pids(scene, task_id), [is_alive(pid) for pid in before]
    scene.open_gate()
    scene.wait_for_rest()

    assert answers == [(0, "", "")] * len(HOURS)
    assert (after, alive) == (before, [True, True])
    assert scene.disk.begun() == [task_id]
    assert scene.statuses() == {task_id: "complete"}


def test_wall_clock_that_jumps_during_a_run_ends_nothing(a_scene: MakeScene, tmp_path: Path) -> None:
    """Neither the wrapper, whose limit is an hour, nor a pass with the same clock or with the true one."""
    clock = Stepper(tmp_path / "clock")
    scene = a_scene(gated("dev-1"), MAX_RUNTIME_SEC=3600)
    (task_id,) = scene.seed(1)
    assert scene.call("run", "--once", environ=clock.environment()).code == 0
    scene.wait_for_running(task_id)
    before = pids(scene, task_id)

    answers = []
    for hours in HOURS:
        clock.step(hours * 3600)
        wait_for_beat_near(scene, task_id, hours)
        answers += [scene.call("run", "--once", environ=environ) for environ in (clock.environment(), {})]
    after, alive = pids(scene, task_id), [is_alive(pid) for pid in before]
    scene.open_gate()
    scene.wait_for_rest()

    assert answers == [(0, "", "")] * (2 * len(HOURS))
    assert (after, alive) == (before, [True, True])
    assert scene.disk.begun() == [task_id]
    assert scene.statuses() == {task_id: "complete"}


def wait_for_beat_near(scene: Scene, task_id: str, hours: int) -> None:
    """Until the wrapper has seen the step."""

    def is_near() -> bool:
        beat = datetime.fromisoformat(str(scene.disk.lease(task_id)["last_heartbeat"]))
        return abs(beat - datetime.now(UTC) - timedelta(hours=hours)) < timedelta(minutes=10)

    wait_until(is_near, f"a beat {hours} hours away")


def test_wall_clock_that_jumps_starts_nothing_early_and_keeps_nothing_waiting_for_ever(
    a_scene: MakeScene,
) -> None:
    """A delay of an hour is over when the clock says so, and never longer than a delay can be."""
    scene = a_scene(an_agent("dev-1", script="exit 7"), RETRY_BASE_SEC=3600, RETRY_MAX_SEC=3600)
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_rest()

    held = [scene.held(told(scene, stepped(minutes * 60))).get(task_id) for minutes in (-60, -10, 0, 30)]
    a_month_back = scene.held(told(scene, stepped(-30 * 24 * 3600)))
    answer = scene.call("run", "--once", environ=stepped(2 * 3600))
    scene.wait_for_rest()

    assert set(held) <= {"not_before", "cooldown"}
    # No delay is that long, so it is none: a clock that is set right must not cost a month.
    assert a_month_back == {}
    assert answer.code == 0
    assert len(scene.disk.outcomes(task_id)) == 2


def told(scene: Scene, environ: object) -> dict[str, object]:
    answer = scene.call("run", "--dry-run", "--json", environ=environ)  # type: ignore[arg-type]
    assert answer.code == 0, answer
    return answer.json()


def a_frozen_run(a_scene: MakeScene) -> tuple[Scene, str, int, int]:
    """Its wrapper stands still: scene, task, wrapper, agent."""
    scene = a_scene(gated("dev-1"), RETRY_BASE_SEC=0)
    (task_id,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(task_id)
    wrapper, agent = pids(scene, task_id)
    os.kill(wrapper, signal.SIGSTOP)
    return scene, task_id, wrapper, agent


def test_wrapper_that_stands_still_is_reclaimed_and_harms_nobody_when_it_wakes(a_scene: MakeScene) -> None:
    """SIGSTOP, and a minute by every clock of the pass that looks."""
    scene, task_id, wrapper, agent = a_frozen_run(a_scene)
    wait_until(lambda: agent in pids(scene, task_id), "the agent is named")

    fresh = scene.call("run", "--once")
    alive_before = is_alive(agent)
    stale = scene.call("run", "--once", environ=later(STALE_S))
    wake(wrapper)
    wait_until(lambda: not is_alive(wrapper) and not is_alive(agent), "wrapper and agent are gone")
    scene.open_gate()
    converge(scene, task_id)

    assert (fresh, alive_before) == ((0, "", ""), True)
    assert stale.code == 0
    assert scene.disk.outcomes(task_id) == ["lost", "succeeded"]
    assert scene.disk.begun() == [task_id, task_id]


@pytest.mark.soak
def test_wrapper_that_stands_still_for_fifty_seconds_is_reclaimed(a_scene: MakeScene) -> None:
    """The same by true clocks."""
    scene, task_id, wrapper, agent = a_frozen_run(a_scene)

    wait_until(lambda: scene.call("run", "--once") and not is_alive(agent), "the agent is ended", 90)
    wake(wrapper)
    wait_until(lambda: not is_alive(wrapper), "the wrapper is gone")
    scene.open_gate()
    converge(scene, task_id)

    assert scene.disk.outcomes(task_id) == ["lost", "succeeded"]


def wake(wrapper: int) -> None:
    """If it is still there."""
    if is_alive(wrapper):
        os.kill(wrapper, signal.SIGCONT)


def converge(scene: Scene, task_id: str) -> None:
    """Passes until the task is complete and nobody is left."""
    wait_until(lambda: scene.call("run", "--once").code == 0 and not scene.disk.leases(), "no lease")
    scene.wait_for_rest()
    assert scene.statuses() == {task_id: "complete"}
