"""A wrapper that broke is our fault, and people hear of it; one that was killed is nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.stage import Stage
from tests.unit.reconcile.reclaim_scenes import TASK, a_running_stage, newest

TRACEBACK = """tinyscheduler wrap: Traceback (most recent call last):
  File "supervise.py", line 7, in supervise
    from tinyscheduler.adapters.processes import census
ModuleNotFoundError: No module named 'census'\x1b[2J
"""


def log_of(stage: Stage) -> Path:
    return Path(stage.world().runs.path_for(TASK, 1), "wrapper.log")


def test_a_wrapper_that_broke_is_told_with_its_last_line(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    log_of(stage).write_text("the agent is held by group\n" + TRACEBACK)
    stage.engine.die(newest(stage))

    report = stage.run()

    (fault,) = report.faults
    assert (report.exit_code, fault.reference) == (1, "wrapper-broke")
    assert "ModuleNotFoundError: No module named 'census'[2J" in fault.message
    (said,) = stage.server.comments(TASK)
    assert f"wrapper dead, ModuleNotFoundError: No module named 'census'[2J; see {log_of(stage)}" in said.text


@pytest.mark.parametrize("words", [None, "", "the agent is held by group\n"])
def test_a_wrapper_that_was_killed_is_no_fault(tmp_path: Path, words: str | None) -> None:
    stage = a_running_stage(tmp_path)
    if words is not None:
        log_of(stage).write_text(words)
    stage.engine.die(newest(stage))

    report = stage.run()

    assert (report.exit_code, report.faults) == (0, [])
    (said,) = stage.server.comments(TASK)
    assert "output.log" in said.text


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to("/etc/passwd")])
def test_what_has_the_place_of_its_log_is_no_word_of_it(tmp_path: Path, make: object) -> None:
    stage = a_running_stage(tmp_path)
    make(log_of(stage))  # type: ignore[operator]
    stage.engine.die(newest(stage))

    assert stage.run().exit_code == 0
