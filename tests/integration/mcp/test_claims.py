"""The claim protocol of ADR 0004 over real HTTP, while a person puts her hand on the same task: before each
of its calls, in each way, over both transports. What she did is there in the end, or nobody has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Literal

import pytest

from tests.builders import NOW, a_lease
from tests.integration.mcp.watched import Watch
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.reconcile.claim import Bid, NotAsked, Unclear, Won, claim, claim_of, give_back

TASK, AGENT, LEASE = TaskId("1"), AgentName("dev-1"), LeaseId("lease-1")
BID = Bid(AGENT, LEASE, NOW)
BETWEEN_THE_HALVES = 5
"""After the look (get_task twice, get_subtasks) and the exchange or move, before ``working``. A person who
takes it *and* begins in this one moment finds it hers and idle: the server does not say whose ``working`` our
own has replaced."""

HANDS = {
    "takes it": {"assigned_to": "sue"},
    "takes it and begins": {"assigned_to": "sue", "status": "working"},
    "moves it": {"queue_name": "triage"},
}


@pytest.fixture(params=["public", "sse"])
def stub(request: pytest.FixtureRequest) -> Iterator[StubServer]:
    kind: Literal["public", "sse"] = request.param
    with StubServer(kind) as server:
        yield server


@pytest.fixture
def client(stub: StubServer) -> Iterator[McpTaskServer]:
    with closing(McpTaskServer(stub.url, timeout_s=10)) as server:
        yield server


def arranged(stub: StubServer, before: str | None) -> Watch:
    stub.store.add(assigned_to=before)
    return Watch(stub, queues={"dev"}, agents={AGENT})


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
def test_a_claim_that_nobody_disturbs_is_won(
    stub: StubServer, client: McpTaskServer, before: str | None
) -> None:
    watch = arranged(stub, before)

    result = claim(client, client.get(TASK).task, BID)

    assert isinstance(result, Won)
    assert (result.task.status, result.task.assigned_to) == ("working", "dev-1")
    assert watch.broken == []


@pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])
@pytest.mark.parametrize("how", HANDS)
@pytest.mark.parametrize("call", range(2, 8))
def test_a_hand_before_any_call_is_noticed_and_given_back(
    stub: StubServer, client: McpTaskServer, *, before: str | None, how: str, call: int
) -> None:
    """The claim's last look may be behind it when she comes; then she has taken a task that works, which
    the next pass sees as drift."""
    watch = arranged(stub, before)
    seen = client.get(TASK).task

    def meanwhile(number: int) -> None:
        if number == call:
            stub.store.change(1, dict(HANDS[how]))

    watch.meanwhile = meanwhile
    result = claim(client, seen, BID)
    watch.meanwhile = lambda _number: None
    if isinstance(result, Unclear | NotAsked):
        lease = a_lease(state="claiming", lease_id=LEASE, agent=AGENT, claim=claim_of(seen))
        give_back(client, lease, is_unclear=False)
    row = stub.store.row(1)

    if watch.calls < call:
        assert isinstance(result, Won)
        return
    assert (row["assigned_to"], row["queue_name"]) == whose(how, before), result
    if not isinstance(result, Won) and call != BETWEEN_THE_HALVES:
        assert row["status"] == HANDS[how].get("status", "idle")


def whose(how: str, before: str | None) -> tuple[object, object]:
    """Who has it then, and where."""
    deed = HANDS[how]
    return deed.get("assigned_to", before), deed.get("queue_name", "dev")
