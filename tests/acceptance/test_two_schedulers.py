"""Two installations with the same agents on one task server: no task is worked on twice (law 1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene, gated, scenes_in

MakeScene = Callable[..., Scene]
LIMIT_S = 60


@pytest.fixture
def a_scene(tmp_path: Path) -> Iterator[MakeScene]:
    yield from scenes_in(tmp_path)


def at_once(*scenes: Scene) -> list[int]:
    """A pass in each, started together; their exit codes."""
    passes = [scene.start("run", "--once") for scene in scenes]
    return [each.wait(LIMIT_S) for each in passes]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("rounds", [5, pytest.param(20, marks=pytest.mark.soak)])
def test_two_schedulers_that_start_at_once_never_run_one_task_twice(a_scene: MakeScene, rounds: int) -> None:
    """Tasks of the pool, and tasks that are assigned to an agent that both have."""
    agent = gated("dev-1", slots=4, after="sleep 0.3")
    scenes = [a_scene(agent, name=name, MAX_PARALLEL=4) for name in ("one", "two")]
    one, two = scenes
    for scene in scenes:
        scene.open_gate()
    server = one.serve()
    two.configure(MCP_ENDPOINT=one.setting("MCP_ENDPOINT"))

    codes: list[int] = []
    for _ in range(rounds):
        one.seed(2)
        one.seed(2, assigned_to="dev-1")
        codes += at_once(one, two)
        for scene in scenes:
            scene.wait_for_rest()
    # What was lost to nobody in a race has another turn.
    codes += at_once(one)
    one.wait_for_rest()
    begun = Counter(one.disk.begun() + two.disk.begun())
    statuses = one.statuses()
    server.terminate()

    assert set(codes) == {0}
    assert begun == dict.fromkeys(statuses, 1)
    assert set(statuses.values()) == {"complete"}
    assert len(statuses) == 4 * rounds
