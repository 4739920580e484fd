"""``/proc/loadavg`` and ``/proc/meminfo``: two small files, read only when something waits to be started.

Not psutil, whose import costs more than the whole pass.
"""

from __future__ import annotations

import os

from tinyscheduler.model.machine import MachineState

FILE_BYTES_MAX = 16_384


class ProcGauge:
    """``ports.Gauge`` over a proc file system."""

    def __init__(self, proc: str = "/proc") -> None:
        self._proc = proc

    def read(self) -> MachineState:
        """See the port."""
        memory = self._memory()
        return MachineState(
            _cores(),
            self._load(),
            memory.get("MemTotal"),
            memory.get("MemAvailable"),
            memory.get("SwapTotal"),
            memory.get("SwapFree"),
        )

    def _load(self) -> float | None:
        try:
            return float(self._text("loadavg").split(" ", 1)[0])
        except (OSError, ValueError):
            # Not this kind of system, or a container that hides it.
            return None

    def _memory(self) -> dict[str, int]:
        """Megabytes by name."""
        try:
            lines = self._text("meminfo").splitlines()
        except (OSError, ValueError):
            return {}
        return {name: size for line in lines if (found := _sized(line)) for name, size in [found]}

    def _text(self, name: str) -> str:
        handle = os.open(f"{self._proc}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.read(handle, FILE_BYTES_MAX).decode("ascii")
        finally:
            os.close(handle)


def _sized(line: str) -> tuple[str, int] | None:
    """``MemTotal:       24689764 kB``."""
    name, _, rest = line.partition(":")
    words = rest.split()
    if len(words) != 2 or words[1] != "kB" or not words[0].isdigit():
        return None
    return name, int(words[0]) * 1024 // 1_000_000


def _cores() -> int | None:
    try:
        return len(os.sched_getaffinity(0))
    except OSError:
        return os.cpu_count()
