"""Cron hears of an agent that cannot be started, although a wrapper's pass has found it (law 12)."""

from __future__ import annotations

from collections.abc import Callable

from tests.acceptance.scene import Scene
from tests.integration.commands import an_agent
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]


def test_the_next_pass_of_cron_says_what_a_wrappers_pass_has_found(a_scene: MakeScene) -> None:
    """What that one prints ends in the run's wrapper.log, where nobody looks."""
    scene = a_scene({**an_agent("dev-1"), "command": ["./worker"]})
    worker = scene.base / "worker"
    worker.write_text("#!/bin/sh\n")
    worker.chmod(0o644)
    scene.add("Write it", queue="dev")
    scene.once()
    untold = scene.state / "passes" / "untold.jsonl"
    wait_until(untold.exists, "the pass at the end of the run has found that the agent cannot be started")

    heard, again = scene.call("run", "--once"), scene.call("run", "--once")

    assert (heard.code, again.code) == (1, 0)
    assert "agent dev-1 cannot be started for task 1" in heard.err
    assert "found by the pass at the end of a run" in heard.err
