"""What becomes of an intent: one example for each row of each table, and what they promise together."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import (
    NOW,
    a_broken_lease,
    a_broken_ledger,
    a_lease,
    a_ledger,
    a_past_run,
    a_task,
    ago,
    an_open_run,
    an_outcome,
    facts,
    parked_as,
)
from tests.unit.planner.approval_cases import CASES_OF_APPROVAL
from tests.unit.planner.intent_scenes import a_subject, an_intent
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.intent import IntentKind
from tinyscheduler.model.lease import LeaseState
from tinyscheduler.model.ledger import Asked, Parked
from tinyscheduler.model.snapshot import Liveness
from tinyscheduler.planner.intent_subject import Subject, ledger_of, task_of
from tinyscheduler.planner.intents import RULES, Deed, ends_of, judge
from tinyscheduler.planner.retry import released

RUN = facts(a_lease())
ELSEWHERE = facts(a_lease(), wrapper="unknown")
OVER = facts(a_lease(state="finished"))
CANCELLED = facts(a_lease(state="finished", outcome=an_outcome("cancelled")))
TAKEN_BACK = facts(a_lease(state="finished", outcome=an_outcome("start_failed")))
IDLE = a_task()
MINE = a_task(assigned_to="dev-1")
HERS = a_task(assigned_to="alice")
WORKING = a_task(assigned_to="dev-1", status="working")
DONE = a_task(status="complete")
LOST = a_ledger(open_run=an_open_run())
NOTED = a_ledger(open_run=an_open_run()._replace(asked=Asked("bob", "asked by bob", requeue=False)))
COPIED = a_ledger(open_run=an_open_run()._replace(tag="other:1:lease-1"))
OTHER_SERVER = an_intent(source="fake:2")


MOVED = a_ledger(
    outcomes=[a_past_run("handed_off", lease_id="lease-1")],
    parked=Parked("asked by bob", "bob", NOW, "1:2"),
)


LEFT_TO_OTHERS = a_ledger(outcomes=[a_past_run("handed_off", lease_id="lease-1")._replace(is_stopped=True)])


class Case(NamedTuple):
    """One row of one table, and a subject for which it decides."""

    kind: IntentKind
    rule: str
    deed: Deed
    subject: Subject


def of_stop(rule: str, deed: Deed, **known: object) -> Case:
    intent = an_intent("stop", lease_id="lease-1", requeue=bool(known.pop("requeue", False)))
    return Case("stop", rule, deed, a_subject(intent, **known))  # type: ignore[arg-type]


def of(kind: IntentKind, rule: str, deed: Deed, **known: object) -> Case:
    return Case(kind, rule, deed, a_subject(an_intent(kind), **known))  # type: ignore[arg-type]


def ended(kind: str) -> object:
    return a_ledger(outcomes=[a_past_run(kind, lease_id="lease-1")])  # type: ignore[arg-type]


def on_the_server(kind: IntentKind) -> tuple[Case, ...]:
    """The rows that all have that need the task."""
    intent = an_intent(kind, lease_id="lease-1" if kind == "stop" else None)
    # A stop knows its own run when that has lost its lease.
    other = a_ledger(open_run=an_open_run()._replace(lease_id=LeaseId("lease-2")))
    foreign = intent._replace(source="fake:2")
    return (
        Case(kind, "other_server", "refuse", a_subject(foreign, task=IDLE)),
        Case(kind, "ledger_unreadable", "refuse", a_subject(intent, ledger=a_broken_ledger(), task=IDLE)),
        Case(kind, "unasked", "ask", a_subject(intent, is_asked=False)),
        Case(kind, "server_unknown", "wait", a_subject(intent, unknown="it is down")),
        Case(kind, "gone", "refuse", a_subject(intent)),
        Case(kind, "being_closed", "wait", a_subject(intent, ledger=other, task=IDLE)),
    )


def about_parking(kind: IntentKind) -> tuple[Case, ...]:
    intent = an_intent(kind, lease_id="lease-1" if kind == "stop" else None)
    parked = a_ledger(parked=parked_as(IDLE))
    return (
        Case(kind, "complete", "nothing", a_subject(intent, task=DONE)),
        Case(kind, "parked", "done", a_subject(intent, ledger=parked, task=IDLE)),
        Case(kind, "not_ours", "refuse", a_subject(intent, task=HERS)),
        Case(kind, "idle", "park", a_subject(intent, task=IDLE)),
        Case(kind, "idle", "park", a_subject(intent, task=MINE)),
        Case(kind, "idle", "park", a_subject(intent, ledger=parked, task=MINE)),
        Case(kind, "working", "refuse", a_subject(intent, task=WORKING)),
    )


CASES: tuple[Case, ...] = (
    *(Case("approve", *case) for case in CASES_OF_APPROVAL),
    of_stop("unreadable", "wait", broken=a_broken_lease()),
    of_stop("start_failed", "wait", lease=TAKEN_BACK),
    of_stop("over", "wait", lease=OVER),
    of_stop("stopped", "done", lease=CANCELLED),
    of_stop("elsewhere", "refuse", lease=ELSEWHERE),
    of_stop("meant", "stop", lease=RUN),
    of_stop("meant", "stop", lease=facts(a_lease(), wrapper="dead")),
    of_stop("meant", "stop", lease=facts(a_lease(state="claiming"), wrapper="dead")),
    of_stop("cancelled", "done", ledger=ended("cancelled")),
    of_stop("moved_unasked", "ask", ledger=MOVED, is_asked=False),
    of_stop("moved_unknown", "wait", ledger=MOVED, unknown="it is down"),
    of_stop("moved_unmarked", "park", ledger=MOVED, task=IDLE),
    of_stop("moved_unmarked", "park", ledger=MOVED, task=MINE),
    of_stop("moved", "done", ledger=MOVED, task=a_task(tags=("parked",))),
    of_stop("moved_unmarked", "park", ledger=MOVED, task=a_task(tags=("parked",)), is_said=True),
    of_stop("moved", "done", ledger=MOVED, task=HERS),
    of_stop("moved", "done", ledger=MOVED, task=a_task(assigned_to="dev-2")),
    of_stop("moved", "done", ledger=MOVED, task=a_task(queue="theirs")),
    of_stop("moved", "done", ledger=MOVED, task=WORKING),
    of_stop("moved", "done", ledger=MOVED, task=DONE),
    of_stop("moved", "done", ledger=MOVED),
    of_stop("left_to_others", "done", ledger=LEFT_TO_OTHERS),
    of_stop("ended", "nothing", ledger=ended("handed_off")),
    of_stop("ended", "nothing", ledger=ended("succeeded")),
    of_stop("another_run", "nothing", lease=facts(a_lease(lease_id="lease-2"))),
    of_stop("taken_back", "done", requeue=True),
    Case("stop", "orphaned", "wait", a_subject(an_intent(), living=(17,))),
    Case("stop", "lost", "wait", a_subject(an_intent(), ledger=LOST)),
    of_stop("lost", "wait", ledger=LOST),
    of_stop("lost", "wait", ledger=LOST, requeue=True),
    of_stop("orphaned", "wait", ledger=LOST, living=(17,), requeue=True),
    of_stop("noted", "done", ledger=NOTED),
    Case("stop", "noted", "done", a_subject(an_intent(), ledger=NOTED)),
    Case("stop", "not_running", "nothing", a_subject(an_intent(), ledger=a_ledger())),
    Case("stop", "never_ran", "nothing", a_subject(an_intent(), task=IDLE)),
    *on_the_server("stop"),
    *about_parking("stop"),
    of_stop("idle", "park", ledger=ended("start_failed"), task=IDLE),
    of("park", "unreadable", "wait", broken=a_broken_lease()),
    of("park", "over", "wait", lease=OVER),
    of("park", "elsewhere", "refuse", lease=ELSEWHERE),
    of("park", "meant", "stop", lease=RUN),
    *on_the_server("park"),
    *about_parking("park"),
    of("retry", "unreadable", "refuse", broken=a_broken_lease()),
    of("retry", "over", "wait", lease=OVER),
    of("retry", "running", "refuse", lease=RUN),
    *on_the_server("retry"),
    of("retry", "complete", "nothing", ledger=a_ledger(outcomes=[a_past_run(at=ago(9))]), task=DONE),
    of("retry", "nothing_held", "nothing", task=IDLE),
    of("retry", "nothing_held", "nothing", ledger=a_ledger(not_before=ago(1)), task=IDLE),
    of("retry", "held", "retry", ledger=a_ledger(parked=parked_as(IDLE)), task=IDLE),
    of("retry", "held", "retry", ledger=a_ledger(not_before=NOW + timedelta(seconds=9)), task=IDLE),
    of("retry", "held", "retry", ledger=a_ledger(outcomes=[a_past_run(at=ago(9))]), task=IDLE),
    of("release", "unreadable_alive", "refuse", broken=a_broken_lease(), living=(17,)),
    of("release", "unreadable", "drop", broken=a_broken_lease()),
    of("release", "over", "refuse", lease=OVER),
    of("release", "alive", "refuse", lease=RUN),
    of("release", "meant", "release", lease=ELSEWHERE),
    of("release", "meant", "release", lease=facts(a_lease(), wrapper="dead")),
    of("release", "no_lease", "done"),
    of("requeue", "unreadable", "refuse", broken=a_broken_lease()),
    of("requeue", "leased", "refuse", lease=RUN),
    *on_the_server("requeue"),
    of("requeue", "complete", "refuse", task=DONE),
    of("requeue", "half_done", "requeue", ledger=COPIED, task=MINE, is_said=True),
    of("requeue", "idle", "done", ledger=COPIED, task=MINE),
    of("requeue", "idle", "done", task=IDLE),
    of("requeue", "not_ours", "refuse", task=a_task(assigned_to="alice", status="working")),
    of("requeue", "not_ours", "refuse", task=a_task(status="working")),
    of("requeue", "parent", "refuse", task=WORKING, has_open_children=True),
    of("requeue", "parent", "refuse", task=a_task(status="working"), has_open_children=True),
    of("requeue", "alive", "refuse", task=WORKING, living=(17,)),
    of("requeue", "working", "requeue", task=WORKING),
    of("requeue", "working", "requeue", ledger=COPIED, task=WORKING),
)


@pytest.mark.parametrize("case", CASES, ids=[f"{case.kind}-{case.rule}-{n}" for n, case in enumerate(CASES)])
def test_each_row_decides_what_it_should(case: Case) -> None:
    ruling = judge(case.subject)

    assert (ruling.rule, ruling.deed) == (case.rule, case.deed)
    assert ruling.why


def test_there_is_an_example_of_every_row() -> None:
    shown = {(case.kind, case.rule) for case in CASES}
    rows = {(kind, rule.name) for kind, rules in RULES.items() for rule in rules}

    assert rows - shown == set()
    assert set(RULES) == set(get_args(IntentKind))


def test_a_stop_that_was_forgotten_parks_nothing() -> None:
    """Features E3: its run is gone for a day, so nobody waits for it any more."""
    old = an_intent("stop", lease_id="lease-1", at=ago(25 * 3600))

    assert judge(a_subject(old, task=IDLE)).deed == "done"


def test_a_released_task_has_nothing_more_to_release() -> None:
    ledger = released(a_ledger(outcomes=[a_past_run(at=ago(9))], parked=parked_as(IDLE)))

    assert judge(a_subject(an_intent("retry"), ledger=ledger, task=IDLE)).deed == "nothing"


def test_a_namesake_on_a_server_that_was_made_anew_has_no_past() -> None:
    older = a_ledger(parked=parked_as(IDLE), age_s=99_999)

    subject = a_subject(an_intent("retry"), ledger=older, task=IDLE)

    assert ledger_of(subject) is None
    assert judge(subject).deed == "nothing"


def test_several_stops_of_one_run_are_one_and_the_last_word_counts() -> None:
    first = an_intent("stop", lease_id="lease-1", requeue=True, number=1)
    second = an_intent("stop", lease_id="lease-1", number=2)

    ends = ends_of([a_subject(first, lease=RUN), a_subject(second, lease=RUN)])

    assert list(ends.values()) == [second]


def test_a_release_does_not_wait_behind_a_stop_that_cannot_be_obeyed() -> None:
    lease = facts(a_lease(state="starting"), wrapper="unknown")
    stop, release = an_intent("stop", lease_id="lease-1"), an_intent("release", number=2)

    ends = ends_of([a_subject(stop, lease=lease), a_subject(release, lease=lease)])

    assert list(ends.values()) == [release]


KINDS: tuple[IntentKind, ...] = get_args(IntentKind)
STATES: tuple[LeaseState, ...] = get_args(LeaseState)
LIVENESS: tuple[Liveness, ...] = get_args(Liveness)
TASKS = (None, IDLE, MINE, HERS, WORKING, DONE, a_task(is_archived=True))
LEDGERS = (None, LOST, COPIED, a_broken_ledger(), a_ledger(), a_ledger(parked=parked_as(IDLE)))


@st.composite
def subjects(draw: st.DrawFn) -> Subject:
    """An intent of any kind, and anything that may be known of its task."""
    lease_id = draw(st.sampled_from([None, "lease-1", "lease-2"]))
    state = draw(st.sampled_from([None, *STATES]))
    is_broken = draw(st.booleans())
    lease = None
    if state is not None and not is_broken:
        lease = facts(a_lease(state=state), wrapper=draw(st.sampled_from(LIVENESS)))
    return a_subject(
        an_intent(draw(st.sampled_from(KINDS)), lease_id=lease_id, requeue=draw(st.booleans())),
        lease=lease,
        broken=a_broken_lease() if is_broken else None,
        task=draw(st.sampled_from(TASKS)),
        ledger=draw(st.sampled_from(LEDGERS)),
        is_asked=draw(st.booleans()),
        living=draw(st.sampled_from([(), (17,)])),
    )


@given(subjects())
def test_whatever_is_known_no_intent_touches_what_it_must_not(subject: Subject) -> None:
    deed, intent, lease = judge(subject).deed, subject.intent, subject.lease

    if deed in ("stop", "release"):
        # Law 4: what cannot be seen is not stopped; law 1: what lives is not given up.
        assert lease is not None
        assert intent.lease_id in (None, lease.lease.lease_id)
        assert lease.wrapper != ("unknown" if deed == "stop" else "alive")
    if deed in ("park", "retry", "requeue"):
        # A lost run is closed first, and what is another's is not ours to change.
        task = task_of(subject)
        assert task is not None
        assert subject.ledger is not LOST
        assert deed == "retry" or (task.status != "complete" and task.assigned_to != "alice")
        assert lease is None or intent.lease_id not in (None, lease.lease.lease_id)
    if deed == "drop":
        assert subject.broken is not None
        assert intent.kind == "release"
