"""What holds of every plan about leases that nobody can read, and about runs without one (features B9)."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW, a_broken_ledger, a_ledger, a_process, a_revocation, an_open_run, an_owner
from tests.strategies import tend_snapshots
from tinyscheduler.model.action import (
    Discard,
    Keep,
    Quarantine,
    Rebuild,
    Reclaim,
    StopOrphan,
    task_of,
)
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.lease import TaggedRun
from tinyscheduler.model.snapshot import BrokenFacts, TendSnapshot
from tinyscheduler.planner.tend import plan_tend

AGES_S = st.sampled_from([0.0, 45.0, 45.001, 1e9])
LEDGERS = st.sampled_from(
    [None, a_broken_ledger(), a_ledger(), a_ledger()._replace(open=an_open_run("lease"))]
)


@st.composite
def odd_snapshots(draw: st.DrawFn) -> TendSnapshot:
    """Leases, broken ones with whatever may be left of their runs, and tags of all of them and of others."""
    snapshot = draw(tend_snapshots())
    known = [(facts.lease.task_id, facts.lease.lease_id) for facts in snapshot.leases]
    others = [(TaskId(str(n)), LeaseId("other")) for n in range(1, 24)]
    chosen = draw(st.lists(st.sampled_from([*known, *others]), unique=True, max_size=8))
    tagged = tuple(TaggedRun(task, lease, f"s:{task}:{lease}", (a_process(),)) for task, lease in chosen)
    remains = []
    for broken in snapshot.broken:
        processes = tuple(p for run in tagged if run.task_id == broken.task_id for p in run.processes)
        remains.append(
            BrokenFacts(
                broken,
                draw(st.sampled_from([None, an_owner(), a_revocation()])),
                is_owner_unreadable=draw(st.booleans()),
                wrapper=draw(st.sampled_from(["alive", "dead", "unknown"])),
                file_age_s=draw(AGES_S),
                is_folder=draw(st.booleans()),
                ledger=draw(LEDGERS),
                processes=processes,
                is_elsewhere=draw(st.booleans()),
            )
        )
    kept = remains if draw(st.booleans()) else remains[1:]
    return snapshot._replace(tagged=tagged, remains=tuple(kept), now=NOW)


def orphans(snapshot: TendSnapshot) -> list[TaggedRun]:
    return [action.run for action in plan_tend(snapshot).actions if isinstance(action, StopOrphan)]


@given(odd_snapshots())
def test_every_lease_has_exactly_one_action_and_every_tag_at_most_one(snapshot: TendSnapshot) -> None:
    actions = plan_tend(snapshot).actions
    leases = [f.lease.task_id for f in snapshot.leases] + [b.task_id for b in snapshot.broken]

    assert Counter(task_of(a) for a in actions if not isinstance(a, StopOrphan)) == Counter(leases)
    assert max(Counter(run.tag for run in orphans(snapshot)).values(), default=0) <= 1


@given(odd_snapshots())
def test_a_run_with_a_lease_is_never_an_orphan(snapshot: TendSnapshot) -> None:
    """The one thing a sweep must never do to its users."""
    leased = {(facts.lease.task_id, facts.lease.lease_id) for facts in snapshot.leases}

    assert not leased & {(run.task_id, run.lease_id) for run in orphans(snapshot)}


@given(odd_snapshots())
def test_behind_a_broken_lease_nobody_is_ended_while_its_run_may_be_open(snapshot: TendSnapshot) -> None:
    """Nor where nobody could look."""
    known = {facts.lease.task_id: facts for facts in snapshot.remains}
    broken = {lease.task_id for lease in snapshot.broken}

    for run in orphans(snapshot):
        if run.task_id in broken:
            ledger = known[run.task_id].ledger
            assert ledger in (None, a_ledger())


@given(odd_snapshots())
def test_every_run_without_a_lease_is_ended_unless_a_limit_is_reached(snapshot: TendSnapshot) -> None:
    plan = plan_tend(snapshot)
    leased = {(facts.lease.task_id, facts.lease.lease_id) for facts in snapshot.leases}
    broken = {lease.task_id for lease in snapshot.broken}
    wanted = {
        run.tag
        for run in snapshot.tagged
        if (run.task_id, run.lease_id) not in leased and run.task_id not in broken
    }

    missed = wanted - {run.tag for run in orphans(snapshot)}
    assert not missed or plan.limits_reached


@given(odd_snapshots())
def test_no_more_are_ended_than_the_limit_allows_orphans_among_them(snapshot: TendSnapshot) -> None:
    plan = plan_tend(snapshot)
    alive = {facts.lease.task_id for facts in snapshot.leases if facts.wrapper == "alive"}
    ended = [a for a in plan.actions if isinstance(a, Reclaim) and a.lease.task_id in alive]

    assert len(ended) + len(orphans(snapshot)) <= snapshot.policy.kills_max
    spared = [action for action in plan.actions if isinstance(action, Keep) and action.reason == "kill_limit"]
    assert not spared or plan.limits_reached


@given(odd_snapshots())
def test_a_broken_lease_is_removed_only_where_no_run_is_open_and_nobody_lives(snapshot: TendSnapshot) -> None:
    """Law 2: what was claimed is in the ledger, and an unreadable ledger is not an empty one."""
    known = {facts.lease.task_id: facts for facts in snapshot.remains}

    for action in plan_tend(snapshot).actions:
        if isinstance(action, Discard):
            facts = known[task_of(action)]
            assert facts.ledger in (None, a_ledger())
            assert facts.processes == ()
        if isinstance(action, Rebuild):
            assert known[task_of(action)].ledger not in (None, a_ledger(), a_broken_ledger())


@given(odd_snapshots())
def test_a_wrapper_that_may_live_keeps_the_pen(snapshot: TendSnapshot) -> None:
    """Law 6, as long as it had no time to mend its lease, and can."""
    known = {facts.lease.task_id: facts for facts in snapshot.remains}

    for action in plan_tend(snapshot).actions:
        facts = known.get(task_of(action))
        if facts is None or isinstance(action, StopOrphan):
            continue
        if facts.is_elsewhere:
            assert action == Quarantine(facts.lease, "unknown_host"), "law 4"
        elif facts.wrapper != "dead" and facts.file_age_s <= 45 and not facts.is_folder:
            assert action == Quarantine(facts.lease, "wrapper_mends_it")


@given(odd_snapshots(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(snapshot: TendSnapshot, random: Random) -> None:
    mixed = snapshot._replace(
        tagged=tuple(random.sample(snapshot.tagged, len(snapshot.tagged))),
        remains=tuple(random.sample(snapshot.remains, len(snapshot.remains))),
    )

    assert plan_tend(mixed) == plan_tend(snapshot)
