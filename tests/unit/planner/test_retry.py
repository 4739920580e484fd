"""What an ended run costs: the outcome table of contracts.md, row by row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, a_lease, a_ledger, a_past_run, an_open_run, an_outcome
from tinyscheduler.model.lease import OutcomeClass
from tinyscheduler.model.ledger import OUTCOMES_KEPT, Ledger
from tinyscheduler.model.policy import Policy
from tinyscheduler.planner.retry import COSTS, after_run, spent_attempts

POLICY = Policy(max_attempts=3, retry_base_s=60, retry_max_s=3600)
UNTIL = NOW + timedelta(hours=2)
BASE = (60.0, 66.0)
"""Seconds, with the jitter of 1.0 to 1.1."""


class Row(NamedTuple):
    is_spent: bool
    delay_s: tuple[float, float] | None
    is_parked: bool = False


TABLE: dict[OutcomeClass, Row] = {
    "succeeded": Row(False, None),
    "partial": Row(False, BASE),
    "handed_off": Row(False, None),
    "no_result": Row(True, BASE),
    "failed": Row(True, BASE),
    "killed": Row(True, BASE),
    "timed_out": Row(True, BASE),
    "stalled": Row(True, BASE),
    "lost": Row(True, BASE),
    "start_failed": Row(False, BASE),
    "rate_limited": Row(False, (7200.0, 7200.0)),
    "deferred": Row(False, BASE),
    "interrupted": Row(False, None),
    "cancelled": Row(False, None, is_parked=True),
    "gate_failed": Row(True, BASE),
    "budget_exceeded": Row(True, BASE, is_parked=True),
    "denied": Row(False, BASE),
    "unsettled": Row(False, None),
}


FREE: list[tuple[OutcomeClass, int]] = [
    ("partial", 3), ("deferred", 10), ("interrupted", 10), ("handed_off", 10), ("rate_limited", 10),
]  # fmt: skip
each_free = pytest.mark.parametrize(("kind", "in_a_row"), FREE)


def run(
    ledger: Ledger,
    kind: OutcomeClass,
    number: int = 1,
    *,
    at: datetime = NOW,
    agent: str = "dev-1",
    is_passed_on: bool = False,
) -> Ledger:
    """The ledger after one more run."""
    lease = a_lease(lease_id=f"lease-{number}", attempt=number, agent=agent)
    outcome = an_outcome(kind, at=at, until=UNTIL if kind == "rate_limited" else None)
    return after_run(ledger, lease, outcome, POLICY, is_passed_on=is_passed_on)


def runs(*kinds: OutcomeClass) -> Ledger:
    ledger = a_ledger()
    for number, kind in enumerate(kinds, start=1):
        ledger = run(ledger, kind, number)
    return ledger


def delay_s(ledger: Ledger) -> float:
    assert ledger.not_before is not None
    return (ledger.not_before - NOW).total_seconds()


@pytest.mark.parametrize(("kind", "row"), [pytest.param(kind, row, id=kind) for kind, row in TABLE.items()])
def test_one_run_that_ended_as(kind: OutcomeClass, row: Row) -> None:
    ledger = run(a_ledger(open_run=an_open_run()), kind)

    assert ledger.open is None
    assert [(past.kind, past.is_spent) for past in ledger.outcomes] == [(kind, row.is_spent)]
    if row.delay_s is None:
        assert ledger.not_before is None
    else:
        assert row.delay_s[0] <= delay_s(ledger) <= row.delay_s[1]
    assert (ledger.parked is not None) == row.is_parked


TOLD = {
    "no_result": "parked", "failed": "parked", "killed": "parked", "lost": "parked",
    "timed_out": "each", "stalled": "each", "gate_failed": "each", "budget_exceeded": "each",
    "denied": "each", "unsettled": "each", "start_failed": "agent", "rate_limited": "account",
}  # fmt: skip


def test_people_hear_of_what_the_contract_says() -> None:
    assert {kind: cost.told for kind, cost in COSTS.items() if cost.told != "never"} == TOLD


def test_the_table_is_whole() -> None:
    kinds = set(get_args(OutcomeClass))

    assert set(TABLE) == kinds
    assert set(COSTS) == kinds


@pytest.mark.parametrize("kind", [kind for kind, row in TABLE.items() if row.is_spent and not row.is_parked])
def test_the_third_spending_run_parks_the_task(kind: OutcomeClass) -> None:
    assert runs(kind, kind).parked is None
    parked = runs(kind, kind, kind).parked
    assert parked is not None
    assert (parked.by, parked.at, parked.fingerprint) == ("scheduler", NOW, "")
    assert kind in parked.why


@pytest.mark.parametrize("kind", ["succeeded", "start_failed", "denied"])
def test_what_spends_nothing_never_parks(kind: OutcomeClass) -> None:
    assert runs(*[kind] * 40).parked is None


def test_outcomes_of_all_kinds_count_together() -> None:
    assert runs("failed", "lost").parked is None
    assert runs("failed", "lost", "killed").parked is not None


def test_what_spends_nothing_in_between_does_not_clear_the_count() -> None:
    assert runs("failed", "interrupted", "failed", "deferred", "failed").parked is not None


def test_success_clears_the_count() -> None:
    assert runs("failed", "failed", "succeeded", "failed", "failed").parked is None
    assert spent_attempts(runs("failed", "failed", "succeeded", "failed")) == 1


def test_a_hand_over_does_not_clear_the_count() -> None:
    """Otherwise an agent that leaves the task idle now and then is started for ever (contracts)."""
    assert spent_attempts(runs("failed", "failed", "handed_off")) == 2


@each_free
def test_a_free_outcome_spends_when_it_comes_too_often_in_a_row(kind: OutcomeClass, in_a_row: int) -> None:
    """What costs nothing must not go round for ever."""
    before = runs(*[kind] * (in_a_row - 1))

    after = run(before, kind, in_a_row)

    assert spent_attempts(before) == 0
    assert spent_attempts(after) == 1
    assert spent_attempts(runs(*[kind] * (2 * in_a_row - 1))) == 1
    assert spent_attempts(runs(*[kind] * (2 * in_a_row))) == 2


@each_free
def test_an_outcome_that_costs_in_between_starts_the_row_anew(kind: OutcomeClass, in_a_row: int) -> None:
    ledger = runs(*[kind] * (in_a_row - 1), "failed", *[kind] * (in_a_row - 1))

    assert spent_attempts(ledger) == 1


@pytest.mark.parametrize("kind", [kind for kind, _ in FREE])
@pytest.mark.parametrize("other", [kind for kind, _ in FREE])
def test_free_outcomes_in_turns_park_the_task_too(kind: OutcomeClass, other: OutcomeClass) -> None:
    """An agent that is busy and half done in turns must not be started for ever."""
    assert runs(*[kind, other] * 15).parked is not None


@given(st.lists(st.sampled_from([kind for kind, _ in FREE]), min_size=30, max_size=40))
def test_no_order_of_free_outcomes_goes_on_for_ever(kinds: list[OutcomeClass]) -> None:
    assert runs(*kinds).parked is not None


def test_runs_that_never_began_do_not_count_among_the_free_ones() -> None:
    never_began: list[OutcomeClass] = ["start_failed", "denied"]

    assert spent_attempts(runs(*never_began * 20, "partial", "partial")) == 0


def test_a_pipeline_that_hands_a_task_to_and_fro_goes_on_for_years() -> None:
    ledger = a_ledger()
    for number in range(200):
        ledger = run(ledger, "handed_off", number, agent=("dev-1", "qa-1")[number % 2], is_passed_on=True)

    assert (ledger.parked, spent_attempts(ledger)) == (None, 0)


def test_whoever_was_given_the_task_has_a_row_of_its_own() -> None:
    ledger = run(runs("partial", "partial"), "handed_off", 3, is_passed_on=True)

    assert spent_attempts(run(run(ledger, "partial", 4), "partial", 5)) == 0


@pytest.mark.parametrize("kind", ["handed_off", "rate_limited"])
def test_an_account_that_is_limited_and_a_task_left_alone_are_counted_by_agent(kind: OutcomeClass) -> None:
    ledger = a_ledger()
    for number in range(18):
        ledger = run(ledger, kind, number, agent=("dev-1", "dev-2")[number % 2])

    assert spent_attempts(ledger) == 0
    assert spent_attempts(run(ledger, kind, 18, agent="dev-1")) == 1


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(1, 60), (2, 120), (3, 240), (4, 480), (5, 960), (6, 1920), (7, 3600), (20, 3600)],
)
def test_the_ladder_doubles_up_to_an_hour(failures: int, seconds: int) -> None:
    past = [a_past_run("failed", lease_id=f"old-{n}") for n in range(failures - 1)]

    ledger = run(a_ledger(outcomes=past), "failed", failures)

    assert seconds <= delay_s(ledger) <= seconds * 1.1


def test_the_delay_counts_from_the_end_of_the_run_and_not_from_its_settlement() -> None:
    ended = NOW - timedelta(hours=1)

    ledger = run(a_ledger(), "failed", at=ended)

    assert ledger.not_before is not None
    assert ledger.not_before < NOW


def test_a_rate_limit_without_a_reset_time_waits_the_base() -> None:
    ledger = after_run(a_ledger(), a_lease(), an_outcome("rate_limited", until=None), POLICY)

    assert BASE[0] <= delay_s(ledger) <= BASE[1]


def test_a_rate_limit_that_is_over_already_waits_the_base() -> None:
    """Else the same run is started again in the same pass."""
    ledger = after_run(a_ledger(), a_lease(), an_outcome("rate_limited", until=NOW), POLICY)

    assert BASE[0] <= delay_s(ledger) <= BASE[1]


def test_a_run_is_written_down_once_however_often_it_is_settled() -> None:
    once = run(a_ledger(), "failed", 1)

    assert run(once, "failed", 1) == once
    assert run(once, "succeeded", 1) == once


def test_a_repeated_settlement_closes_the_open_run() -> None:
    once = run(a_ledger(), "failed", 1)

    assert run(once._replace(open=an_open_run()), "failed", 1) == once


def test_a_parked_task_stays_parked_for_its_first_reason() -> None:
    parked = runs("failed", "failed", "failed")

    assert run(parked, "lost", 4).parked == parked.parked


def test_the_ledger_keeps_the_last_two_hundred_outcomes() -> None:
    ledger = a_ledger(outcomes=[a_past_run("interrupted", lease_id=f"old-{n}") for n in range(OUTCOMES_KEPT)])

    after = run(ledger, "failed", 999)

    assert len(after.outcomes) == OUTCOMES_KEPT
    assert after.outcomes[-1].lease_id == "lease-999"
    assert after.outcomes[0].lease_id == "old-1"


def first_delay_s(task_id: str, *, runs_before: int = 1) -> float:
    ledger = a_ledger(task_id, runs=runs_before)
    return delay_s(after_run(ledger, a_lease(task_id, attempt=runs_before), an_outcome("failed"), POLICY))


@given(st.integers(1, 10**6).map(str), st.integers(1, 10**6))
def test_jitter_is_up_to_a_tenth_and_the_same_every_time(task_id: str, runs_before: int) -> None:
    first = first_delay_s(task_id, runs_before=runs_before)

    assert first == first_delay_s(task_id, runs_before=runs_before)
    assert BASE[0] <= first < BASE[1]


def test_jitter_spreads_tasks_that_failed_together_and_the_attempts_of_one() -> None:
    assert len({first_delay_s(str(n)) for n in range(50)}) > 40
    assert len({first_delay_s("1", runs_before=n) for n in range(50)}) > 40
