"""Claiming a task: won, lost or unclear, and a human hand is noticed (features G2, law 4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.builders import a_claim
from tests.fakes.flaky import Way, line_to
from tests.fakes.task_server import FakeTaskServer
from tests.unit.reconcile.claim_scenes import (
    LEASE,
    LONG_AGO,
    POOL_AND_ASSIGNED,
    TASK,
    a_server,
    claim_task,
    create_again,
    where,
)
from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.lease import comment_marker
from tinyscheduler.model.task import Status
from tinyscheduler.reconcile.claim import (
    Lost,
    NotAsked,
    Unclear,
    Won,
    claim_of,
)


@POOL_AND_ASSIGNED
def test_a_claimed_task_works_under_the_agents_name(before: str | None) -> None:
    server, seen = a_server(assigned_to=before)

    result = claim_task(server, seen)

    assert result == Won(server.task(TASK))
    assert where(server) == ("working", "dev-1", "dev")


def test_a_claim_remembers_from_whom_it_took() -> None:
    open_task, assigned = a_server()[1], a_server(assigned_to="dev-1")[1]

    assert claim_of(open_task) == a_claim(task_created_at=LONG_AGO)
    assert claim_of(assigned) == a_claim(before="dev-1", task_created_at=LONG_AGO)


def test_a_task_from_the_pool_is_taken_without_a_word() -> None:
    """Comments are the agents' chat; only a move must carry one."""
    server, seen = a_server()

    claim_task(server, seen)

    assert server.comments(TASK) == ()


def test_an_assigned_task_is_taken_with_a_comment_that_names_the_lease() -> None:
    server, seen = a_server(assigned_to="dev-1")

    claim_task(server, seen)

    (comment,) = server.comments(TASK)
    assert comment_marker(LEASE) in comment.text


def test_a_task_that_had_an_assignee_once_can_be_claimed() -> None:
    """The trace of an old assignment is not somebody's hand."""
    server, _ = a_server(assigned_to="sue")
    server.assign(TASK, "")

    assert isinstance(claim_task(server, server.task(TASK)), Won)


def assign_to_sue(server: FakeTaskServer) -> None:
    server.assign(TASK, "sue")


def start_working(server: FakeTaskServer) -> None:
    server.set_status(TASK, "working")


def complete(server: FakeTaskServer) -> None:
    server.set_status(TASK, "complete")


def move_to_qa(server: FakeTaskServer) -> None:
    server.update(TASK, queue=QueueName("qa"))


def block(server: FakeTaskServer) -> None:
    blocker = server.create(queue="dev")
    server.edit(server.task(TASK)._replace(blocked_by=blocker))


def add_subtask(server: FakeTaskServer) -> None:
    server.create(queue="dev", parent=TASK)


HUMAN_HANDS = [
    (assign_to_sue, "working_elsewhere"),
    (start_working, "working_elsewhere"),
    (complete, "working_elsewhere"),
    (move_to_qa, "working_elsewhere"),
    (lambda server: server.archive(TASK), "working_elsewhere"),
    (lambda server: server.delete(TASK), "working_elsewhere"),
    (create_again, "working_elsewhere"),
    (block, "blocked"),
    (add_subtask, "parent_open"),
]


@POOL_AND_ASSIGNED
@pytest.mark.parametrize(
    ("hand", "reason"),
    HUMAN_HANDS,
    ids=[
        "assigned",
        "working",
        "complete",
        "moved",
        "archived",
        "deleted",
        "re-created",
        "blocked",
        "subtask",
    ],
)
def test_a_task_that_changed_since_it_was_seen_is_left_alone(
    before: str | None, hand: Callable[[FakeTaskServer], None], reason: str
) -> None:
    server, seen = a_server(assigned_to=before)
    hand(server)
    writes = server.writes

    result = claim_task(server, seen)

    assert isinstance(result, Lost)
    assert result.reason == reason
    assert server.writes == writes


