"""``tinyscheduler wrap ORDER``: the process beside one agent. Started by an engine, not by people.

Neither argparse nor the application's front is imported: this process lives as long as its agent,
and fifty of them live at once (features F1). Its standard error is the run folder's ``wrapper.log``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from tinyscheduler.errors import StateError, TinySchedulerError
from tinyscheduler.model.lease import AGENT_ENV_PREFIX, LEASE_VARIABLE

USAGE_EXIT = 2
CRASH_EXIT = 1
USAGE = "usage: tinyscheduler wrap ORDER (the path of an order.json)"


def main(argv: list[str]) -> int:
    """Run one order; returns only if there is nothing to become. 2: no usable order."""
    if argv in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    if len(argv) != 1:
        _say(USAGE)
        return USAGE_EXIT
    _open_standard_streams()
    try:
        after_argv = _run(argv[0])
    except _NoOrder as error:
        _say(f"{error.fault.message}; {error.fault.hint}")
        return USAGE_EXIT
    except TinySchedulerError as error:
        _say(f"{error.message}; {error.hint}")
        return error.exit_code
    except Exception:
        # The edge of the process. The next pass ends the agent and settles what it finds.
        import traceback

        _say(traceback.format_exc())
        return CRASH_EXIT
    return _become(after_argv, os.environ)


class _NoOrder(Exception):
    """The one argument leads to no order."""

    def __init__(self, fault: StateError) -> None:
        super().__init__(fault.message)
        self.fault = fault


def _run(order_path: str) -> tuple[str, ...]:
    from tinyscheduler.bootstrap.wrapper import wire_wrapper
    from tinyscheduler.wrapper.supervise import supervise

    try:
        world = wire_wrapper(order_path)
    except StateError as error:
        raise _NoOrder(error) from error
    return supervise(
        world.order,
        leases=world.leases,
        processes=world.processes,
        clock=world.clock,
        runs=world.runs,
        containment=world.containment,
        environ=os.environ,
    )


def _become(argv: tuple[str, ...], environ: Mapping[str, str]) -> int:
    """Turn into the pass that fills the free slot. Without the tag, which would make that pass a
    part of this run, and without what was meant for the agent alone."""
    if not argv:
        return 0
    kept = {
        name: value
        for name, value in environ.items()
        if name != LEASE_VARIABLE and not name.startswith(AGENT_ENV_PREFIX)
    }
    try:
        os.execve(argv[0], argv, kept)  # noqa: S606 - no shell, which is the point
    except OSError as error:
        # Not a failure: cron starts the next pass within a minute.
        _say(f"no pass after this run: {argv[0]}: {error.strerror}")
    return 0


def _open_standard_streams() -> None:
    """Whoever starts us without them would make the lease or the agent's pipe our standard error."""
    handle = os.open(os.devnull, os.O_RDWR)
    while handle <= 2:
        os.set_inheritable(handle, True)
        handle = os.open(os.devnull, os.O_RDWR)
    os.close(handle)


def _say(text: str) -> None:
    print(f"tinyscheduler wrap: {text}", file=sys.stderr, flush=True)
