"""What a plan rests on, as facts that can be compared later: for ``plan --out`` and ``apply`` (features A4).

Only what a person would call a change. Beats, ages and log texts move all the time; where an age makes a
difference it makes another action, and actions are compared as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

from tinyscheduler.model.action import Start
from tinyscheduler.model.snapshot import StartSnapshot, TendSnapshot
from tinyscheduler.planner.pauses import words
from tinyscheduler.planner.retry import fingerprint

Basis = Mapping[str, str]
"""What a thing is, by its name: ``lease 7`` -> ``running on dev-1, generation 3, lease 04f2...``."""


def basis_of(tend: TendSnapshot, start: StartSnapshot, starts: tuple[Start, ...]) -> Basis:
    """All leases, requests and switches; of the tasks, those that are to be started."""
    settings = blake2b(repr((start.policy, start.agents)).encode(), digest_size=8).hexdigest()
    return {
        "task server": start.source,
        "settings and agents": settings,
        **({"ESTOP": "there"} if start.is_estopped else {}),
        **{
            f"lease {facts.lease.task_id}": f"{facts.lease.state} on {facts.lease.agent}, generation"
            f" {facts.lease.generation}, lease {facts.lease.lease_id}"
            for facts in tend.leases
        },
        **{f"lease {broken.task_id}": "unreadable" for broken in tend.broken},
        **{f"request {intent.id}": f"{intent.kind} of task {intent.task_id}" for intent in tend.intents},
        **{f"pause of {pause.scope} {pause.name}".strip(): words(pause) for pause in start.pauses},
        **{f"task {one.task.id}": _task_text(one) for one in starts},
    }


def differences(then: Basis, now: Basis) -> list[str]:
    """A line for each fact that has changed, by name. A task that only one of the two starts is no fact of
    the other: that is another action."""
    lines = []
    for name in sorted({*then, *now}):
        before, after = then.get(name), now.get(name)
        is_known = not name.startswith("task ") or (before is not None and after is not None)
        if before != after and is_known:
            lines.append(f"{name}: was {before or 'not there'}; is {after or 'not there'}")
    return lines


def _task_text(start: Start) -> str:
    task = start.task
    who = f", assigned to {task.assigned_to}" if task.assigned_to is not None else ""
    # Its birth tells it from another one of this id; tags say what it needs and what it takes.
    whole = f"{fingerprint(task)} {task.created_at.isoformat()} {sorted(task.tags)}"
    mark = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{task.status} in queue {task.queue}{who}, priority {task.priority:g}, content {mark}"
