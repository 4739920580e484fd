"""A free slot is filled at once, and nobody waits for an agent (design 6, law 10)."""

from __future__ import annotations

import os
from collections.abc import Callable

from tests.acceptance.disk import looks
from tests.acceptance.scene import Scene, gated
from tests.integration.commands import an_agent
from tests.integration.stub_behaviours import hang
from tests.integration.stub_server import StubServer
from tests.integration.wrapping import is_alive
from tests.waiting import wait_until

MakeScene = Callable[..., Scene]


def test_one_pass_is_enough_for_four_tasks_of_one_slot(a_scene: MakeScene) -> None:
    """Under cron the next pass would come within a minute: each wrapper becomes it instead."""
    scene = a_scene(gated("dev-1", slots=1))
    scene.open_gate()
    tasks = scene.seed(4)

    scene.once()
    scene.wait_for_rest()

    assert scene.disk.begun() == tasks
    assert set(scene.statuses().values()) == {"complete"}
    assert looks(scene.disk.journal())
    assert [scene.disk.lease_count_max()] == [1]


def test_holder_looks_once_more_when_an_agent_ends_meanwhile(a_scene: MakeScene) -> None:
    """The agent's own pass finds the lock busy and leaves; what it would have done is done by whoever
    holds the lock. Here that one is stuck in its look at a server that does not answer yet."""
    with StubServer() as stub:
        scene = a_scene(gated("dev-1", slots=2), MCP_ENDPOINT=stub.url)
        first, second = stub.store.add(), stub.store.add()
        scene.once()
        scene.wait_for_running("1", "2")
        stub.requests.clear()
        stub.script(hang)
        holder = scene.start("run", "--once")
        wait_until(lambda: stub.requests, "the pass asks the server")
        assert scene.disk.is_locked()
        wrapper = int(str(scene.disk.lease("1")["pid"]))
        scene.open_gate("1")
        wait_until(lambda: not is_alive(wrapper), "the pass of the wrapper has left")
        third = stub.store.add()
        unsettled = scene.disk.lease("1")["state"]
        # The call that hung ends with a closed connection; a question may be asked again.
        stub.released.set()
        ended = (*holder.communicate(timeout=30), holder.returncode)
        settled = (first["status"], second["status"], third["status"])

    assert unsettled == "finished"
    assert settled == ("complete", "working", "working")
    assert ended == ("", "", 0)
    assert scene.disk.leases() == ["2", "3"]


def test_a_pass_does_not_wait_for_agents(a_scene: MakeScene) -> None:
    """It returns although they work on; the lock is free meanwhile, and none of the three streams of the
    pass is held open by them, which would make cron wait: ``once`` reads its output to the end."""
    scene = a_scene(gated("dev-1", slots=3))
    scene.once()
    tasks = scene.seed(3)

    scene.once()

    assert not scene.disk.is_locked()
    scene.wait_for_running(*tasks)
    assert not scene.disk.is_locked()
    scene.once()
    assert scene.disk.leases() == tasks
    assert set(scene.statuses().values()) == {"working"}


def test_agents_outlive_the_session_of_their_pass(a_scene: MakeScene) -> None:
    """Cron ends the job's process group; a terminal that is closed hangs up its session."""
    scene = a_scene(an_agent("dev-1", script="exec sleep 30"))
    scene.seed(1)

    scene.once()
    scene.wait_for_running("1")

    lease = scene.disk.lease("1")
    wrapper, agent = int(str(lease["pid"])), int(str(lease["agent_pid"]))
    sessions = {os.getsid(wrapper), os.getsid(agent)}
    assert os.getsid(0) not in sessions
    assert len(sessions) == 2
    assert os.getpgid(agent) == agent


def test_tasks_added_while_an_agent_works_are_done_after_it(a_scene: MakeScene) -> None:
    """The pass that the wrapper becomes looks at the server anew."""
    scene = a_scene(gated("dev-1", slots=1))
    (first,) = scene.seed(1)
    scene.once()
    scene.wait_for_running(first)
    added = scene.add("later", queue="dev", priority=3)
    scene.open_gate()
    scene.wait_for_rest()

    assert scene.disk.begun() == [first, added]
    assert set(scene.statuses().values()) == {"complete"}
