"""The program is replaced or removed while an agent works: its wrapper has all that it needs to the end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration.wrapping import REPOSITORY, RESULT, Stage
from tests.waiting import BUSY_MACHINE_S, wait_until
from tinyscheduler.model.lease import BrokenLease, Lease, StopOrder
from tinyscheduler.model.order import Order

NOW = datetime(2026, 1, 2, tzinfo=UTC)
WAITS = "until [ -e go ]; do sleep 0.05; done"
SAYS = f'{WAITS}; echo \'{{"status": "success", "summary": "done"}}\' >{RESULT}'
DAEMON = f"setsid sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' & {WAITS}"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    stage.source = tmp_path / "program"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(REPOSITORY / "src" / "tinyscheduler", stage.source / "tinyscheduler", ignore=ignored)
    yield stage
    stage.clear()


def nothing(_stage: Stage) -> None:
    """The agent ends by itself."""


def stop(stage: Stage) -> None:
    stage.leases.ask_stop(stage.task_id, StopOrder(stage.lease_id, "cancelled", "anna", NOW))


def term(stage: Stage) -> None:
    stage.wrappers[0].terminate()


def garble(stage: Stage) -> None:
    """The wrapper keeps a copy, and writes it anew."""
    (stage.folder / "running/task_7.json").write_text("{")
    wait_until(lambda: isinstance(stage.leases.read(stage.task_id), Lease), "the lease is mended")


CASES: list[tuple[str, Callable[[Stage], Order], Callable[[Stage], None], str]] = [
    ("exit 0", lambda s: s.sh(WAITS), nothing, "succeeded"),
    ("exit 3", lambda s: s.sh(f"{WAITS}; exit 3"), nothing, "failed"),
    ("a result", lambda s: s.sh(SAYS, success="result"), nothing, "succeeded"),
    ("no result", lambda s: s.sh(WAITS, success="result"), nothing, "no_result"),
    ("a daemon", lambda s: s.sh(DAEMON, grace_s=0), nothing, "succeeded"),
    ("a limit", lambda s: s.sh("trap '' TERM; sleep 99", hard_s=3, grace_s=0), nothing, "timed_out"),
    ("a stop", lambda s: s.sh("sleep 99"), stop, "cancelled"),
    ("a shutdown", lambda s: s.sh("sleep 99"), term, "interrupted"),
    ("a garbled lease", lambda s: s.sh(WAITS), garble, "succeeded"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("make", "act", "kind"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_a_wrapper_outlives_its_program(
    stage: Stage, make: Callable[[Stage], Order], act: Callable[[Stage], None], kind: str
) -> None:
    stage.start(make(stage))
    stage.wait_for_agent()
    shutil.rmtree(stage.source)

    act(stage)
    (stage.workspace / "go").touch()
    code = stage.wrappers[0].wait(BUSY_MACHINE_S)

    assert "Traceback" not in stage.words()
    assert (code, stage.outcome().kind) == (0, kind)
    assert stage.tree() == ()


def test_a_wrapper_that_lost_its_lease_and_its_program_still_ends_its_agent(stage: Stage) -> None:
    stage.start(stage.sh("trap '' TERM; sleep 99"))
    stage.wait_for_agent()
    shutil.rmtree(stage.source)

    (stage.folder / "running/task_7.json").unlink()
    stage.wrappers[0].wait(BUSY_MACHINE_S)

    assert not isinstance(stage.leases.read(stage.task_id), Lease | BrokenLease)
    assert stage.tree() == ()
