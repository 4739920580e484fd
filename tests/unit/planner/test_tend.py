"""One example for each entry of ``planner.life`` that does anything."""

from __future__ import annotations

import pytest

from tests.builders import NOW, a_lease, a_revocation, a_tend_snapshot, an_owner, facts
from tinyscheduler.model.action import Keep, Reclaim, Release, Revoke, Settle, TendAction, Undo
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.intent import Intent
from tinyscheduler.model.lease import TaggedRun
from tinyscheduler.model.snapshot import LeaseFacts
from tinyscheduler.planner.life import LIFE
from tinyscheduler.planner.tend import decide

CLAIMING = a_lease(state="claiming")
STARTING = a_lease(state="starting")
RUNNING = a_lease(state="running")
FINISHED = a_lease(state="finished")
ADOPTED = an_owner()
STOP = Intent("i", "stop", RUNNING.task_id, RUNNING.lease_id, "bob", NOW, "wrong branch")
RELEASE = STOP._replace(kind="release")
GIVEN_UP = FINISHED._replace(is_given_up=True)

EXAMPLES: list[tuple[str, LeaseFacts, bool, TendAction]] = [
    # What is true of the lease, the lease, whether ESTOP is there, what to do.
    ("its pass is gone", facts(CLAIMING, wrapper="dead"), False, Undo(CLAIMING, "claim_interrupted")),
    ("claiming under ESTOP", facts(CLAIMING), True, Undo(CLAIMING, "claim_interrupted")),
    (
        "claiming on another host",
        facts(CLAIMING, wrapper="unknown"),
        False,
        Undo(CLAIMING, "claim_interrupted"),
    ),
    (
        "a revocation was cut off",
        facts(STARTING, wrapper="dead", owner=a_revocation()),
        False,
        Revoke(STARTING, "revocation_unfinished"),
    ),
    (
        "a revocation was cut off and nobody can look",
        facts(STARTING, wrapper="unknown", owner=a_revocation()),
        False,
        Revoke(STARTING, "revocation_unfinished"),
    ),
    (
        "started where we cannot look",
        facts(STARTING, wrapper="unknown", run_age_s=1e6),
        False,
        Keep(STARTING, "unknown_host", is_trouble=True),
    ),
    (
        "booted since the start",
        facts(STARTING, wrapper="dead", is_same_boot=False),
        False,
        Reclaim(STARTING, "interrupted", "rebooted"),
    ),
    (
        "the wrapper died while it adopted",
        facts(STARTING, wrapper="dead", owner=ADOPTED, run_age_s=1),
        False,
        Reclaim(STARTING, "lost", "adopter_dead"),
    ),
    (
        "the wrapper hangs while it adopts",
        facts(STARTING, wrapper="alive", owner=ADOPTED, beat_age_s=46),
        False,
        Reclaim(STARTING, "lost", "adopter_silent"),
    ),
    (
        "the wrapper is adopting, later than allowed but first",
        facts(STARTING, wrapper="alive", owner=ADOPTED, run_age_s=40),
        False,
        Keep(STARTING, "being_adopted"),
    ),
    (
        "adopting under ESTOP",
        facts(STARTING, wrapper="alive", owner=ADOPTED),
        True,
        Keep(STARTING, "being_adopted"),
    ),
    ("starting under ESTOP", facts(STARTING, wrapper="dead", run_age_s=1), True, Revoke(STARTING, "estop")),
    (
        "nobody has adopted it in time",
        facts(STARTING, wrapper="dead", run_age_s=31),
        False,
        Revoke(STARTING, "not_adopted_in_time"),
    ),
    (
        "the owner file is of an older lease",
        facts(STARTING, wrapper="dead", owner=an_owner("another"), run_age_s=31),
        False,
        Revoke(STARTING, "not_adopted_in_time"),
    ),
    (
        "nobody has adopted it yet",
        facts(STARTING, wrapper="dead", run_age_s=30),
        False,
        Keep(STARTING, "starting"),
    ),
    (
        "running where we cannot look, silent for long",
        facts(RUNNING, wrapper="unknown", beat_age_s=1e6, run_age_s=1e6),
        False,
        Keep(RUNNING, "unknown_host", is_trouble=True),
    ),
    (
        "running where we cannot look, under ESTOP",
        facts(RUNNING, wrapper="unknown"),
        True,
        Keep(RUNNING, "unknown_host", is_trouble=True),
    ),
    (
        "booted since",
        facts(RUNNING, wrapper="dead", is_same_boot=False, beat_age_s=1e6),
        False,
        Reclaim(RUNNING, "interrupted", "rebooted"),
    ),
    (
        "the wrapper is dead, and beat a moment ago",
        facts(RUNNING, wrapper="dead"),
        False,
        Reclaim(RUNNING, "lost", "wrapper_dead"),
    ),
    (
        "the wrapper is dead under ESTOP",
        facts(RUNNING, wrapper="dead"),
        True,
        Reclaim(RUNNING, "interrupted", "estop"),
    ),
    ("running under ESTOP", facts(RUNNING), True, Reclaim(RUNNING, "interrupted", "estop")),
    (
        "no beat for more than 45 s",
        facts(RUNNING, beat_age_s=45.001),
        False,
        Reclaim(RUNNING, "lost", "heartbeat_stale"),
    ),
    (
        "beats, but is over its limit, grace and 30 s",
        facts(RUNNING, run_age_s=3635.001),
        False,
        Reclaim(RUNNING, "timed_out", "over_hard_limit"),
    ),
    (
        "over its limit, which the wrapper enforces",
        facts(RUNNING, run_age_s=3635),
        False,
        Keep(RUNNING, "running"),
    ),
    ("running well", facts(RUNNING), False, Keep(RUNNING, "running")),
    (
        "a person wants it stopped",
        facts(RUNNING, intent=STOP),
        False,
        Reclaim(RUNNING, "cancelled", "stop_asked", "asked by bob: wrong branch"),
    ),
    (
        "a person wanted it stopped, and the pass that did it was killed",
        facts(RUNNING, wrapper="dead", intent=STOP),
        False,
        Reclaim(RUNNING, "cancelled", "stop_asked", "asked by bob: wrong branch"),
    ),
    (
        "a person wants it parked",
        facts(RUNNING, intent=STOP._replace(kind="park")),
        False,
        Reclaim(RUNNING, "cancelled", "stop_asked", "asked by bob: wrong branch"),
    ),
    (
        "a person wants it stopped where nobody can look",
        facts(RUNNING, wrapper="unknown", intent=STOP),
        False,
        Keep(RUNNING, "unknown_host", is_trouble=True),
    ),
    (
        "a start that is to be stopped",
        facts(STARTING, wrapper="dead", intent=STOP),
        False,
        Reclaim(STARTING, "cancelled", "stop_asked", "asked by bob: wrong branch"),
    ),
    (
        "a start that was closed to wrappers to be stopped",
        facts(STARTING, wrapper="dead", owner=a_revocation(), intent=STOP),
        False,
        Reclaim(STARTING, "cancelled", "stop_asked", "asked by bob: wrong branch"),
    ),
    (
        "a claim that is to be stopped",
        facts(CLAIMING, wrapper="dead", intent=STOP),
        False,
        Undo(CLAIMING, "claim_interrupted"),
    ),
    ("stopped too late", facts(FINISHED, intent=STOP), False, Settle(FINISHED, "finished")),
    (
        "given up by a person who knows that its machine is gone",
        facts(RUNNING, wrapper="unknown", intent=RELEASE),
        False,
        Release(RUNNING, "interrupted", "release_asked", "asked by bob: wrong branch"),
    ),
    (
        "given up before it was adopted",
        facts(STARTING, wrapper="unknown", intent=RELEASE),
        False,
        Release(STARTING, "interrupted", "release_asked", "asked by bob: wrong branch"),
    ),
    (
        "given up because its dead wrapper's tree survives",
        facts(RUNNING, wrapper="dead", intent=RELEASE),
        False,
        Release(RUNNING, "interrupted", "release_asked", "asked by bob: wrong branch"),
    ),
    ("given up although it lives", facts(RUNNING, intent=RELEASE), False, Keep(RUNNING, "running")),
    (
        "the server does not want it any more",
        facts(RUNNING, unwanted="reassigned to eve"),
        False,
        Reclaim(RUNNING, "handed_off", "unwanted", "reassigned to eve"),
    ),
    (
        "the server does not want what nobody has adopted",
        facts(STARTING, wrapper="dead", unwanted="archived"),
        False,
        Revoke(STARTING, "unwanted"),
    ),
    (
        "the server does not want what is being adopted",
        facts(STARTING, owner=ADOPTED, unwanted="archived"),
        False,
        Keep(STARTING, "being_adopted"),
    ),
    (
        "nobody can say who has adopted it",
        facts(STARTING, wrapper="dead", is_owner_unreadable=True),
        False,
        Reclaim(STARTING, "interrupted", "owner_unreadable"),
    ),
    (
        "given up because its tree survives its end",
        facts(FINISHED, wrapper="dead", intent=RELEASE),
        False,
        Release(FINISHED, "interrupted", "release_asked", "asked by bob: wrong branch"),
    ),
    ("finished", facts(FINISHED, wrapper="dead"), False, Settle(FINISHED, "finished")),
    ("finished under ESTOP", facts(FINISHED), True, Settle(FINISHED, "finished")),
    ("finished on another host", facts(FINISHED, wrapper="unknown"), False, Settle(FINISHED, "finished")),
]


