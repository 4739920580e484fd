"""What a plan rests on, as facts that can be compared later: for ``plan --out`` and ``apply`` (features A4).

Only what a person would call a change. Beats, ages and log texts move all the time; where an age makes a
difference it makes another action, and actions are compared as well. Which differences count: ADR 0053.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b

from tinyscheduler.kit.fields import number_text
from tinyscheduler.model.action import Start
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.snapshot import StartSnapshot, TendSnapshot
from tinyscheduler.reconcile.basis_settings import agent_facts, policy_facts
from tinyscheduler.views.wording import line_text

Basis = Mapping[str, str]
"""What a thing is, by its name: ``lease 7`` -> ``running on dev-1, generation 3, lease 04f2...``."""


def basis_of(tend: TendSnapshot, start: StartSnapshot, starts: tuple[Start, ...]) -> Basis:
    """All leases, requests, switches and settings; of the tasks, those that are to be started."""
    return {
        "task server": start.source,
        **({"ESTOP": "there"} if start.is_estopped else {}),
        **{f"lease {facts.lease.task_id}": _lease_text(facts.lease) for facts in tend.leases},
        **{f"lease {broken.task_id}": "unreadable" for broken in tend.broken},
        **{f"request {intent.id}": f"{intent.kind} of task {intent.task_id}" for intent in tend.intents},
        **{f"pause of {pause.scope} {pause.name}".strip(): _pause_text(pause) for pause in start.pauses},
        **{name: text for one in starts for name, text in _task_facts(one)},
        **dict(policy_facts(start.policy)),
        **dict(agent_facts(start.agents)),
    }


def differences(then: Basis, now: Basis) -> list[str]:
    """A line for each fact that has changed so that the plan may be wrong, by name. A task that only one
    of the two starts is no fact of the other: that is another action."""
    lines = []
    for name in sorted({*then, *now}):
        before, after = then.get(name), now.get(name)
        if before != after and not _is_harmless(name, before, after):
            lines.append(f"{name}: was {before or 'not there'}; is {after or 'not there'}")
    return lines


def lease_ids(basis: Basis) -> frozenset[str]:
    """Of all runs that there were."""
    return frozenset(lease_id for _, lease_id in _leases(basis))


def running(basis: Basis) -> frozenset[str]:
    """Of those that were not over."""
    return frozenset(lease_id for state, lease_id in _leases(basis) if state != "finished")


def _leases(basis: Basis) -> Iterator[tuple[str, str]]:
    """State and lease id of each that could be read."""
    for name, text in basis.items():
        state, _, rest = text.partition(" on ")
        if name.startswith("lease ") and rest:
            yield state, rest.rpartition(", lease ")[2].partition(",")[0]


def _is_harmless(name: str, before: str | None, after: str | None) -> bool:
    """A run that has ended, or got on, leaves no less room than there was; a request that is no more was
    obeyed, and what came of it is in the plan of now."""
    if name.startswith("lease "):
        # The same run in another state: a state never goes back.
        is_same = None not in (before, after) and _without_state(before) == _without_state(after)
        return (after is None and before != "unreadable") or is_same
    if name.startswith("request "):
        return after is None
    return name.startswith("task ") and None in (before, after)


def _lease_text(lease: Lease) -> str:
    kept = (lease.queue, lease.account, lease.tags, lease.writes, lease.reads, lease.goal, lease.resources)
    return (
        f"{lease.state} on {lease.agent}, generation {lease.generation}, lease {lease.lease_id},"
        f" queue and needs {_mark(repr(kept))}"
    )


def _pause_text(pause: Pause) -> str:
    why = pause.trouble or pause.reason
    end = "" if pause.until is None else f" until {pause.until:%Y-%m-%dT%H:%M:%SZ}"
    return line_text(f"given by {pause.by or 'nobody knows whom'}{end}" + (f": {why}" if why else ""))


def _without_state(text: str | None) -> str:
    return "" if text is None else text.partition(" ")[2]


def _task_facts(start: Start) -> Iterator[tuple[str, str]]:
    task = start.task
    yield f"task {task.id} status", task.status
    yield f"task {task.id} queue", task.queue or "none"
    yield f"task {task.id} assignee", task.assigned_to or "nobody"
    yield f"task {task.id} priority", number_text(task.priority)
    # The mark tells two long titles apart that begin alike.
    yield f"task {task.id} title", f"{line_text(task.title)!r}, mark {_mark(task.title)}"
    yield f"task {task.id} description", f"mark {_mark(task.description)}" if task.description else "none"
    # They say what it needs and what it takes.
    yield f"task {task.id} tags", line_text(", ".join(sorted(task.tags)), chars_max=200) or "none"
    # Its birth tells it from another one of this id.
    yield f"task {task.id} created", task.created_at.isoformat()


def _mark(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
