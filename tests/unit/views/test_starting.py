"""A start whose wrapper has not come yet is called so: nobody is dead there."""

from __future__ import annotations

import pytest

from tests import builders as b
from tests.unit.views.scenes import seen
from tinyscheduler.model.lease import Owner
from tinyscheduler.model.snapshot import LeaseFacts
from tinyscheduler.views.figures import wrapper_word
from tinyscheduler.views.problems import problems
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
    assert wrapper_word(facts) == word