@pytest.mark.parametrize(
    ("found", "is_estopped", "expected"),
    [pytest.param(*example[1:], id=example[0]) for example in EXAMPLES],
)
def test_rule(found: LeaseFacts, is_estopped: bool, expected: TendAction) -> None:
    assert decide(found, a_tend_snapshot(found, is_estopped=is_estopped)) == expected


ALIVE: list[tuple[LeaseFacts, TendAction]] = [
    (facts(CLAIMING, wrapper="dead"), Reclaim(CLAIMING, "lost", "not_gone")),
    (facts(FINISHED, wrapper="dead"), Reclaim(FINISHED, "lost", "not_gone")),
    (facts(FINISHED), Reclaim(FINISHED, "lost", "not_gone")),
    (facts(GIVEN_UP, wrapper="dead"), Settle(GIVEN_UP, "finished")),
    (facts(RUNNING), Keep(RUNNING, "running")),
]
"""With processes that carry the tag."""


@pytest.mark.parametrize(("found", "expected"), ALIVE)
def test_rule_where_its_processes_are_seen(found: LeaseFacts, expected: TendAction) -> None:
    lease = found.lease
    run = TaggedRun(lease.task_id, lease.lease_id, "the tag", ())
    snapshot = a_tend_snapshot(found)

    assert decide(found, snapshot._replace(tagged=(run,))) == expected
    # Those of another run are ended for themselves.
    older = run._replace(lease_id=LeaseId("older"))
    assert decide(found, snapshot._replace(tagged=(older,))) == decide(found, snapshot)


def test_every_entry_that_does_anything_has_an_example() -> None:
    entries = {
        (state, entry.reason or event)
        for event, row in LIFE.items()
        for state, entry in row.items()
        if entry.effect != "pass_over"
    }
    shown = {(found.lease.state, expected.reason) for _, found, _, expected in EXAMPLES}
    shown |= {(found.lease.state, expected.reason) for found, expected in ALIVE}

    assert entries - shown == set()
