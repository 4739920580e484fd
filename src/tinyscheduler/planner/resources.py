"""Room on the machine: what runs take of it together, and who has to wait for some (features D13)."""

from __future__ import annotations

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.hints import Hints
from tinyscheduler.model.resources import Resources


def needed(agent: Agent, hints: Hints) -> Resources:
    """Of a run of this task on this agent: the larger of what the two say. A task may ask for more than
    its agent takes anyway, never for less."""
    own, asked = agent.resources, hints.resources
    return Resources(max(own.cpu, asked.cpu), max(own.memory_mb, asked.memory_mb), max(own.gpu, asked.gpu))
