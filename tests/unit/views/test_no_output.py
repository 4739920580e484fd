"""``logs`` of an attempt without a word says why, and what to do."""

from __future__ import annotations

import pytest

from tests import builders as b
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import PastRun
from tinyscheduler.views.no_output import no_output

STARTING = b.a_lease("7", state="starting")
WORKING = b.a_lease("7")._replace(agent_pid=4712, agent_start=3)
NOT_FOUND = b.an_outcome("start_failed", summary="/bin/nosuch: not found")
FINISHED = b.a_lease("7", state="finished", outcome=NOT_FOUND)


@pytest.mark.parametrize(
    ("lease", "is_over", "message"),
    [
        (STARTING, False, "attempt 2 has said nothing yet: its agent has not been started yet"),
        (WORKING, False, "attempt 2 has said nothing yet: its agent runs"),
        (
            FINISHED,
            True,
            "attempt 2 has no output, its agent could not be started: /bin/nosuch: not found",
        ),
        (None, True, "attempt 2 has said nothing"),
    ],
)
def test_a_run_in_flight_is_told_by_its_lease(lease: Lease | None, is_over: bool, message: str) -> None:
    assert no_output(2, lease, None, is_over=is_over).message == message


@pytest.mark.parametrize(
    ("past", "message", "hint"),
    [
        (
            b.a_past_run("start_failed")._replace(why="/bin/nosuch: not found"),
            "attempt 1 has no output, its agent could not be started: /bin/nosuch: not found",
            "mend its command",
        ),
        (
            b.a_past_run("no_result")._replace(why="exit 0\n\x1b[31mand no result"),
            "attempt 1 has said nothing, it ended as no_result: exit 0 and no result",
            "",
        ),
        (b.a_past_run("killed"), "attempt 1 has said nothing, it ended as killed", ""),
    ],
)
def test_a_past_run_is_told_by_the_ledger(past: PastRun, message: str, hint: str) -> None:
    told = no_output(1, None, past, is_over=True)

    assert told.message == message
    assert told.hint.startswith(hint)
