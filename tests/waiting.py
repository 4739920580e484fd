"""Waiting for a condition, never for a time; one clock of patience for everybody who starts processes."""

from __future__ import annotations

import time
from collections.abc import Callable

BUSY_MACHINE_S = 30.0
"""How long a condition is waited for; reached only when the test fails. Half of a test's own limit."""
LOOK_AGAIN_S = 0.01
LOOK_AGAIN_MAX_S = 0.05
SHARE_OF_LOOKING = 3
"""A look through all processes takes milliseconds: who looks rests this many times as long, or the look would
take the processor from those who are waited for."""


def wait_until(
    condition: Callable[[], object], what: str = "the condition", limit_s: float = BUSY_MACHINE_S
) -> None:
    """Raises AssertionError, with what never came."""
    assert comes_true(condition, limit_s), f"waited {limit_s} s in vain: {what}"


def comes_true(condition: Callable[[], object], limit_s: float) -> bool:
    """Whether it does in time; looked at once at least."""
    deadline = time.monotonic() + limit_s
    while True:
        began = time.monotonic()
        if condition():
            return True
        ended = time.monotonic()
        if ended > deadline:
            return False
        time.sleep(min(max(LOOK_AGAIN_S, SHARE_OF_LOOKING * (ended - began)), LOOK_AGAIN_MAX_S))
