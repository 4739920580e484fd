"""Room on the machine: what runs take of it together, and who has to wait for some (features D13)."""

from __future__ import annotations

from collections.abc import Collection

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.hints import Hints
from tinyscheduler.model.machine import MachineState
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.resources import NO_RESOURCES, Resources

RESERVED_AFTER_S = 1800
"""A task that has waited so long for room that others pass gets the next that is free: half an hour, as
long as it takes to rise by one band."""


def totals_of(machine: MachineState, policy: Policy) -> Resources | None:
    """What the settings say, else what the machine has; devices only by the settings. None: not known."""
    cpu = machine.cores if policy.cpu_total is None else policy.cpu_total
    memory_mb = machine.memory_mb if policy.memory_total_mb is None else policy.memory_total_mb
    return None if cpu is None or memory_mb is None else Resources(cpu, memory_mb, policy.gpu_total)


def needed(agent: Agent, hints: Hints) -> Resources:
    """Of a run of this task on this agent: the larger of what the two say. A task may ask for more than
    its agent takes anyway, never for less."""
    own, asked = agent.resources, hints.resources
    if asked is NO_RESOURCES:
        return own
    return Resources(max(own.cpu, asked.cpu), max(own.memory_mb, asked.memory_mb), max(own.gpu, asked.gpu))


def plus(one: Resources, other: Resources) -> Resources:
    """Of each as much as both together. Cores are counted in millionths, so that 0.1 ten times is 1."""
    cpu = round(one.cpu + other.cpu, 6)
    return Resources(cpu, one.memory_mb + other.memory_mb, one.gpu + other.gpu)


def minus(one: Resources, other: Resources) -> Resources:
    """What ``one`` needs beside ``other``; never below nothing."""
    cpu = max(0.0, round(one.cpu - other.cpu, 6))
    return Resources(cpu, max(0, one.memory_mb - other.memory_mb), max(0, one.gpu - other.gpu))


def fits(wanted: Resources, taken: Resources, totals: Resources) -> bool:
    """Beside what is taken already. What is not wanted cannot be missing."""
    return not short_of(wanted, taken, totals)


def short_of(wanted: Resources, taken: Resources, totals: Resources) -> tuple[str, ...]:
    """Names of what there is too little of."""
    together = plus(wanted, taken)
    return tuple(
        name
        for name, want, sum_, total in zip(Resources._fields, wanted, together, totals, strict=True)
        if want > 0 and sum_ > total
    )


def only(names: Collection[str], amount: Resources) -> Resources:
    """Of these, and nothing of the others."""
    return NO_RESOURCES._replace(**{name: getattr(amount, name) for name in names})


def number_text(value: float) -> str:
    """As it may be written into a settings file again: 100000000 and 0.5, never 1e+08."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def resources_text(amount: Resources) -> str:
    """``cpu 2, memory 4096 MB``; what there is none of is left out."""
    texts = []
    if amount.cpu:
        texts.append(f"cpu {number_text(amount.cpu)}")
    if amount.memory_mb:
        texts.append(f"memory {amount.memory_mb} MB")
    if amount.gpu:
        texts.append(f"gpu {amount.gpu}")
    return ", ".join(texts) or "nothing"
