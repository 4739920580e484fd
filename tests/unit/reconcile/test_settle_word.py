"""What the agent itself has said of a task is there for whoever goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import an_outcome
from tests.fakes.flaky import Way, line_to
from tests.fakes.stage import a_stage
from tests.fakes.task_server import FakeTaskServer
from tests.unit.reconcile.settle_scenes import TASK, a_finished_lease, a_working_server, where
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.lease import Lease, Outcome
from tinyscheduler.reconcile.settle import Ending, Settled, settle_on_server

WORD = "dev-1, attempt 1; did: qa"


def move_to_qa(server: FakeTaskServer) -> None:
    """As ``task move ID --queue qa`` does it."""
    server.set_status(TASK, "idle")
    server.update(TASK, queue=QueueName("qa"), assigned_to="")


def assign_to_qa(server: FakeTaskServer) -> None:
    server.assign(TASK, "qa-1")


def complete(server: FakeTaskServer) -> None:
    server.set_status(TASK, "complete")


def set_idle(server: FakeTaskServer) -> None:
    server.set_status(TASK, "idle")


AWAY = pytest.mark.parametrize("change", [move_to_qa, assign_to_qa, complete, set_idle])


def speak(server: FakeTaskServer, lease: Lease) -> Settled:
    return settle_on_server(server, lease, Ending("a note", word=WORD))


@AWAY
def test_a_task_that_is_left_to_others_bears_the_agents_word_once(
    change: Callable[[FakeTaskServer], None],
) -> None:
    server = a_working_server()
    change(server)
    left = where(server)
    lease = a_finished_lease(None, an_outcome("succeeded"))

    first, again = speak(server, lease), speak(server, lease)

    (comment,) = server.comments(TASK)
    assert comment.text.startswith(WORD)
    assert "[word of lease " in comment.text
    assert comment.author == "dev-1"
    assert (where(server), again.told, again.outcome) == (left, first.told, first.outcome)


@AWAY
@pytest.mark.parametrize("kind", ["succeeded", "partial", "failed"])
@pytest.mark.parametrize("way", ["not_sent", "not_applied", "applied"])
def test_it_is_left_alone_also_when_the_line_broke_in_the_middle_of_the_word(
    change: Callable[[FakeTaskServer], None], way: Way, kind: str
) -> None:
    """The mark of an end would make the second settlement take a task that its agent idled for its own."""
    lease = a_finished_lease("dev-1", an_outcome(kind))  # type: ignore[arg-type]
    server = a_working_server()
    change(server)
    left = where(server)
    port, line = line_to(server, at=1, way=way)
    with pytest.raises(ServerUnavailable):
        settle_on_server(port, lease, Ending("a note", word=WORD))
    assert line.has_failed

    settled = speak(server, lease)

    assert where(server) == left
    assert settled.outcome.kind == ("succeeded" if change is complete else "handed_off")
    assert len(server.comments(TASK)) == 1


def test_an_archived_task_is_not_spoken_on() -> None:
    server = a_working_server()
    server.archive(TASK)

    speak(server, a_finished_lease(None, an_outcome("succeeded")))

    assert server.comments(TASK) == ()


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (an_outcome("succeeded", summary="did: qa"), ["dev-1, attempt 1; did: qa"]),
        (
            an_outcome("partial")._replace(artifacts=("out.txt",)),
            ["dev-1, attempt 1; artifacts: out.txt"],
        ),
        (an_outcome("succeeded", summary="exit status 0"), []),
        (an_outcome("lost", summary="its wrapper is gone"), []),
        (an_outcome("succeeded"), []),
    ],
    ids=["summary", "artifacts", "no result", "no agent's word", "nothing said"],
)
def test_whose_agent_has_moved_it_a_pass_passes_on_what_it_said(
    tmp_path: Path, outcome: Outcome, expected: list[str]
) -> None:
    """An agent hands on by the task command, and writes ``success`` as its own part is done."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    move_to_qa(stage.server)
    stage.engine.end_with(stage.engine.newest(), outcome)

    report = stage.run()

    assert report.exit_code == 0
    texts = [said.text.partition(" [word of lease ")[0] for said in stage.server.comments(TASK)]
    assert texts == expected
    assert [past.kind for past in stage.ledger().outcomes] == ["handed_off"]
