"""A clock beyond what can be counted is one clear error for every command, and not a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.scene import Scene, gated
from tests.rigs.clock import no_shares_left, stepped

MakeScene = Callable[..., Scene]
YEAR_S = 31_557_600


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    with no_shares_left():
        yield


@pytest.mark.parametrize(
    "command",
    [
        ("run", "--once"),
        ("run", "--dry-run"),
        ("status",),
        ("status", "--json"),
        ("explain", "1"),
        ("task", "list"),
        ("validate-config",),
        ("stop", "--all"),
    ],
    ids=" ".join,
)
def test_a_clock_in_a_far_century_is_said_in_one_line(a_scene: MakeScene, command: tuple[str, ...]) -> None:
    scene = a_scene(gated("dev-1"))
    scene.seed(1)

    answer = scene.call(*command, environ=stepped(300 * YEAR_S))

    assert (answer.code, answer.out) == (1, "")
    assert "the clock of this machine is beyond the year 2262" in answer.err
    assert answer.err.count("\n") == 1
    assert scene.statuses() == {"1": "idle"}


def test_the_year_2200_is_as_good_as_any(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", slots=0))
    scene.seed(1)

    for command in (("run", "--once"), ("status",), ("explain", "1"), ("task", "list")):
        answer = scene.call(*command, environ=stepped(170 * YEAR_S))
        assert (answer.code, answer.err) == (0, ""), (command, answer)
