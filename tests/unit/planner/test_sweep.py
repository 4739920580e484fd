"""What may be swept: one example per row, and what holds for all of them (laws 2, 4 and 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    NOW,
    SOURCE,
    a_broken_ledger,
    a_ledger,
    a_task,
    ago,
    an_open_run,
    parked_as,
)
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import BrokenLedger, Ledger
from tinyscheduler.model.remains import Remains, RemainsKind
from tinyscheduler.planner.sweep import KEPT, RULES, SweepFacts, judge, kept_since

DAY = 86_400.0
TASK = TaskId("1")
OVER = a_ledger()
OPEN = a_ledger(open_run=an_open_run())
PARKED = a_ledger(parked=parked_as(a_task()))
ELSEWHERE = a_ledger(source="fake:2")


def remains(kind: RemainsKind = "ledger", *, days: float = 31, is_newest: bool = True) -> Remains:
    at = ago(days * DAY)
    if kind == "run":
        return Remains(kind, "task_1/2", at, TASK, 2, is_newest=is_newest)
    return Remains(kind, "name", at, TASK if kind == "ledger" else None)


def facts(
    ledger: Ledger | BrokenLedger | None = None,
    *,
    leased: Mapping[str, int] | None = None,
    broken: Iterable[str] = (),
) -> SweepFacts:
    return SweepFacts(
        NOW,
        SOURCE,
        {TaskId(task_id): attempt for task_id, attempt in (leased or {}).items()},
        frozenset(map(TaskId, broken)),
        {} if ledger is None else {TASK: ledger},
    )


ROWS: dict[str, tuple[Remains, SweepFacts]] = {
    "young": (remains(days=29.9), facts(OVER)),
    "day": (remains("journal"), facts()),
    "broken_lease": (remains("run", is_newest=False), facts(OVER, broken=["1"])),
    "leased_run": (remains("run", is_newest=False), facts(OVER, leased={"1": 2})),
    "older_run": (remains("run", is_newest=False), facts(OPEN, leased={"1": 3})),
    "leased": (remains(), facts(OVER, leased={"1": 3})),
    "has_ledger": (remains("run"), facts(OVER)),
    "unreadable": (remains(), facts(a_broken_ledger())),
    "another_server": (remains(), facts(ELSEWHERE)),
    "parked": (remains(), facts(PARKED)),
    "open": (remains(), facts(OPEN)),
    "nobody_knows": (remains(), facts(OVER)),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_row_decides_its_own_case(rule) -> None:
    case = ROWS[rule.name]

    assert next(other.name for other in RULES if other.holds(*case)) == rule.name
    assert judge(*case) == rule.verdict


def test_the_newest_run_of_a_task_without_a_ledger_is_asked_about() -> None:
    assert judge(remains("run"), facts()) == "ask"


LEDGERS = (None, OVER, OPEN, PARKED, ELSEWHERE, a_broken_ledger())
KINDS: tuple[RemainsKind, ...] = ("run", "ledger", "journal", "passes", "log")


@given(
    kind=st.sampled_from(KINDS),
    days=st.floats(0, 400),
    is_newest=st.booleans(),
    ledger=st.sampled_from(LEDGERS),
    leased=st.dictionaries(st.just("1"), st.integers(1, 3)),
    broken=st.sets(st.just("1")),
)
def test_what_may_still_be_needed_is_never_removed_unasked(
    kind: RemainsKind,
    days: float,
    is_newest: bool,
    ledger: Ledger | BrokenLedger | None,
    leased: dict[str, int],
    broken: set[str],
) -> None:
    found = remains(kind, days=days, is_newest=is_newest)
    known = facts(ledger, leased=leased, broken=broken)

    verdict = judge(found, known)

    if days < KEPT.days:
        assert verdict == "keep"
    if kind == "ledger":
        assert verdict != "remove"
        assert verdict == "keep" or (ledger == OVER and not leased and not broken) or ledger is None
    if kind == "run" and is_newest:
        assert verdict != "remove"
        assert verdict == "keep" or (ledger is None and not leased and not broken)


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        (None, None),
        (a_task(status="idle", age_s=99 * DAY), NOW),
        (a_task(status="working", age_s=99 * DAY), NOW),
        (a_task(status="idle", age_s=99 * DAY, is_archived=True), NOW),
        (a_task(status="complete", age_s=99 * DAY), None),
        (a_task(status="complete", age_s=20 * DAY), ago(20 * DAY)),
    ],
    ids=["gone", "idle", "working", "archived", "complete", "completed lately"],
)
def test_only_what_is_over_for_a_month_may_go(task, expected) -> None:
    ledger = None if task is None else OVER._replace(task_created_at=task.created_at)

    assert kept_since(task, ledger, NOW) == expected


def test_another_task_of_the_same_id_says_that_this_one_is_gone() -> None:
    task = a_task(status="working")

    assert kept_since(task, OVER._replace(task_created_at=task.created_at - timedelta(1)), NOW) is None
