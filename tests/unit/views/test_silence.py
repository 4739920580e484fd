"""What is said of a run that says nothing (features B5)."""

from __future__ import annotations

import pytest

from tests import builders as b
from tests.unit.views.scenes import seen
from tinyscheduler.model.snapshot import LeaseFacts
from tinyscheduler.views.problems import exit_code, problems
from tinyscheduler.views.silence import silence_text


def a_silent_run(notices: int, *, progress_age_s: int | None = 960, limit_s: int | None = 1500) -> LeaseFacts:
    progress_at = None if progress_age_s is None else b.ago(progress_age_s)
    lease = b.a_lease("7")._replace(
        stall_notices=notices, stall_limit_s=limit_s, progress_at=progress_at, run_folder="/runs/task_7/1"
    )
    return b.facts(lease, run_age_s=1230)


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (a_silent_run(0), ""),
        (a_silent_run(1), "silent for 16m, is ended in 9m unless it is heard of"),
        (a_silent_run(2, progress_age_s=None), "silent for 20m, is ended in 4m unless it is heard of"),
        (a_silent_run(2, progress_age_s=4000), "silent for 66m, is ended in 0s unless it is heard of"),
        (a_silent_run(1, limit_s=None), "silent for 16m"),
    ],
)
def test_a_silence_that_was_noticed_is_told_with_its_end(run: LeaseFacts, text: str) -> None:
    assert silence_text(run, b.NOW) == text


def test_a_run_that_is_over_is_not_silent() -> None:
    run = a_silent_run(2)

    assert silence_text(run._replace(lease=run.lease._replace(state="finished")), b.NOW) == ""


def test_a_silent_run_is_a_note_and_no_fault_of_the_scheduler() -> None:
    found = problems(seen(a_silent_run(1)))

    (note,) = (problem for problem in found if problem.reference == "silent")
    assert (note.severity, note.task_id) == ("note", "7")
    assert "/runs/task_7/1/output.log" in note.hint
    assert exit_code([note]) == 0
