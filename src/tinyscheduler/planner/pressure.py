"""Whether the machine has enough to do with what runs (features D14).

Apart from the rule that says so of a task, because it is asked once for all of them.
"""

from __future__ import annotations

from tinyscheduler.model.machine import NOT_LOOKED_AT, MachineState
from tinyscheduler.model.policy import Policy


def busy(machine: MachineState, policy: Policy) -> tuple[str, str, str] | None:
    """What is too much, its limit, and the key of the limit. What is not known is not too much."""
    if machine is NOT_LOOKED_AT:
        return None
    load, cores = machine.load, machine.cores
    if policy.load_per_core_max > 0 and load is not None and cores:
        per_core = load / cores
        if per_core > policy.load_per_core_max:
            value = f"load {load:g} on {cores} cores is {per_core:.2f} a core"
            return value, f"{policy.load_per_core_max:g}", "load_per_core"
    least_mb = memory_floor_mb(machine, policy)
    if machine.free_memory_mb is not None and machine.free_memory_mb < least_mb:
        return f"{machine.free_memory_mb} MB of memory are free", f"{least_mb} MB", "free_memory_mb"
    if policy.swap_used_max_percent > 0 and machine.swap_mb and machine.free_swap_mb is not None:
        used = 100 * (machine.swap_mb - machine.free_swap_mb) / machine.swap_mb
        if used > policy.swap_used_max_percent:
            limit = f"{policy.swap_used_max_percent} %"
            return f"{used:.0f} % of the swap space are in use", limit, "swap_used_percent"
    return None


def memory_floor_mb(machine: MachineState, policy: Policy) -> int:
    """A machine that has little memory would never start anything: at most a quarter of it is kept free."""
    if machine.memory_mb is None:
        return policy.free_memory_min_mb
    return min(policy.free_memory_min_mb, machine.memory_mb // 4)