@pytest.mark.parametrize("status", ["idle", "working"])
def test_a_human_who_takes_a_pool_task_a_moment_before_us_keeps_it(status: Status) -> None:
    server, seen = a_server()

    def human(write: int) -> None:
        if write == 1:
            server.assign(TASK, "sue")
            server.set_status(TASK, status)

    port, _ = line_to(server, before=human)
    result = claim_task(port, seen)

    assert isinstance(result, Lost)
    assert where(server) == (status, "sue", "dev")


def test_a_human_who_sets_a_pool_task_working_without_a_name_keeps_it() -> None:
    server, seen = a_server()
    port, _ = line_to(server, before=lambda write: server.set_status(TASK, "working") if write == 1 else None)

    result = claim_task(port, seen)

    assert isinstance(result, Lost)
    assert where(server) == ("working", None, "dev")


def test_a_human_who_takes_an_assigned_task_a_moment_before_us_keeps_it() -> None:
    server, seen = a_server(assigned_to="dev-1")
    port, _ = line_to(server, before=lambda write: server.assign(TASK, "sue") if write == 1 else None)

    result = claim_task(port, seen)

    assert isinstance(result, Lost)
    assert where(server) == ("idle", "sue", "dev")


@POOL_AND_ASSIGNED
def test_a_human_who_takes_it_between_our_two_writes_keeps_it(before: str | None) -> None:
    server, seen = a_server(assigned_to=before)
    port, _ = line_to(server, before=lambda write: server.assign(TASK, "sue") if write == 2 else None)

    result = claim_task(port, seen)

    assert isinstance(result, Lost)
    assert where(server) == ("idle", "sue", "dev")


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("way", ["not_applied", "applied", "late"])
@pytest.mark.parametrize("at", [1, 2])
def test_a_claim_without_an_answer_is_unclear(before: str | None, way: Way, at: int) -> None:
    server, seen = a_server(assigned_to=before)
    port, _ = line_to(server, at=at, way=way)

    assert isinstance(claim_task(port, seen), Unclear)


@POOL_AND_ASSIGNED
def test_a_claim_that_was_never_sent_is_not_asked(before: str | None) -> None:
    server, seen = a_server(assigned_to=before)
    port, _ = line_to(server, at=1, way="not_sent")

    assert isinstance(claim_task(port, seen), NotAsked)
    assert where(server) == ("idle", before, "dev")


@POOL_AND_ASSIGNED
def test_a_claim_whose_second_half_was_never_sent_is_unclear(before: str | None) -> None:
    """The first half is done; only the next pass can say what has become of it."""
    server, seen = a_server(assigned_to=before)
    port, _ = line_to(server, at=2, way="not_sent")

    assert isinstance(claim_task(port, seen), Unclear)


def test_a_server_that_is_down_is_not_asked() -> None:
    server, seen = a_server()
    server.unavailable = True

    assert isinstance(claim_task(server, seen), NotAsked)


@POOL_AND_ASSIGNED
def test_a_claim_the_server_refuses_is_lost(before: str | None) -> None:
    server, seen = a_server(assigned_to=before)
    port, _ = line_to(server, at=1, way="refused")

    assert isinstance(claim_task(port, seen), Lost)
    assert where(server) == ("idle", before, "dev")


@pytest.mark.parametrize(
    ("tags", "title", "taken"),
    [
        (("needs-approval",), "a task", False),
        (("write:src",), "a task", False),
        (("backend",), "another title", True),
    ],
)
def test_a_task_that_asks_for_something_else_by_now_is_not_taken(
    tags: tuple[str, ...], title: str, taken: bool
) -> None:
    """Its lease keeps the paths that it named when it was planned."""
    server, seen = a_server()
    server.edit(seen._replace(tags=tags, title=title))

    result = claim_task(server, seen)

    assert isinstance(result, Won) == taken
    assert taken or where(server) == ("idle", None, "dev")


def test_an_approval_does_not_hold_for_a_text_that_was_changed_a_moment_ago() -> None:
    server, seen = a_server()
    seen = seen._replace(tags=("needs-approval",))
    server.edit(seen._replace(description="and remove everything"))

    assert isinstance(claim_task(server, seen), Lost)
