"""A start whose wrapper has not come yet is called so: nobody is dead there."""

from __future__ import annotations

import pytest

from tests import builders as b
from tests.unit.views.scenes import a_run, seen
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import Owner
from tinyscheduler.model.snapshot import LeaseFacts
from tinyscheduler.views.figures import wrapper_word
from tinyscheduler.views.problems import problems
from tinyscheduler.views.run_trouble import trouble_of
from tinyscheduler.views.status import status_tables
from tinyscheduler.views.status_json import status_json
from tinyscheduler.views.table import plain_text

UNNAMED = b.a_lease("7", state="starting")
JUST_STARTED = b.facts(UNNAMED, wrapper="dead", run_age_s=3)
OWNER = b.an_owner(UNNAMED.lease_id)


def test_status_says_how_long_the_wrapper_may_still_take() -> None:
    scene = seen(JUST_STARTED)

    leases = next(table for table in status_tables(scene, ()) if table.title == "1 task in flight")
    row = dict(zip((column.name for column in leases.columns), leases.rows[0], strict=True))

    assert (row["STATE"], row["WRAPPER"], row["CONTAINED"]) == ("starting", "awaited, 3s of 30s", "-")
    assert "dead" not in plain_text(leases)
    assert problems(scene) == ()


def test_programs_read_awaited_and_no_containment() -> None:
    told = status_json(seen(JUST_STARTED), ())["leases"]

    assert isinstance(told, list)
    assert (told[0]["wrapper"], told[0]["containment"]) == ("awaited", None)


def owned(owner: Owner) -> LeaseFacts:
    return JUST_STARTED._replace(owner=owner)


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (JUST_STARTED, "awaited"),
        (b.facts(UNNAMED._replace(state="claiming"), wrapper="dead"), "awaited"),
        (owned(OWNER), "dead"),
        (owned(OWNER)._replace(wrapper="alive"), "alive"),
        (JUST_STARTED._replace(is_owner_unreadable=True), "dead"),
        (JUST_STARTED._replace(is_same_boot=False), "dead"),
        (JUST_STARTED._replace(wrapper="unknown"), "unknown"),
        (b.facts(b.a_lease("7"), wrapper="dead"), "dead"),
        (b.facts(b.a_lease("7")), "alive"),
    ],
)
def test_only_a_start_that_nobody_has_touched_is_awaited(facts: LeaseFacts, word: str) -> None:
    assert wrapper_word(a_run(facts)) == word


def test_a_wrapper_that_a_signal_has_stopped_is_named_with_the_way_on() -> None:
    facts = b.facts(b.a_lease("7"))
    stopped = a_run(facts)._replace(is_wrapper_stopped=True)
    pid = facts.lease.wrapper_pid

    assert wrapper_word(stopped) == "stopped"
    assert trouble_of(stopped, seen(facts)) == (
        f"its wrapper (pid {pid}) is stopped by a signal and does not beat",
        f"kill -CONT {pid} lets it go on; else a pass ends it as lost",
    )


def test_a_stopped_wrapper_is_a_problem_with_a_name() -> None:
    facts = b.facts(b.a_lease("7"))
    scene = seen(facts)
    scene = scene._replace(runs=Known((a_run(facts)._replace(is_wrapper_stopped=True),)))

    assert [problem.reference for problem in problems(scene)] == ["wrapper-stopped"]
