"""Names for names: what kind of text an identifier is, checked by the type checker only."""

from __future__ import annotations

from typing import NewType

TaskId = NewType("TaskId", str)
"""A task's id on its server, as text; a number in JSON where it is one."""
AgentName = NewType("AgentName", str)
QueueName = NewType("QueueName", str)
LeaseId = NewType("LeaseId", str)
"""Random, 16 hex digits: tells two leases of one task apart."""
EMBEDDED = "embedded:"
"""How the identity of a task store of our own begins; the rest was made with its file."""
EMBEDDED_UNKNOWN = f"{EMBEDDED}unknown"
"""Of a file that cannot be opened: no task is of it, and every call says why."""
Place = tuple[AgentName | None, QueueName | None]
"""Assignee and queue of a task: all tasks of one place have the same candidates."""


def agent_or_nobody(text: str | None) -> AgentName | None:
    """Whom a person or a program has named: blanks around a name are none of it. None: nobody, which is also
    what the word "null" means, as the manual of the public server tells people to write it."""
    name = (text or "").strip()
    return None if name in ("", "null") else AgentName(name)


def as_task_id(text: str) -> TaskId:
    """What a person has written, as the server writes it: it reads 007 as the number 7, and our files are
    named by the text."""
    is_number = text.isascii() and text.isdigit()
    return TaskId(text.lstrip("0") or "0") if is_number else TaskId(text)
