"""Tasks in queues that no agent serves: nothing looks at them, and a slip of the pen looks just so.

On a server of several teams most of them are somebody else's, so they are notes and no fault: one line for
each name that looks like one of ours, and one for all others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.unserved import Unserved
from tinyscheduler.views.seen import Problem, UnservedSeen
from tinyscheduler.views.wording import count_text, line_text

NAMES_SHOWN_MAX: Final = 5
NAME_CHARS_MAX: Final = 40


def unserved_problems(seen: UnservedSeen) -> Iterator[Problem]:
    """Slips first; nobody's tasks without a queue; one line for all other queues. What a stranger has in a
    queue that is not ours is that stranger's."""
    if seen.why:
        yield Problem("note", "unserved-unknown", f"tasks in other queues are unknown: {seen.why}")
    elsewhere: dict[QueueName, tuple[int, bool]] = {}
    for queue, count, is_least in _by_queue(seen):
        near = _near_queue(queue, seen)
        if near is None:
            elsewhere[queue] = (count, is_least)
        else:
            message = f"{_tasks(count, is_least)} in queue {_shown(queue)}, which no agent serves"
            hint = f"did you mean {near}?{_which('--queue', queue)}"
            yield Problem("note", "unserved-queue", message, hint)
    yield from _slips_of_names(seen)
    yield from _without_queue(seen)
    if elsewhere:
        yield _of_others(elsewhere)


def unserved_json(seen: UnservedSeen) -> list[dict[str, object]] | None:
    """``[{queue assigned_to tasks is_least did_you_mean}]``; None: unknown."""
    if seen.groups is None:
        return None
    return [
        {
            "queue": one.queue,
            "assigned_to": one.assigned_to,
            "tasks": one.tasks,
            "is_least": one.is_least,
            "did_you_mean": _meant(one, seen),
        }
        for one in seen.groups
    ]


def of_queue(seen: UnservedSeen, queue: str | None) -> UnservedSeen:
    """Only what is in this queue; None: everything."""
    if queue is None or seen.groups is None:
        return seen
    return seen._replace(groups=tuple(one for one in seen.groups if one.queue == queue))


def _by_queue(seen: UnservedSeen) -> Iterator[tuple[QueueName, int, bool]]:
    """Nobody's tasks, in the order of the groups."""
    for one in seen.groups or ():
        if one.queue is not None and one.assigned_to is None:
            yield one.queue, one.tasks, one.is_least


def _slips_of_names(seen: UnservedSeen) -> Iterator[Problem]:
    """An assignee who is nearly one of ours, in whatever queue."""
    counts: Counter[AgentName] = Counter()
    for one in seen.groups or ():
        if one.assigned_to is not None:
            counts[one.assigned_to] += one.tasks
    for name, count in counts.items():
        near = _nearest(name, seen.agents)
        if near is not None:
            message = f"{_tasks(count, False)} assigned to {_shown(name)}, who is no agent"
            hint = f"did you mean {near}?{_which('--assigned', name)}"
            yield Problem("note", "unserved-assignee", message, hint)


def _without_queue(seen: UnservedSeen) -> Iterator[Problem]:
    for one in seen.groups or ():
        if one.queue is None and one.assigned_to is None:
            message = f"{_tasks(one.tasks, one.is_least)} without queue and agent, which nobody starts"
            hint = "tinyscheduler task update TASK --queue QUEUE, or --assign AGENT"
            yield Problem("note", "no-queue", message, hint)


def _of_others(elsewhere: dict[QueueName, tuple[int, bool]]) -> Problem:
    names = [
        f"{_shown(queue)} {'at least ' if is_least else ''}{count}"
        for queue, (count, is_least) in list(elsewhere.items())[:NAMES_SHOWN_MAX]
    ]
    more = f" and {len(elsewhere) - NAMES_SHOWN_MAX} more" if len(elsewhere) > NAMES_SHOWN_MAX else ""
    total = sum(count for count, _ in elsewhere.values())
    where = "a queue" if len(elsewhere) == 1 else "queues"
    message = f"{_tasks(total, False)} in {where} that no agent serves: {', '.join(names)}{more}"
    return Problem("note", "unserved-queue", message, "add an agent, if they are meant for one")


def _tasks(count: int, is_least: bool) -> str:
    return f"{'at least ' if is_least else ''}{count_text(count, 'idle task')}"


def _which(option: str, name: str) -> str:
    """A command that can be copied as it stands, of a name that can."""
    is_plain = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return f" tinyscheduler task list {option} {name} shows them" if is_plain else ""


def _shown(name: str) -> str:
    return line_text(name, chars_max=NAME_CHARS_MAX)


def _meant(one: Unserved, seen: UnservedSeen) -> str | None:
    if one.assigned_to is not None:
        return _nearest(one.assigned_to, seen.agents)
    return None if one.queue is None else _near_queue(one.queue, seen)


def _near_queue(queue: QueueName, seen: UnservedSeen) -> str | None:
    return _nearest(queue, seen.queues)


def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    # Nearly always everything is where it belongs, and nobody loads this.
    from tinyscheduler.kit.nearest import nearest

    return nearest(name, known)
