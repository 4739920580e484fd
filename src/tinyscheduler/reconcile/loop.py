"""``run --daemon``: a pass every interval, each with the settings as they are then (features A2)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime

from tinyscheduler.errors import ConfigError
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.ports import Clock, StopSignal, World
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.run import run_once


def run_loop(
    first: Configuration,
    *,
    reload: Callable[[], Configuration],
    wire: Callable[[Configuration], World],
    tell: Callable[[Report], None],
    clock: Clock,
    stop: StopSignal,
) -> None:
    """Until asked to stop; the pass at work is always finished.

    New settings that do not hold keep the last good ones, and every report says so until they are
    mended. Passes begin ``loop_interval_s`` apart; one that takes longer is followed at once.
    """
    configuration = first
    while not stop.is_asked():
        began = clock.monotonic()
        configuration, report = _one_pass(configuration, reload, wire)
        tell(report)
        reap()
        stop.wait(configuration.loop_interval_s - (clock.monotonic() - began))


def _one_pass(
    known: Configuration,
    reload: Callable[[], Configuration],
    wire: Callable[[Configuration], World],
) -> tuple[Configuration, Report]:
    configuration, rejected = _fresh(known, reload)
    try:
        world = wire(configuration)._replace(settings_rejected=rejected or "")
    except ConfigError as error:
        # A secret that is being replaced, for example: no pass now, the next one looks again.
        report = Report("", datetime.now(UTC))
        report.fault(error)
        return configuration, report
    try:
        report = run_once(world)
    finally:
        world.server.close()
    if rejected:
        report.notes.append(f"the new settings do not hold, the last good ones stay: {rejected}")
    return configuration, report


def reap() -> None:
    """Collect wrappers that have ended: we are their parent, and a zombie keeps its pid."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def _fresh(known: Configuration, reload: Callable[[], Configuration]) -> tuple[Configuration, str | None]:
    try:
        return reload(), None
    except ConfigError as error:
        return known, error.first_fault
