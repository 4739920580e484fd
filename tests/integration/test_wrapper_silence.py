"""Silence is noticed twice before it ends a run, and any sign of work breaks it (features B5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.wrapping import Stage, is_alive
from tests.waiting import wait_until

QUICK = {"stall_s": 1, "stall_pause_s": 1}
"""Notices after 1 s and 2 s, the end after 3 s."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.clear()


@pytest.mark.slow
def test_an_agent_of_which_nothing_is_heard_is_noticed_twice_and_then_stopped(stage: Stage) -> None:
    order = stage.sh("exec sleep 99", **QUICK)
    wrapper = stage.start(order)
    agent = stage.wait_for_agent()

    wait_until(lambda: stage.lease().stall_notices == 1, "the first notice")
    assert is_alive(agent)
    wait_until(lambda: stage.lease().stall_notices == 2, "the second notice")
    assert is_alive(agent)
    wrapper.wait(20)

    assert (stage.outcome().kind, stage.outcome().summary) == ("stalled", "nothing was heard for 3 s")
    assert 3.0 <= stage.run_seconds() < 8.0


@pytest.mark.slow
@pytest.mark.parametrize(
    "sign",
    [
        "echo word",
        "touch deep/in/here/file; rm deep/in/here/file",
        'touch "$(dirname $PWD)/runs/task_7/1/progress"',
        'touch "$(dirname $PWD)/runs/task_7/1/inbox.md"',
    ],
    ids=["output", "workspace", "progress file", "inbox"],
)
def test_an_agent_that_shows_any_sign_of_work_is_left_alone(stage: Stage, sign: str) -> None:
    """For longer than its silence might have lasted."""
    (stage.workspace / "deep/in/here").mkdir(parents=True)
    order = stage.sh(f"for i in 1 2 3; do sleep 1.2; {sign}; done", **QUICK)

    outcome = stage.run(order)

    assert outcome.kind == "succeeded"
    assert stage.lease().progress_at is not None


@pytest.mark.slow
def test_a_sign_takes_the_notices_back(stage: Stage) -> None:
    stage.start(stage.sh("sleep 2.5; echo word; sleep 99", stall_s=1, stall_pause_s=10))
    stage.wait_for_agent()

    wait_until(lambda: stage.lease().stall_notices == 1, "the first notice")
    wait_until(lambda: stage.lease().stall_notices == 0, "it has spoken")


@pytest.mark.slow
def test_an_agent_that_is_silent_but_within_its_time_is_not_touched(stage: Stage) -> None:
    """What 300 s are to the 900 s of the default."""
    wrapper = stage.start(stage.sh("sleep 2; exit 0", stall_s=6, stall_pause_s=2))
    wrapper.wait(20)

    assert stage.outcome().kind == "succeeded"
    assert stage.lease().stall_notices == 0
    assert "nothing heard" not in stage.words()


def test_silence_that_is_not_limited_is_not_looked_at(stage: Stage) -> None:
    stage.start(stage.sh("exec sleep 99", stall_s=None))
    stage.wait_for_agent()

    began = stage.lease()
    wait_until(lambda: stage.lease().heartbeat_at != began.heartbeat_at, "a beat")

    assert stage.lease().stall_notices == 0
