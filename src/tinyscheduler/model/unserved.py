"""Tasks that lie where no agent of ours looks."""

from typing import Final, NamedTuple

from tinyscheduler.model.ids import AgentName, QueueName

UNSERVED_MAX: Final = 100
"""Groups that are told of; a server that others use as well may have thousands of names."""


class Unserved(NamedTuple):
    """Idle tasks of one queue and one assignee, neither of which is ours."""

    queue: QueueName | None
    """None: they are in none."""
    assigned_to: AgentName | None
    tasks: int
    is_least: bool = False
    """There are so many at least: not all were counted."""
