"""The levers of ``explain`` for a task with a lease: what the next pass does, and nothing that is refused."""

from __future__ import annotations

import os
from pathlib import Path

from tests.fakes.stage import Stage
from tests.unit.reconcile.looking import TASK, a_busy_stage, read_side
from tinyscheduler.reconcile.look_at import look_at
from tinyscheduler.views.explain import Subject, explain_tables
from tinyscheduler.views.explain_json import explain_json


def shown_of(subject: Subject) -> str:
    return "\n".join(" ".join(row) for table in explain_tables(subject) for row in table.rows)


def lever_of(stage: Stage) -> str:
    explanation = look_at(read_side(stage), TASK).explanation
    assert explanation is not None
    assert explanation.held is not None
    return str(explanation.held.lever)


def test_explain_of_a_garbled_lease_whose_wrapper_lives_advises_no_release(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    path = Path(stage.configuration.places.running) / "task_1.json"
    path.write_bytes(b'{"task_id": 1, "pi')
    now_s = stage.clock.now().timestamp()
    os.utime(path, (now_s, now_s))

    assert lever_of(stage) == "its wrapper lives and writes it anew at its next beat"


def test_explain_of_a_run_whose_wrapper_is_dead_says_what_the_next_pass_does(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    stage.engine.die(stage.engine.newest())

    subject = look_at(read_side(stage), TASK)

    shown = shown_of(subject)
    assert "is dead; the next pass ends it as lost" in shown
    assert "run --once does it now" in lever_of(stage)
    assert "run --once does it now" in str(explain_json(subject)["rows"])


def test_explain_under_an_emergency_stop_says_that_the_run_is_ended(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    stage.estop()

    shown = shown_of(look_at(read_side(stage), TASK))

    assert "the ESTOP file is there; the next pass ends it as interrupted" in shown
    assert "tinyscheduler estop --clear" in shown
