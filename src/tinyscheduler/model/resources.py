"""Parts of a machine that a run takes for itself while it lives (features D13)."""

from typing import NamedTuple


class Resources(NamedTuple):
    """An amount of each; 0 is none."""

    cpu: float = 0.0
    """Cores."""
    memory_mb: int = 0
    gpu: int = 0
    """Devices."""


NO_RESOURCES = Resources()
