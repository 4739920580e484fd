"""Tasks that nobody serves, for the top of ``status``: a note at first, later something that needs a person.

Those held by one thing are one line: a queue of a thousand that has lost its agent is one problem.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinyscheduler.model.ids import TaskId
from tinyscheduler.views.seen import Problem, Seen
from tinyscheduler.views.wording import span_text

IDS_SHOWN_MAX = 5


def starving_problems(seen: Seen) -> Iterator[Problem]:
    """By what holds them, in the order of the plan."""
    groups: dict[tuple[bool, str, str], list[TaskId]] = {}
    for task_id, value, lever in _answers(seen):
        found = seen.starving.get(task_id)
        if found is not None:
            groups.setdefault((found.needs_attention, value, lever), []).append(task_id)
    for (needs_attention, value, lever), ids in groups.items():
        longest_s = max(seen.starving[task_id].starved_s for task_id in ids)
        message = f"{_names(ids)}: nobody has served {_them(ids)} for {span_text(longest_s)}: {value}"
        if needs_attention:
            yield Problem("problem", "needs-attention", message, lever, ids[0])
        else:
            yield Problem("note", "starved", message, lever, ids[0])


def _answers(seen: Seen) -> Iterator[tuple[TaskId, str, str]]:
    """What the plan says of each task; one that it starts and that starves has been started before."""
    if seen.plan is None:
        return
    for start in seen.plan.starts:
        yield start.task.id, "its start comes to nothing again and again", "look at the faults of the passes"
    for held in seen.plan.held:
        yield held.task_id, held.value, held.lever


def _names(ids: Sequence[TaskId]) -> str:
    more = f" and {len(ids) - IDS_SHOWN_MAX} more" if len(ids) > IDS_SHOWN_MAX else ""
    return f"task{'s' if len(ids) > 1 else ''} {', '.join(ids[:IDS_SHOWN_MAX])}{more}"


def _them(ids: Sequence[TaskId]) -> str:
    return "them" if len(ids) > 1 else "it"
