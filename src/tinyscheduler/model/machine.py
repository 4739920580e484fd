"""How much this machine has, and how much of it is in use (features D13, D14). None: not known."""

from typing import NamedTuple


class MachineState(NamedTuple):
    """One moment."""

    cores: int | None = None
    """That this process may use."""
    load: float | None = None
    """Processes that run or wait to run, the mean of the last minute."""
    memory_mb: int | None = None
    free_memory_mb: int | None = None
    """That a new program could have without swapping."""
    swap_mb: int | None = None
    free_swap_mb: int | None = None


NOT_LOOKED_AT = MachineState()
