"""How far the clocks of this time namespace are from those of the machine (time_namespaces(7)).

In a namespace of its own CLOCK_MONOTONIC and the start times in /proc are moved by constants, and the boot
id is not: what one process writes another would read as hours old, or as a start of somebody else.
Whoever stores such a time takes these constants off first, so that all namespaces of a boot agree.
"""

from __future__ import annotations

import os
from functools import cache
from typing import NamedTuple


class ClockOffsets(NamedTuple):
    """What this process sees more than the machine shows."""

    monotonic_s: float
    boot_ticks: int
    """Of start times. A constant that is no multiple of a tick may leave one tick of doubt; the tools
    that make such namespaces know whole seconds only."""


NONE = ClockOffsets(0.0, 0)


@cache
def clock_offsets() -> ClockOffsets:
    """Of this process, whose namespace does not change; none where the kernel has no such namespaces."""
    try:
        # The file speaks of the namespace of the children, which this process may not be in itself.
        if os.readlink("/proc/self/ns/time") != os.readlink("/proc/self/ns/time_for_children"):
            return NONE
        with open("/proc/self/timens_offsets", "rb", buffering=0) as file:
            return read_offsets(file.read(256))
    except OSError:
        return NONE


def read_offsets(text: bytes) -> ClockOffsets:
    """Of lines like ``monotonic -3600 0``: a name, seconds, nanoseconds."""
    rows = [line.split() for line in text.splitlines()]
    ns = {row[0]: int(row[1]) * 10**9 + int(row[2]) for row in rows if len(row) == 3}
    ticks = ns.get(b"boottime", 0) * os.sysconf("SC_CLK_TCK") // 10**9
    return ClockOffsets(ns.get(b"monotonic", 0) / 10**9, ticks)
