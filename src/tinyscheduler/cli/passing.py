"""Passes that a command runs by itself until something is so: ``--wait``, ``drain``, ``estop``, ``kick``."""

from __future__ import annotations

import time
from collections.abc import Callable

from tinyscheduler.bootstrap import wire
from tinyscheduler.cli.context import Context
from tinyscheduler.errors import Refused, UsageError
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.reconcile.report import Report

BUSY_POLL_S = 0.2
"""Another pass is at work and has been asked to look once more: a stat five times a second."""
PASS_PAUSE_S = 2.0
"""Between passes of our own that could not do it: a dead server, a process that does not die."""
TIMEOUT_S_MAX = 86_400
"""A drain waits for agents that may run for hours."""


def refuse_dry_run(configuration: Configuration) -> None:
    """It holds back what acts; not ``estop``, which is meant when it is said. Raises Refused."""
    if configuration.is_dry_run:
        raise Refused(
            "DRY_RUN is set, so nothing is done", hint="tinyscheduler run --dry-run shows what would be done"
        )


def one_pass(configuration: Configuration, context: Context, *, rejected: str = "") -> Report:
    """A new process would be wired anew, too: time limits and what the server answered are of one pass.
    ``rejected``: why newer settings than these do not hold."""
    from tinyscheduler.reconcile.run import run_once

    world = wire(configuration, context)._replace(settings_rejected=rejected)
    try:
        return run_once(world)
    finally:
        world.server.close()


def passes_until(
    is_done: Callable[[Report], bool],
    configuration: Configuration,
    context: Context,
    *,
    timeout_s: float,
    rejected: str = "",
) -> bool:
    """False: time is up. There is at least one pass, and ``is_done`` is asked after each of them.
    Raises StateError."""
    deadline = time.monotonic() + timeout_s
    while True:
        report = one_pass(configuration, context, rejected=rejected)
        if is_done(report):
            return True
        pause_s = BUSY_POLL_S if report.is_lock_busy else PASS_PAUSE_S
        if time.monotonic() + pause_s > deadline:
            return False
        time.sleep(pause_s)


def seconds_of(text: str, *, what: str) -> int:
    """Raises UsageError."""
    if text.isascii() and text.isdigit() and 0 < len(text) < 6 and 0 < int(text) <= TIMEOUT_S_MAX:
        return int(text)
    raise UsageError(
        f"{what} {text[:40]!r} is not a number of seconds", hint=f"whole seconds, 1 to {TIMEOUT_S_MAX}"
    )
