"""``status`` names what is left alone for a while, and why (features C6 to C8)."""

from __future__ import annotations

import io
import json

from tests import builders as b
from tests.golden.compare import assert_golden
from tests.unit.planner.breaker_scenes import after, limited, quarantined
from tests.unit.views.scenes import seen
from tinyscheduler.model.breaker import NO_ACCOUNTS, NO_BREAKERS, Accounts, Breaker, Breakers
from tinyscheduler.model.knowledge import Unknown
from tinyscheduler.planner.closed import closed_now
from tinyscheduler.planner.start import plan_start
from tinyscheduler.views.problems import exit_code, problems
from tinyscheduler.views.seen import Seen
from tinyscheduler.views.status import status_tables
from tinyscheduler.views.status_json import status_json
from tinyscheduler.views.table import show

AGENTS = [b.an_agent("dev-1"), b.an_agent("dev-2", account="acme"), b.an_agent("qa-1", queues=("qa",))]
OPEN = Breaker("open", until=after(42), why="connection refused")


def closed(breakers: Breakers = NO_BREAKERS, accounts: Accounts = NO_ACCOUNTS) -> Seen:
    tasks = [b.a_task("1", assigned_to="dev-1"), b.a_task("2", assigned_to="dev-2"), b.a_task("3")]
    scene = seen(tasks=tasks, agents=AGENTS)
    snapshot = b.a_start_snapshot(*tasks, agents=AGENTS)._replace(breakers=breakers, accounts=accounts)
    return scene._replace(plan=plan_start(snapshot), closed=closed_now(breakers, accounts, b.NOW))


def test_a_quarantined_agent_and_a_limited_account_are_named_with_their_end() -> None:
    scene = closed(quarantined("dev-1"), limited("acme"))
    stream = io.StringIO()
    show(stream, status_tables(scene, problems(scene)), {})

    assert_golden("status_closed.txt", stream.getvalue())
    body = json.dumps(status_json(scene, problems(scene)), indent=1, ensure_ascii=False) + "\n"
    assert_golden("status_closed.json", body)


def test_a_quarantine_is_a_problem_and_a_limit_is_none() -> None:
    assert exit_code(problems(closed(quarantined("dev-1")))) == 1
    assert exit_code(problems(closed(accounts=limited("acme")))) == 0


def test_what_is_tried_again_says_so() -> None:
    found = problems(closed(quarantined("dev-1", for_s=-1), limited("acme", for_s=-1)))

    assert [p.message.rpartition(": ")[2] for p in found] == ["one try decides", "one try decides"]


def test_a_server_that_is_not_asked_is_unknown_and_listed() -> None:
    breakers = Breakers({"http://127.0.0.1:1/mcp": OPEN})
    unknown = closed(breakers)._replace(backlog=Unknown("not asked until 12:00:42 UTC"), plan=None)

    assert exit_code(problems(unknown)) == 3
    assert status_json(unknown, problems(unknown))["closed"] == [
        {
            "kind": "server",
            "name": "task server http://127.0.0.1:1/mcp",
            "state": "closed",
            "since": None,
            "until": "2026-01-31T12:00:42.000Z",
            "why": "connection refused",
        }
    ]


def test_times_that_cannot_be_are_not_shown() -> None:
    assert closed_now(quarantined("dev-1", for_s=901), limited("acme", for_s=8 * 86_400), b.NOW) == ()
