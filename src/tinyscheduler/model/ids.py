"""Names for names: what kind of text an identifier is, checked by the type checker only."""

from __future__ import annotations

from typing import NewType

TaskId = NewType("TaskId", str)
"""A task's id on its server, as text; a number in JSON where it is one."""
AgentName = NewType("AgentName", str)
QueueName = NewType("QueueName", str)
LeaseId = NewType("LeaseId", str)
"""Random, 16 hex digits: tells two leases of one task apart."""
Place = tuple[AgentName | None, QueueName | None]
"""Assignee and queue of a task: all tasks of one place have the same candidates."""
