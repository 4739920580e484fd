"""Ask the operator's command whether a task may start (features D18).

Before the claim, so that a no leaves nothing on the task server but one comment. A no is remembered in
the task's ledger with a delay: whoever comes after it has the slot meanwhile.
"""

from __future__ import annotations

import os

from tinyscheduler.errors import TaskServerError
from tinyscheduler.kit import json_text
from tinyscheduler.kit.fields import identifier_value, instant_text
from tinyscheduler.model.action import Start
from tinyscheduler.model.event import Event
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.lease import Outcome
from tinyscheduler.model.ledger import Ledger, OpenRun
from tinyscheduler.model.reason import Held
from tinyscheduler.model.result import one_line
from tinyscheduler.planner.control_holds import last_denial
from tinyscheduler.planner.retry import after_run
from tinyscheduler.ports import HookAnswer
from tinyscheduler.reconcile.claim import claim_of
from tinyscheduler.reconcile.context import Context
from tinyscheduler.reconcile.launch import ledger_for

SCHEMA = 1
ANSWER_S_MAX = 10.0
"""For one task."""
ANSWERS_S_MAX = 20.0
"""In one pass: a slow command must not keep the lock from those who look after what runs."""
AUTHOR = "tinyscheduler"
REASON_CHARS_MAX = 200


class PreStart:
    """The command ``[hooks] pre_start``, for the length of one pass."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._spent_s = 0.0

    def denial(self, start: Start) -> Held | None:
        """None: it may start. Raises StateError when a no cannot be written down."""
        argv = self._context.world.configuration.policy.pre_start
        if not argv:
            return None
        if self._spent_s > ANSWERS_S_MAX:
            self._context.report.limit("pre_start took its whole time; the rest is asked in the next pass")
            return Held(start.task.id, "denied", "pre_start has not been asked yet", lever="wait")
        world, ledger = self._context.world, ledger_for(self._context, start)
        began = world.clock.monotonic()
        question = question_of(start, ledger, at=instant_text(world.clock.now()))
        answer = world.hooks.ask(argv, question, timeout_s=ANSWER_S_MAX)
        self._spent_s += world.clock.monotonic() - began
        return None if answer.code == 0 else _denied(self._context, start, ledger, answer)


def question_of(start: Start, ledger: Ledger, *, at: str) -> bytes:
    """What the command reads: the entry of the plan, and the task as the server shows it."""
    task = start.task
    return json_text.dump(
        {
            "schema": SCHEMA,
            "kind": "pre_start",
            "at": at,
            "task_id": identifier_value(task.id),
            "agent": start.agent.name,
            "queue": task.queue,
            "reason": start.reason,
            "attempt": ledger.runs + 1,
            "task": {
                "title": task.title,
                "description": task.description,
                "priority": task.priority,
                "tags": list(task.tags),
                "assigned_to": task.assigned_to,
                "created_by": task.created_by,
                "created_at": instant_text(task.created_at),
            },
        }
    )


def _denied(context: Context, start: Start, ledger: Ledger, answer: HookAnswer) -> Held:
    """What cannot answer denies (law 4), and is a fault besides."""
    world, task = context.world, start.task
    why = one_line(answer.text, chars_max=REASON_CHARS_MAX) or f"exit status {answer.code}"
    if answer.code is None:
        context.report.trouble(
            f"pre_start gave no answer about task {task.id}: {why}",
            hint="mend the command in [hooks] of tinyscheduler.toml; until then nothing starts",
            reference="hook-failed",
        )
    now, before = world.clock.now(), last_denial(ledger)
    # Under a name of its own: each answer is one entry of the ledger.
    asked = OpenRun(LeaseId(os.urandom(8).hex()), start.agent.name, claim_of(task), "", now, None)
    outcome = Outcome("denied", now, code=answer.code, summary=why)
    after = after_run(ledger, asked, outcome, world.configuration.policy)
    world.ledgers.write(after)
    world.journal.append(Event("start_denied", task.id, agent=start.agent.name, reason=why))
    if before is None or before.why != why:
        _tell(context, start, why)
    lever = f"do what it says; or to ask at once: tinyscheduler retry {task.id}"
    return Held(task.id, "denied", f"pre_start said: {why}", next_look_at=after.not_before, lever=lever)


def _tell(context: Context, start: Start, why: str) -> None:
    """The people of the task; once for each answer, not each time."""
    try:
        context.server.comment(start.task.id, f"Not started: {why}", AUTHOR)
    except TaskServerError as error:
        context.report.fault(error, task_id=start.task.id)
