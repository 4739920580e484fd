"""One example for each row of ``planner.broken``, and for each state that a lease is rebuilt in."""

from __future__ import annotations

import pytest

from tests.builders import (
    a_broken_lease,
    a_broken_ledger,
    a_ledger,
    a_process,
    a_revocation,
    a_tend_snapshot,
    an_open_run,
    an_owner,
)
from tinyscheduler.model.action import Discard, Quarantine, Rebuild, StopOrphan, TendAction
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.lease import LeaseState, TaggedRun
from tinyscheduler.model.snapshot import BrokenFacts
from tinyscheduler.planner.broken import RULES, decide_broken, state_of
from tinyscheduler.planner.tend import plan_tend

BROKEN = a_broken_lease("1")
OPEN = a_ledger()._replace(open=an_open_run("lease"))
DEAD = BrokenFacts(
    BROKEN,
    owner=an_owner(),
    is_owner_unreadable=False,
    wrapper="dead",
    file_age_s=5,
    is_folder=False,
    ledger=OPEN,
    processes=(),
)
LIVING = DEAD._replace(wrapper="alive", processes=(a_process(),))
MENDED, UNKNOWN = Quarantine(BROKEN, "wrapper_mends_it"), Quarantine(BROKEN, "ledger_unreadable")
REBUILD, DISCARD = Rebuild(BROKEN, "run_open"), Discard(BROKEN, "no_open_run")

ELSEWHERE = LIVING._replace(wrapper="unknown", is_elsewhere=True, processes=())
FOREIGN = Quarantine(BROKEN, "unknown_host")

EXAMPLES: list[tuple[str, BrokenFacts, TendAction]] = [
    ("its wrapper is on another machine", ELSEWHERE, FOREIGN),
    ("its wrapper is elsewhere and has been silent", ELSEWHERE._replace(file_age_s=1e6), FOREIGN),
    ("its wrapper is elsewhere and it is a folder", ELSEWHERE._replace(is_folder=True), FOREIGN),
    ("its wrapper is elsewhere and no run is open", ELSEWHERE._replace(ledger=a_ledger()), FOREIGN),
    ("its wrapper lives and has a beat's time", LIVING, MENDED),
    ("its wrapper lives, at the limit", LIVING._replace(file_age_s=45), MENDED),
    ("its wrapper cannot be seen and has a beat's time", LIVING._replace(wrapper="unknown"), MENDED),
    ("its wrapper lives and needs no ledger", LIVING._replace(ledger=a_broken_ledger()), MENDED),
    ("its wrapper lives and does nothing", LIVING._replace(file_age_s=45.001), REBUILD),
    ("its wrapper lives and cannot write over a folder", LIVING._replace(is_folder=True), REBUILD),
    ("its wrapper is dead", DEAD, REBUILD),
    ("nobody knows its wrapper", LIVING._replace(owner=None, wrapper="dead"), REBUILD),
    ("nobody knows anything", DEAD._replace(ledger=a_broken_ledger()), UNKNOWN),
    (
        "its ledger knows no run, and somebody works",
        LIVING._replace(wrapper="dead", ledger=a_ledger()),
        Quarantine(BROKEN, "processes_left"),
    ),
    ("its ledger knows no run", DEAD._replace(ledger=a_ledger()), DISCARD),
    ("it has no ledger", DEAD._replace(ledger=None), DISCARD),
]


@pytest.mark.parametrize(
    ("facts", "expected"), [pytest.param(*example[1:], id=example[0]) for example in EXAMPLES]
)
def test_rule(facts: BrokenFacts, expected: TendAction) -> None:
    assert decide_broken(facts, a_tend_snapshot(broken=[BROKEN])) == expected


def test_every_row_has_an_example() -> None:
    assert {rule.reason for rule in RULES} == {expected.reason for *_, expected in EXAMPLES}


@pytest.mark.parametrize(
    ("facts", "has_result", "state"),
    [
        pytest.param(DEAD, False, "running", id="adopted"),
        pytest.param(
            DEAD._replace(owner=None, is_owner_unreadable=True), False, "running", id="owner garbled"
        ),
        pytest.param(DEAD._replace(owner=None), True, "running", id="has said how it ended"),
        pytest.param(DEAD._replace(owner=a_revocation()), True, "running", id="revoked, and has worked"),
        pytest.param(DEAD._replace(owner=a_revocation()), False, "starting", id="revoked"),
        pytest.param(LIVING._replace(owner=None), False, "starting", id="not adopted, but there"),
        pytest.param(DEAD._replace(owner=None), False, "claiming", id="nobody came"),
    ],
)
def test_it_is_rebuilt_as_far_as_its_run_had_come(
    facts: BrokenFacts, has_result: bool, state: LeaseState
) -> None:
    assert state_of(facts, has_result=has_result) == state


@pytest.mark.parametrize("ledger", [None, a_ledger()])
def test_who_works_behind_a_lease_without_a_run_is_an_orphan(ledger: object) -> None:
    run = TaggedRun(BROKEN.task_id, LeaseId("other"), "s:1:other", (a_process(),))
    facts = LIVING._replace(wrapper="dead", ledger=ledger)  # type: ignore[arg-type]
    snapshot = a_tend_snapshot(broken=[BROKEN])._replace(tagged=(run,), remains=(facts,))

    assert plan_tend(snapshot).actions == (StopOrphan(run, "no_lease"), Quarantine(BROKEN, "processes_left"))


def test_a_lease_that_nobody_has_looked_at_stays_with_all_who_may_be_behind_it() -> None:
    """The disk failed while its ledger was read: unknown is not empty (law 4)."""
    run = TaggedRun(BROKEN.task_id, LeaseId("other"), "s:1:other", (a_process(),))

    snapshot = a_tend_snapshot(broken=[BROKEN])._replace(tagged=(run,))

    assert plan_tend(snapshot).actions == (Quarantine(BROKEN, BROKEN.why),)
