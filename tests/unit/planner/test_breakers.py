"""What repeated failure closes and for how long: server, agent, account, pace (features C6, C7, A8)."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, a_lease, an_agent, an_outcome
from tests.unit.planner.breaker_scenes import after
from tinyscheduler.model.breaker import CLOSED, AccountLimit, Breaker, BreakerState, Bucket, Quarantine
from tinyscheduler.model.ids import AgentName, LeaseId
from tinyscheduler.model.lease import Lease
from tinyscheduler.planner.breakers import (
    STEPS,
    BreakerEvent,
    account_name,
    account_of,
    account_of_run,
    after_answer,
    after_failed_start,
    after_failure,
    after_limit,
    after_start,
    before_call,
    entry_mark,
    is_rested,
    lifts_limit,
    limit_set_right,
    proves_start,
    quarantine_set_right,
    standing_quarantines,
    unmended_quarantines,
    wait_for_start,
)


def failing(breaker: Breaker, times: int, at: datetime = NOW) -> Breaker:
    for _ in range(times):
        breaker = after_failure(breaker, at, "no answer")
    return breaker


def test_the_table_is_whole() -> None:
    pairs = {(state, event) for state in get_args(BreakerState) for event in get_args(BreakerEvent)}

    assert set(STEPS) == pairs


def test_five_failures_in_a_row_open_the_breaker_for_a_minute() -> None:
    assert failing(CLOSED, 4).state == "closed"
    assert failing(CLOSED, 5) == Breaker("open", until=after(60), why="no answer", since=NOW)


def test_an_answer_in_between_starts_the_row_anew() -> None:
    once_answered = after_answer(failing(CLOSED, 4), NOW)

    assert once_answered == CLOSED
    assert failing(once_answered, 4).state == "closed"


def test_an_open_breaker_stays_open_until_its_time_is_up() -> None:
    opened = failing(CLOSED, 5)

    assert before_call(opened, after(59)).state == "open"
    assert before_call(opened, after(60)).state == "half_open"


def test_three_calls_that_go_well_close_it_again() -> None:
    probing = before_call(failing(CLOSED, 5), after(60))

    twice = after_answer(after_answer(probing, after(61)), after(62))

    assert twice.state == "half_open"
    assert after_answer(twice, after(63)) == CLOSED


@pytest.mark.parametrize("answers", [0, 1, 2])
def test_one_probe_that_fails_opens_it_again(answers: int) -> None:
    probing = before_call(failing(CLOSED, 5), after(60))
    for _ in range(answers):
        probing = after_answer(probing, after(60))

    assert after_failure(probing, after(61), "again") == Breaker(
        "open", until=after(121), why="again", since=NOW
    )


def test_a_clock_that_was_set_back_holds_nothing_for_longer_than_a_minute() -> None:
    opened = failing(CLOSED, 5)

    assert before_call(opened, after(-3600)).state == "half_open"


def test_what_arrives_late_changes_nothing_while_it_is_open() -> None:
    opened = failing(CLOSED, 5)

    assert after_answer(opened, NOW) == opened
    assert after_failure(opened, after(30), "late") == opened


def start_failing(*lease_ids: str) -> Quarantine:
    found: Quarantine | None = None
    for lease_id in lease_ids:
        found = after_failed_start(found, LeaseId(lease_id), NOW, why="no such file")
    assert found is not None
    return found


def test_three_failed_starts_quarantine_an_agent_for_a_quarter_of_an_hour() -> None:
    assert start_failing("a", "b").until is None
    assert start_failing("a", "b", "c").until == after(900)


def test_one_failed_start_that_is_settled_again_counts_once() -> None:
    assert start_failing("a", "b", "b", "a") == start_failing("a", "b")


def test_a_probe_that_fails_quarantines_it_again() -> None:
    again = after_failed_start(start_failing("a", "b", "c"), LeaseId("d"), after(1000), why="still")

    assert (again.until, again.why, len(again.failed)) == (after(1900), "still", 3)


def test_an_agent_whose_run_is_seen_at_work_is_quarantined_no_more() -> None:
    agents = {AgentName("dev-1"): start_failing("a", "b", "c")}
    older = a_lease(run_age_s=60)._replace(agent_pid=7)
    begun = older._replace(created_at=after(1))

    assert standing_quarantines(agents, (older,)) == agents
    assert standing_quarantines(agents, (begun._replace(agent_pid=None),)) == agents
    assert standing_quarantines(agents, (begun,)) == {}


def test_an_agent_whose_entry_was_changed_is_quarantined_no_more() -> None:
    """Whoever has mended its command wants to see it work now, not in a quarter of an hour."""
    broken, mended = an_agent(command=("/nowhere/agent",)), an_agent(command=("/usr/bin/agent",))
    found: Quarantine | None = None
    for lease_id in "abc":
        found = after_failed_start(found, LeaseId(lease_id), NOW, why="missing", entry=entry_mark(broken))
    assert found is not None
    agents = {broken.name: found}

    assert found.until is not None
    assert unmended_quarantines(agents, (broken,)) == agents
    assert unmended_quarantines(agents, (broken._replace(slots=9),)) == agents
    assert unmended_quarantines(agents, (mended,)) == {}
    again = after_failed_start(found, LeaseId("d"), after(9), why="missing", entry=entry_mark(mended))
    assert again.until is None, "the new entry is counted by itself"


def test_a_quarantine_of_an_older_version_ends_by_time_alone() -> None:
    agents = {AgentName("dev-1"): start_failing("a", "b", "c")}

    assert unmended_quarantines(agents, (an_agent(),)) == agents


def test_only_an_end_that_needs_a_start_proves_one() -> None:
    assert proves_start("failed")
    assert proves_start("rate_limited")
    assert not any(proves_start(k) for k in ("start_failed", "lost", "interrupted", "cancelled", "unsettled"))


def limit(
    first: AccountLimit | None = None, *, began_s: float = -10, until: datetime | None = None
) -> AccountLimit:
    """One more run that was started ``began_s`` from NOW and is cut off now."""
    lease = begun(began_s)
    return after_limit(first, lease, an_outcome("rate_limited", until=until))


def begun(at_s: float) -> Lease:
    return a_lease(lease_id=f"begun-{at_s}", run_age_s=-at_s, account="acme")


def test_a_limit_lasts_until_the_provider_says() -> None:
    assert limit(until=after(7200)).until == after(7200)


def test_a_provider_is_believed_for_a_week_at_most() -> None:
    assert limit(until=after(30 * 86400)).until == after(7 * 86400)


def test_a_limit_of_which_nothing_is_said_lasts_five_minutes_and_doubles_up_to_an_hour() -> None:
    waits, found = [], None
    for _ in range(6):
        found = limit(found, began_s=0 if found is None else found.until.timestamp() - NOW.timestamp())
        waits.append((found.until - NOW).total_seconds())

    assert waits == [300, 600, 1200, 2400, 3600, 3600]


def test_runs_that_were_under_way_together_are_one_limit() -> None:
    first = limit(began_s=-10)

    second = limit(first, began_s=-9)

    assert (second.steps, second.until) == (1, first.until)


def test_a_limited_run_that_is_settled_again_counts_once() -> None:
    first = limit(began_s=-10)

    assert limit(first, began_s=-10) == first


def test_what_a_clock_noted_that_was_ahead_lasts_as_long_as_it_was_meant_to() -> None:
    ahead = AccountLimit(after(86_400), after(86_400 + 300), 1, ())
    agent = Quarantine((LeaseId("a"),), after(86_400), after(86_400 + 900), "")

    assert limit_set_right(ahead, NOW)[:2] == (NOW, after(300))
    assert quarantine_set_right(agent, NOW)[1:3] == (NOW, after(900))
    assert quarantine_set_right(agent._replace(until=None), NOW).until is None
    assert limit_set_right(AccountLimit(NOW, after(300), 1, ()), after(299)).until == after(300)


def test_a_limit_of_a_clock_that_was_wrong_is_no_limit_to_add_to() -> None:
    wrong = AccountLimit(after(10 * 86_400), after(10 * 86_400 + 300), 3, ())

    assert limit(wrong).until == after(300)


def test_the_latest_word_of_the_provider_counts_of_those_under_way() -> None:
    first = limit(began_s=-10, until=after(100))

    assert limit(first, began_s=-9, until=after(50)).until == after(100)
    assert limit(first, began_s=-8, until=after(500)).until == after(500)


def test_only_a_run_after_the_limit_that_ends_well_lifts_it() -> None:
    found = AccountLimit(after(-600), after(-100), 1, ())

    assert lifts_limit(found, begun(-50), "succeeded")
    assert not lifts_limit(found, begun(-50), "failed")
    assert not lifts_limit(found, begun(-200), "succeeded")


def test_an_agent_without_an_account_is_one_of_its_own() -> None:
    alone, shared = an_agent("dev-1"), an_agent("dev-2", account="dev-1")

    assert account_of(alone) != account_of(shared)
    assert account_of_run(a_lease(agent="dev-1")) == account_of(alone)
    assert [account_name(account_of(agent)) for agent in (alone, shared)] == ["agent dev-1", "account dev-1"]


def paced(starts: int, bucket: Bucket | None = None) -> tuple[list[float], Bucket]:
    """Moments of so many starts, each as soon as it may."""
    moments, at = [], NOW
    for _ in range(starts):
        at = at + (after(wait_for_start(bucket, at)) - NOW)
        bucket = after_start(bucket, at)
        moments.append((at - NOW).total_seconds())
    assert bucket is not None
    return moments, bucket


def test_four_starts_at_once_and_then_two_a_second() -> None:
    assert paced(8)[0] == [0, 0, 0, 0, 0.5, 1.0, 1.5, 2.0]


def test_a_rested_account_starts_four_again() -> None:
    _, bucket = paced(8)

    assert not is_rested(bucket, after(3))
    assert is_rested(bucket, after(4))
    assert wait_for_start(bucket, after(2.5)) == 0


def test_a_clock_that_was_set_back_waits_no_longer_than_half_a_second() -> None:
    _, bucket = paced(8)

    assert wait_for_start(bucket, after(-3600)) <= 0.5


@given(st.lists(st.floats(0, 2), min_size=1, max_size=40))
def test_no_account_is_ever_faster_than_its_pace(pauses: list[float]) -> None:
    moments: list[float] = []
    bucket: Bucket | None = None
    now_s = 0.0
    for pause in pauses:
        now_s += pause
        now_s += wait_for_start(bucket, after(now_s))
        bucket = after_start(bucket, after(now_s))
        moments.append(now_s)

    for first, at in enumerate(moments):
        window = [moment for moment in moments[first:] if moment - at <= 1.0]
        assert len(window) <= 4 + 2 + 1
