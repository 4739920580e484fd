"""Ask the operator's command whether a task may start (features D18).

Before the claim, so that a no leaves nothing on the task server but one comment. A no is remembered in
the task's ledger with a delay: whoever comes after it has the slot meanwhile.
"""

from __future__ import annotations

import os
from datetime import timedelta

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
from tinyscheduler.planner.control_holds import (
    command_mark,
    denial_lever,
    denial_value,
    last_denial,
    with_few_denials,
)
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


def may_be_asked(context: Context, *, deadline: float) -> bool:
    """False: there is not time enough left in this pass for a whole answer, or nobody gives one."""
    if not context.world.configuration.policy.pre_start:
        return True
    spent_s, left_s = context.memory.hooks_s, deadline - context.world.clock.monotonic()
    # The first question is asked in any case: a pass that is always late would start nothing for ever.
    return spent_s == 0 or min(left_s, ANSWERS_S_MAX - spent_s) >= ANSWER_S_MAX


def denial(context: Context, start: Start) -> Held | None:
    """None: it may start. Raises StateError when a no cannot be written down."""
    world = context.world
    argv = world.configuration.policy.pre_start
    if not argv:
        return None
    ledger, began = ledger_for(context, start), world.clock.monotonic()
    question = question_of(start, ledger, at=instant_text(world.clock.now()))
    answer = world.hooks.ask(argv, question, timeout_s=ANSWER_S_MAX)
    context.memory.hooks_s += world.clock.monotonic() - began
    if not answer.is_begun:
        # The others need not be asked: it is the same for all of them.
        context.memory.hooks_s = ANSWERS_S_MAX
    return None if answer.code == 0 else _denied(context, start, ledger, answer)


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
    """What cannot answer denies (law 4), and is a fault besides; of that the task's people need not hear."""
    world, task = context.world, start.task
    why = one_line(answer.text, chars_max=REASON_CHARS_MAX) or f"exit status {answer.code}"
    before = last_denial(ledger)
    after = _after(context, start, ledger, answer, why=why)
    world.ledgers.write(after)
    world.journal.append(Event("start_denied", task.id, agent=start.agent.name, reason=why))
    if answer.code is None:
        context.report.trouble(
            f"pre_start gave no answer about task {task.id}: {why}",
            hint="mend the command in [hooks] of tinyscheduler.toml; until then nothing starts",
            reference="hook-failed",
        )
    elif before is None or before.why != why:
        _tell(context, start, why)
    value, lever = denial_value(answer.code, why), denial_lever(answer.code, task)
    return Held(task.id, "denied", value, next_look_at=after.not_before, lever=lever)


def _after(context: Context, start: Start, ledger: Ledger, answer: HookAnswer, *, why: str) -> Ledger:
    """With one more denial. A command that is not there says nothing about the task, so the task need not
    wait longer and longer for it."""
    policy, now = context.world.configuration.policy, context.world.clock.now()
    # Under a name of its own: each answer is one entry of the ledger.
    asked = OpenRun(LeaseId(os.urandom(8).hex()), start.agent.name, claim_of(start.task), "", now, None)
    outcome = Outcome("denied", now, code=answer.code, summary=why)
    after = after_run(with_few_denials(ledger), asked, outcome, policy)
    denial = after.outcomes[-1]._replace(result_hash=command_mark(policy.pre_start))
    after = after._replace(outcomes=(*after.outcomes[:-1], denial))
    if answer.is_begun or after.not_before is None:
        return after
    return after._replace(not_before=min(after.not_before, now + timedelta(seconds=policy.retry_base_s)))


def _tell(context: Context, start: Start, why: str) -> None:
    """The people of the task; once for each answer, not each time."""
    try:
        context.server.comment(start.task.id, f"Not started: {why}", AUTHOR)
    except TaskServerError as error:
        context.report.fault(error, task_id=start.task.id)
