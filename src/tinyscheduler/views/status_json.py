"""``status --json``: the same as the tables of ``status``; ages in seconds, what is unknown is null."""

from __future__ import annotations

from collections.abc import Sequence

from tinyscheduler.kit.fields import instant_text, instant_text_or_none
from tinyscheduler.model.action import kind_of
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.past_pass import PastPass
from tinyscheduler.views.closed import closed_json
from tinyscheduler.views.figures import (
    IDS_SHOWN_MAX,
    held_by_reason,
    next_pass_at,
    progress_age_s,
    queue_rooms,
    slots_used,
    wrapper_word,
)
from tinyscheduler.views.held import id_json
from tinyscheduler.views.holding import holding_json
from tinyscheduler.views.intents import answer_json
from tinyscheduler.views.pauses import pause_json
from tinyscheduler.views.plan import action_json
from tinyscheduler.views.schedules import schedule_json
from tinyscheduler.views.seen import Problem, RunSeen, Seen
from tinyscheduler.views.unserved import unserved_json


def status_json(seen: Seen, problems: Sequence[Problem]) -> dict[str, object]:
    """The body of ``status --json``. What is unknown is null, never empty (law 4)."""
    runs = seen.runs.value if isinstance(seen.runs, Known) else None
    return {
        "problems": [_problem_json(problem) for problem in problems if problem.severity != "note"],
        "notes": [_problem_json(problem) for problem in problems if problem.severity == "note"],
        "intents": [answer_json(answer) for answer in seen.intents],
        "pauses": [pause_json(pause) for pause in seen.pauses],
        "closed": [closed_json(closed) for closed in seen.closed],
        "server_unknown": seen.backlog.why if isinstance(seen.backlog, Unknown) else None,
        "leases": None if runs is None else [_run_json(run, seen) for run in runs],
        "slots": None if runs is None else _slots_json(seen),
        "start": None if seen.plan is None else [action_json(start) for start in seen.plan.starts],
        "held": None if seen.plan is None else _held_json(seen),
        "unserved": unserved_json(seen.unserved),
        "parked": [
            {
                "task_id": id_json(entry.task_id),
                "why": entry.parked.why,
                "by": entry.parked.by,
                "at": instant_text(entry.parked.at),
            }
            for entry in seen.shelf.parked
        ],
        "schedules": [schedule_json(schedule) for schedule in seen.schedules],
        "lock": holding_json(seen.lock, seen.now),
        "last_pass": _pass_json(seen.last_pass) if isinstance(seen.last_pass, PastPass) else None,
        "next_pass_expected_by": instant_text_or_none(next_pass_at(seen)),
        "free_mb": seen.free_mb,
    }


def _problem_json(problem: Problem) -> dict[str, object]:
    task_id = None if problem.task_id is None else id_json(problem.task_id)
    return {"ref": problem.reference, "message": problem.message, "hint": problem.hint, "task_id": task_id}


def _run_json(run: RunSeen, seen: Seen) -> dict[str, object]:
    facts, lease = run.facts, run.facts.lease
    return {
        "task_id": id_json(lease.task_id),
        "agent": lease.agent,
        "queue": lease.queue,
        "state": lease.state,
        "attempt": lease.attempt,
        "lease_id": lease.lease_id,
        "wrapper": wrapper_word(run),
        "containment": None if wrapper_word(run) == "awaited" else lease.containment,
        "age_sec": round(facts.run_age_s, 1),
        "beat_age_sec": round(facts.beat_age_s, 1),
        "progress_age_sec": progress_age_s(run, seen),
        "stall_notices": lease.stall_notices,
        "stall_limit_sec": lease.stall_limit_s,
        "hard_limit_sec": lease.hard_limit_s,
        "left_sec": round(lease.hard_limit_s - facts.run_age_s, 1),
        "drift": facts.unwanted or facts.drift or None,
        "next": kind_of(run.action),
        "reason": run.action.reason,
        "log": f"{lease.run_folder}/output.log",
    }


def _slots_json(seen: Seen) -> dict[str, object]:
    used = slots_used(seen)
    return {
        "used": sum(used.values()) + len(seen.broken),
        "total": seen.configuration.policy.max_parallel,
        "agents": [
            {
                "agent": agent.name,
                "queues": list(agent.queues),
                "enabled": agent.is_enabled,
                "used": used[agent.name],
                "slots": agent.slots,
                "slots_source": agent.slots_source,
            }
            for agent in seen.configuration.agents
        ],
        "queues": [room._asdict() for room in queue_rooms(seen)],
    }


def _held_json(seen: Seen) -> list[dict[str, object]]:
    return [
        {"reason": reason, "count": len(ids), "ids": [id_json(task_id) for task_id in ids[:IDS_SHOWN_MAX]]}
        for reason, ids in held_by_reason(seen).items()
    ]


def _pass_json(last: PastPass) -> dict[str, object]:
    return {
        "pass": last.pass_id,
        "began_at": instant_text(last.began_at),
        "ended_at": instant_text(last.ended_at),
        "duration_sec": last.duration_s,
        "exit": last.exit_code,
        "counts": dict(last.counts),
        "limits": list(last.limits),
        "faults": [{"ref": f.reference, "message": f.message, "hint": f.hint} for f in last.faults],
    }
