"""Two schedulers on one server that claim one task: never both (law 1), in whatever order they call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from random import Random

import pytest

from tests.builders import NOW, a_lease
from tests.fakes.task_server import FakeTaskServer
from tests.fakes.turns import Turns
from tests.unit.reconcile.claim_scenes import AGENT, POOL_AND_ASSIGNED, TASK, a_server, where
from tinyscheduler.model.claim_marks import end_mark, lease_id_of
from tinyscheduler.model.ids import AgentName, LeaseId
from tinyscheduler.model.lease import LeaseState, comment_marker
from tinyscheduler.model.task import Task
from tinyscheduler.ports import TaskServer
from tinyscheduler.reconcile.claim import Bid, ClaimResult, Lost, Won, claim, claim_of, give_back

CALLS = 5
"""Of a claim that is won; one that is lost has one more, to put back what it has taken."""
LEASES = [lease_id_of(home * 16, bytes([number])) for number, home in enumerate("abc")]


def orders() -> Iterator[list[int]]:
    """All in which two rows of calls can be mixed."""
    for places in combinations(range(2 * CALLS), CALLS):
        yield [1 if at in places else 0 for at in range(2 * CALLS)]


def race(
    server: FakeTaskServer, seen: Task, order: list[int], *agents: str, cut: dict[int, int] | None = None
) -> list[ClaimResult | None]:
    def bidder(number: int, agent: str) -> object:
        bid = Bid(AgentName(agent), LEASES[number], NOW)
        return lambda port: claim(port, seen, bid)

    callers = [bidder(number, agent) for number, agent in enumerate(agents)]
    return Turns[ClaimResult](server, order, cut=cut).play(callers)  # type: ignore[arg-type]


def won(answers: list[ClaimResult | None]) -> list[int]:
    return [number for number, answer in enumerate(answers) if isinstance(answer, Won)]


@POOL_AND_ASSIGNED
def test_of_two_schedulers_with_an_agent_of_one_name_one_wins_at_most(before: str | None) -> None:
    wins = 0
    for order in orders():
        server, seen = a_server(assigned_to=before)

        winners = won(race(server, seen, order, "dev-1", "dev-1"))

        assert len(winners) <= 1, order
        assert where(server) == (("working", "dev-1", "dev") if winners else ("idle", before, "dev")), order
        wins += len(winners)
    assert wins > len(list(orders())) / 2, "mostly somebody wins"


def test_of_two_schedulers_with_agents_of_two_names_one_wins_at_most() -> None:
    for order in orders():
        server, seen = a_server()

        winners = won(race(server, seen, order, "dev-1", "dev-2"))

        assert len(winners) <= 1, order
        status, assignee, _ = where(server)
        assert (status, assignee) == (("working", f"dev-{winners[0] + 1}") if winners else ("idle", None)), (
            order
        )


def test_of_three_schedulers_one_gets_an_assigned_task() -> None:
    chance = Random(1)
    for _ in range(300):
        server, seen = a_server(assigned_to="dev-1")
        order = [number for number in range(3) for _ in range(CALLS)]
        chance.shuffle(order)

        assert len(won(race(server, seen, order, "dev-1", "dev-1", "dev-1"))) == 1, order
        assert where(server) == ("working", "dev-1", "dev")


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("calls", range(CALLS + 1))
def test_claim_that_is_cut_off_takes_nothing_from_the_other(before: str | None, calls: int) -> None:
    """The second scheduler dies after some of its calls, and its next pass undoes what is its own."""
    for order in orders():
        server, seen = a_server(assigned_to=before)
        answers = race(server, seen, order, "dev-1", "dev-1", cut={1: calls})

        take_back(server, seen, 1)

        expected = ("working", "dev-1", "dev") if won(answers) == [0] else ("idle", before, "dev")
        assert where(server) == expected, order


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("state", ["claiming", "starting"])
@pytest.mark.parametrize("other", ["dev-1", "dev-2"])
def test_who_has_won_can_give_it_back_whatever_the_loser_has_left(
    before: str | None, state: LeaseState, other: str
) -> None:
    for order in orders():
        server, seen = a_server(assigned_to=before)
        agents = ("dev-1", before or other)

        for winner in won(race(server, seen, order, *agents)):
            take_back(server, seen, winner, state=state, agent=agents[winner])

        assert where(server) == ("idle", before, "dev"), order


def take_back(
    server: FakeTaskServer, seen: Task, number: int, *, state: LeaseState = "claiming", agent: str = "dev-1"
) -> None:
    lease = a_lease(state=state, agent=AgentName(agent), lease_id=LEASES[number], claim=claim_of(seen))
    assert give_back(server, lease, is_unclear=False)


def test_claim_of_another_scheduler_that_may_be_half_done_is_waited_for() -> None:
    server, seen = a_server(assigned_to="dev-1")
    say(server, LEASES[1])
    writes = server.writes

    result = claim_with(server, seen)

    assert isinstance(result, Lost)
    assert "another scheduler" in result.found
    assert server.writes == writes


def test_claim_of_another_scheduler_that_is_minutes_old_is_over() -> None:
    server, seen = a_server(assigned_to="dev-1")
    server.now = lambda: NOW - timedelta(minutes=2)
    say(server, LEASES[1])
    server.now = lambda: NOW

    assert isinstance(claim_with(server, seen), Won)


def test_claim_whose_run_has_ended_is_over() -> None:
    server, seen = a_server(assigned_to="dev-1")
    say(server, LEASES[1])
    server.comment(TASK, f"ended {end_mark(LEASES[1])}]", "dev-1")

    assert isinstance(claim_with(server, seen), Won)


def test_claims_of_the_same_state_folder_are_one_after_the_other() -> None:
    """Its lock and its leases see to that."""
    server, seen = a_server(assigned_to="dev-1")
    say(server, lease_id_of("a" * 16, b"\x07"))

    assert isinstance(claim_with(server, seen), Won)


def test_words_of_others_are_no_claims() -> None:
    server, seen = a_server(assigned_to="dev-1")
    server.comment(TASK, f"look at {comment_marker(LEASES[1])}", "sue")
    server.comment(TASK, "[lease without an end", "dev-1")

    assert isinstance(claim_with(server, seen), Won)


def say(server: FakeTaskServer, lease_id: LeaseId) -> None:
    server.comment(TASK, f"dev-1 starts on it {comment_marker(lease_id)}", "dev-1")


def claim_with(server: TaskServer, seen: Task) -> ClaimResult:
    return claim(server, seen, Bid(AGENT, LEASES[0], NOW))
