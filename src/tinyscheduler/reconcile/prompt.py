"""What an agent reads on its standard input: the task, then what only the scheduler can tell it.

Apart from ``orders`` because nothing of it goes anywhere but into the prompt file (law 11).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from tinyscheduler.model.ids import QueueName
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import WHY_CHARS_MAX, Ledger, PastRun
from tinyscheduler.model.result import one_line
from tinyscheduler.model.task import Task

QUEUES_MAX = 20
"""To whom a task can be handed over is a hint, not a directory."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What may stand in a command that an agent will type. Our own names are; a parent's id is the server's."""


def prompt_for(
    task: Task, lease: Lease, *, last: PastRun | None = None, queues: Sequence[QueueName] = ()
) -> str:
    """Task text is quoted as it is; it is data, also to us. ``last`` is the run before this one, ``queues``
    those that an agent serves."""
    first = task.description.partition("\n")[0]
    # The text of a Markdown file often begins with its title.
    is_said = first.startswith("#") and first.strip("# \r") == task.title
    heading = "" if is_said else f"# {task.title}\n\n"
    return f"{heading}{task.description}\n\n---\n{_where(task, lease)}{_before(last)}{_after(queues)}"


def last_run(ledger: Ledger) -> PastRun | None:
    """The newest that an agent of ours was at work in. None: this is the first."""
    ran = (past for past in reversed(ledger.outcomes) if past.kind not in ("denied", "start_failed"))
    return next(ran, None)


def queues_served(agents: Iterable[Sequence[QueueName]]) -> tuple[QueueName, ...]:
    """Each once, by name."""
    return tuple(sorted({queue for queues in agents for queue in queues}))


def _where(task: Task, lease: Lease) -> str:
    """Which task it is, and how to see the rest of it: parents never run, so what they say reaches nobody
    who does not look."""
    queue = f", queue {task.queue}" if task.queue is not None else ""
    parent = task.parent_id if task.parent_id is not None and _PLAIN.fullmatch(task.parent_id) else None
    part = f" It is part of task {parent}." if parent is not None else ""
    and_parent = f"; what it is part of: the same with {parent}" if parent is not None else ""
    return (
        f"Task {task.id}{queue}, attempt {lease.attempt}, for {lease.agent}.{part}\n"
        f'The task with its comments: "$TINYSCHEDULER_TASK_CMD" show {task.id}{and_parent}.\n'
    )


def _before(last: PastRun | None) -> str:
    """How the last one ended. What it has said of itself is another agent's text: one line, in quotes."""
    if last is None:
        return ""
    said = one_line(last.why, chars_max=WHY_CHARS_MAX)
    why = f": {json.dumps(said, ensure_ascii=False)}" if said else ""
    return f"The run before this one, of {last.agent}, ended as {last.kind}{why}.\n"


def _after(queues: Sequence[QueueName]) -> str:
    shown = [queue for queue in queues if _PLAIN.fullmatch(queue)][:QUEUES_MAX]
    known = f" (queues: {', '.join(shown)}{', ...' if len(shown) < len(queues) else ''})" if shown else ""
    done = '{"status": "success", "summary": "one line"}'
    handoff = '{"status": "handoff", "summary": "one line", "to": {"queue": "NAME"}}'
    return (
        f"When you are done, write {done} to the file that the environment variable "
        "TINYSCHEDULER_RESULT_FILE names.\n"
        "Other values of status: partial (somebody has to go on), failed, and handoff, which says to whom:\n"
        f'{handoff}, or "to": {{"agent": "NAME"}}{known}.\n'
    )
