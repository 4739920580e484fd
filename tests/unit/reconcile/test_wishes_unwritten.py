"""What is to come after a stop, on a disk that does not take it down at once: the run is stopped all the
same, and nothing else becomes of its task than what was asked for (features B13, E3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.stage import Stage
from tests.unit.reconcile.intent_scenes import (
    a_running_stage,
    answers,
    ask,
    kinds,
    parked,
    pending,
)
from tests.unit.reconcile.test_orphans import remove_lease
from tinyscheduler.adapters.records import FileLedgerStore
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.run import run_once

ONE = TaskId("1")
REQUEUE = pytest.mark.parametrize("requeue", [False, True], ids=["stop", "stop --requeue"])


class RefusedOnce(FileLedgerStore):
    """The disk refuses the first write."""

    is_refused = False

    def write(self, ledger: Ledger, *, is_durable: bool = True) -> None:
        if not self.is_refused:
            self.is_refused = True
            raise StateError("no space left on device")
        super().write(ledger, is_durable=is_durable)


def refused_pass(stage: Stage) -> Report:
    ledgers = RefusedOnce(stage.configuration.places.ledger)
    report = run_once(stage.world()._replace(ledgers=ledgers))
    assert ledgers.is_refused
    return report


@REQUEUE
def test_a_stop_whose_wish_is_refused_is_obeyed_now_and_settled_with_the_wish(
    tmp_path: Path, *, requeue: bool
) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "stop", requeue=requeue, reason="wrong branch")

    report = refused_pass(stage)
    living, kept = stage.processes.living(), pending(stage)
    second = stage.run()

    assert (report.exit_code, living, len(kept)) == (1, [], 1)
    assert (second.exit_code, kinds(stage)) == (0, ["cancelled"])
    assert parked(stage) == (None if requeue else ("wrong branch", "bob"))
    assert (answers(stage), pending(stage)) == ([("stop", "applied")], [])


@REQUEUE
def test_the_wish_is_written_down_also_where_the_server_is_away(tmp_path: Path, *, requeue: bool) -> None:
    """The intent may go before the run is settled; the wish may not."""
    stage = a_running_stage(tmp_path)
    ask(stage, "stop", requeue=requeue, reason="wrong branch")
    stage.server.unavailable = True
    refused_pass(stage)
    stage.run()
    asked = stage.ledger().open
    stage.server.unavailable = False
    stage.clock.advance(3600)

    for _ in range(2):
        stage.run()

    assert asked is not None
    assert asked.asked is not None
    assert asked.asked.requeue is requeue
    assert parked(stage) == (None if requeue else ("wrong branch", "bob"))
    assert (answers(stage), pending(stage)) == ([("stop", "applied")], [])


def test_a_park_whose_wish_is_refused_parks_in_the_words_of_who_asked(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    ask(stage, "park", reason="not before May")

    refused_pass(stage)
    for _ in range(2):
        stage.run()

    assert (kinds(stage), parked(stage)) == (["cancelled"], ("not before May", "bob"))
    assert (answers(stage), pending(stage)) == ([("park", "applied")], [])


@REQUEUE
def test_a_run_without_a_lease_is_not_closed_before_the_wish_is_written(
    tmp_path: Path, *, requeue: bool
) -> None:
    """It would be given back, and started again in spite of the stop."""
    stage = a_running_stage(tmp_path)
    remove_lease(stage)
    for _ in range(2):
        stage.run()
        stage.clock.advance(90)
    ask(stage, "stop", requeue=requeue, reason="wrong branch")

    refused_pass(stage)
    for _ in range(4):
        stage.clock.advance(61)
        stage.run()

    assert parked(stage) == (None if requeue else ("wrong branch", "bob"))
    assert len(stage.engine.wrappers) == (2 if requeue else 1)
