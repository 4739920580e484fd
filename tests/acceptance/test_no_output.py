"""``logs`` of a run without a word: why there is none, and what to do."""

from __future__ import annotations

from collections.abc import Callable

from tests.acceptance.scene import Scene, gated
from tests.integration.commands import an_agent

MakeScene = Callable[..., Scene]


def test_logs_of_an_agent_that_could_not_be_started_say_so(a_scene: MakeScene) -> None:
    scene = a_scene({**an_agent("dev-1"), "command": ["/bin/no-such-program"]})
    scene.seed(1)
    scene.once()
    scene.wait_for_rest()

    text, told = scene.call("logs", "1"), scene.call("logs", "1", "--json").json()

    assert (text.code, text.out) == (0, "")
    assert "task 1: attempt 1 has no output, its agent could not be started: " in text.err
    assert "/bin/no-such-program" in text.err
    assert "(mend its command or workspace in agent-control" in text.err
    assert told["lines"] == []
    assert "could not be started" in str(told["note"])


def test_logs_of_an_agent_that_says_nothing_say_how_it_ended(a_scene: MakeScene) -> None:
    scene = a_scene(gated("dev-1", success="exit_code"))
    scene.seed(1)
    scene.once()
    scene.wait_for_running("1")
    running = scene.call("logs", "1")
    scene.open_gate()
    scene.wait_for_rest()

    over = scene.call("logs", "1")

    assert (
        running.err
        == "tinyscheduler: task 1: attempt 1 has said nothing yet: its agent runs (-f waits for it)\n"
    )
    assert (
        over.err
        == "tinyscheduler: task 1: attempt 1 has said nothing, it ended as succeeded: exit status 0\n"
    )
    assert {running.out, over.out, str(running.code), str(over.code)} == {"", "0"}
