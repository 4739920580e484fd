"""Signals reach the process that was meant and nobody else; waiting ends when all are gone."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.integration.nursery import LIMIT_S, PLAIN, TAG, Nursery
from tinyscheduler.adapters.processes import ProcessTable


def test_a_signal_reaches_the_process(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()

    assert table.signal(sleeper, signal.SIGTERM)
    nursery.reap(sleeper)
    assert table.liveness(sleeper) == "dead"


def test_a_process_of_another_start_time_is_not_signalled(table: ProcessTable, nursery: Nursery) -> None:
    """Law 5: it is a stranger that has got the number."""
    stranger = nursery.sleeper()

    assert not table.signal(stranger._replace(start=stranger.start - 1), signal.SIGKILL)
    assert not table.signal(stranger._replace(boot_id="another"), signal.SIGKILL)
    assert not table.signal(stranger._replace(pid_namespace="pid:[1]"), signal.SIGKILL)
    assert table.liveness(stranger) == "alive"


def test_signalling_who_is_gone_is_no_error(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()
    os.kill(sleeper.pid, signal.SIGKILL)
    nursery.reap(sleeper)

    assert not table.signal(sleeper, signal.SIGTERM)


@pytest.mark.parametrize("pid", [0, -1, -2])
def test_numbers_that_mean_groups_or_everybody_are_nobody(table: ProcessTable, pid: int) -> None:
    """kill(2) would end the world."""
    nobody = table.me()._replace(pid=pid)

    assert table.liveness(nobody) != "alive"
    assert table.tree(TAG, [nobody]) == ()
    assert not table.signal(nobody, signal.SIGTERM)


def test_no_descriptor_is_left_open(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        table.signal(sleeper, 0)
        table.signal(sleeper._replace(start=1), 0)
        table.wait_gone([sleeper], 0.01)
        table.tree(TAG, [sleeper])

    assert len(os.listdir("/proc/self/fd")) == before


def test_waiting_for_nobody_takes_no_time(table: ProcessTable) -> None:
    began = time.monotonic()

    assert table.wait_gone([], 10) == ()
    assert time.monotonic() - began < 5


def test_waiting_ends_when_the_last_one_has_ended(table: ProcessTable, nursery: Nursery) -> None:
    sleepers = [nursery.sleeper() for _ in range(3)]
    for sleeper in sleepers:
        table.signal(sleeper, signal.SIGTERM)
    began = time.monotonic()

    assert table.wait_gone(sleepers, LIMIT_S) == ()
    assert time.monotonic() - began < LIMIT_S / 2


def test_a_zombie_is_gone(table: ProcessTable, nursery: Nursery) -> None:
    """Nobody reaps the children of a pass that has ended but init; nobody waits for that here."""
    sleeper = nursery.sleeper()
    table.signal(sleeper, signal.SIGKILL)

    assert table.wait_gone([sleeper], LIMIT_S) == ()


def test_waiting_comes_back_in_time_with_those_that_are_left(table: ProcessTable, nursery: Nursery) -> None:
    stays, goes = nursery.sleeper(), nursery.sleeper()
    table.signal(goes, signal.SIGTERM)
    began = time.monotonic()

    left = table.wait_gone([stays, goes], 0.3)

    took_s = time.monotonic() - began
    assert left == (stays,)
    assert 0.3 <= took_s < 5


def test_those_we_cannot_see_are_left(table: ProcessTable) -> None:
    elsewhere = table.me()._replace(pid_namespace="pid:[1]")

    assert table.wait_gone([elsewhere], 0.05) == (elsewhere,)


def test_waiting_sleeps_and_does_not_spin(table: ProcessTable, nursery: Nursery) -> None:
    sleeper = nursery.sleeper()
    before_s = time.process_time()

    table.wait_gone([sleeper], 0.5)

    assert time.process_time() - before_s < 0.2


def test_a_wait_longer_than_the_kernel_counts_is_a_wait(table: ProcessTable, nursery: Nursery) -> None:
    """A grace from a file may be any number."""
    sleeper = nursery.sleeper()
    table.signal(sleeper, signal.SIGTERM)
    stopped = nursery.script("sleep 0.2", env=PLAIN)

    assert table.wait_gone([sleeper, stopped], 1e10) == ()
