"""A server that was replaced, told from one where a task was deleted (law 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pytest

from tests.builders import NOW, SOURCE, a_lease, an_outcome
from tinyscheduler.errors import ServerUnavailable, StateError
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.intent import Intent, IntentKind
from tinyscheduler.model.lease import Lease
from tinyscheduler.reconcile.acquaintance import ASKED_MAX, Acquaintance

MADE = a_lease().claim.task_created_at


def crew(count: int) -> list[Lease]:
    return [a_lease(str(number)) for number in range(1, count + 1)]


class Server:
    """Knows these tasks."""

    def __init__(self, known: Mapping[str, datetime]) -> None:
        self._known = known
        self.asked: list[str] = []

    def ask(self, task_id: TaskId) -> datetime | None:
        self.asked.append(task_id)
        return self._known.get(task_id)


def is_believed(
    leases: list[Lease],
    server: Server,
    task_id: str = "1",
    *,
    before: dict[TaskId, datetime] | None = None,
    asked: Sequence[Intent] = (),
) -> bool:
    """``before``: tasks that have run here, besides those in flight."""
    try:
        found = before or {}
        acquaintance = Acquaintance(leases, SOURCE, lambda s: found if s == SOURCE else {}, asked=asked)
        acquaintance.check(TaskId(task_id), server.ask(TaskId(task_id)), server.ask)
    except ServerUnavailable:
        return False
    return True


def test_a_server_that_knows_the_task_asked_for_is_asked_for_no_other() -> None:
    server = Server({"1": MADE})

    assert is_believed(crew(3), server)
    assert server.asked == ["1"]


def test_a_task_that_is_missing_beside_one_that_is_known_was_deleted() -> None:
    assert is_believed(crew(3), Server({"3": MADE}))


@pytest.mark.parametrize("known", [{}, {"1": NOW, "2": NOW}], ids=["no-tasks", "others-of-these-ids"])
def test_a_server_that_knows_none_of_several_is_not_believed(known: dict[str, datetime]) -> None:
    assert not is_believed(crew(2), Server(known))


def test_of_a_single_one_with_nothing_before_it_nobody_can_tell() -> None:
    assert is_believed(crew(1), Server({}))
    assert is_believed(crew(1), Server({}), before={TaskId("1"): MADE})


def test_a_single_one_that_is_missing_beside_one_that_ran_before_was_deleted() -> None:
    before = {TaskId("8"): NOW, TaskId("7"): MADE}

    assert is_believed(crew(1), Server({"7": MADE}), before=before)


@pytest.mark.parametrize("known", [{}, {"7": NOW}], ids=["no-tasks", "another-of-this-id"])
def test_a_server_that_knows_neither_a_single_one_nor_what_ran_before_is_not_believed(
    known: dict[str, datetime],
) -> None:
    assert not is_believed(crew(1), Server(known), before={TaskId("7"): MADE})


def test_what_ran_before_cannot_be_read_and_so_nothing_is_known() -> None:
    def refuse(_source: str) -> dict[TaskId, datetime]:
        raise StateError("the disk is sick", hint="mend it")

    with pytest.raises(ServerUnavailable, match="the disk is sick"):
        Acquaintance(crew(1), SOURCE, refuse).check(TaskId("1"), None, Server({}).ask)


def test_a_single_stopped_run_needs_no_other() -> None:
    assert is_believed([a_stopped_run("1")], Server({}), before={TaskId("7"): MADE})


def test_runs_of_another_server_prove_nothing() -> None:
    other = a_lease("2")._replace(source="other:1")

    assert is_believed([a_lease("1"), other], Server({}), before={})


def test_where_a_person_has_stopped_every_run_nothing_more_is_asked() -> None:
    assert is_believed([a_stopped_run("1"), a_stopped_run("2")], Server({}))


def test_a_stop_speaks_for_its_own_run_only() -> None:
    """Else the one that is left would be a single one, and settled as deleted after it."""
    assert not is_believed([a_stopped_run("1"), a_lease("2")], Server({}))


def test_a_stop_that_is_asked_for_now_speaks_as_well() -> None:
    """Its run may have ended by itself before anybody could stop it."""
    leases = [a_lease("1", state="finished", outcome=an_outcome("lost")), a_stopped_run("2")]

    assert is_believed(leases, Server({}), asked=[an_intent("stop", "1", "lease-1")])
    assert is_believed(leases, Server({}), asked=[an_intent("park", "1")])
    assert not is_believed(leases, Server({}), asked=[an_intent("stop", "1", "another")])
    assert not is_believed(leases, Server({}), asked=[an_intent("retry", "1"), an_intent("stop", "3")])


def an_intent(kind: IntentKind, task_id: str, lease_id: str | None = None) -> Intent:
    run = None if lease_id is None else LeaseId(lease_id)
    return Intent("i", kind, TaskId(task_id), run, "bob", NOW)


def a_stopped_run(task_id: str) -> Lease:
    return a_lease(task_id, state="finished", outcome=an_outcome("cancelled"))


def test_a_task_that_is_not_in_flight_is_nobodys_proof() -> None:
    assert is_believed(crew(2), Server({}), "99")


def test_it_is_enough_to_have_recognised_it_once() -> None:
    server = Server({"1": MADE})
    acquaintance = Acquaintance(crew(3), SOURCE, lambda _source: {})
    acquaintance.check(TaskId("1"), MADE, server.ask)

    acquaintance.check(TaskId("2"), None, server.ask)
    acquaintance.check(TaskId("3"), None, server.ask)

    assert server.asked == []


def test_it_asks_for_a_limited_number() -> None:
    server = Server({})

    assert not is_believed(crew(500), server)
    assert len(server.asked) <= ASKED_MAX + 1
