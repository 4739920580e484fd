"""The promises that the demo shows, each looked up in what really happened.

Evidence comes from three places that do not know one another: the task server, the state folder's
files, and the process table. A promise that was not kept says what was found instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from tinyscheduler.cli import demo_script as script
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.reason import Held
from tinyscheduler.model.task import Task, TaskDetail
from tinyscheduler.views.past_runs import Fact, Run

SECONDS_MAX: Final = 60.0
PASS_CODES: Final = frozenset((0, 75))
"""Well, and: another pass was at work, which looks once more."""


class Kill(NamedTuple):
    """What the demo killed, and what it left an orphan."""

    task_id: TaskId
    lease_id: str
    wrapper_pid: int
    agent_pid: int


class Evidence(NamedTuple):
    """Everything that is known when the play is over."""

    facts: tuple[Fact, ...]
    runs: tuple[Run, ...]
    tasks: Mapping[TaskId, TaskDetail]
    """As the server has them; empty if it did not answer."""
    ledgers: Mapping[TaskId, Ledger]
    held: Mapping[TaskId, Held]
    """What the next pass would say."""
    kill: Kill | None
    leases: tuple[TaskId, ...]
    restless: tuple[int, ...]
    """Processes that still ran, beside the server, when everything should have been over."""
    left: tuple[int, ...]
    """Processes that were there after the server had been asked to end."""
    server_code: int | None
    pass_codes: tuple[int, ...]
    cron_log: str
    trouble: str
    """Why the play was broken off; empty: it was played to its end."""
    seconds: float


class Check(NamedTuple):
    """One promise and whether it was kept."""

    promise: str
    is_kept: bool
    found: str
    """What was found instead; empty where it was kept."""


def check_all(evidence: Evidence) -> tuple[Check, ...]:
    """Every promise, in the order of the table."""
    found = ((promise, look(evidence)) for promise, look in PROMISES)
    return tuple(Check(promise, not what, what) for promise, what in found)


def _ends(evidence: Evidence) -> str:
    if evidence.seconds >= SECONDS_MAX:
        return f"it took {evidence.seconds:.0f} s"
    return evidence.trouble


def _urgent_first(evidence: Evidence) -> str:
    starts = list(dict.fromkeys(run.task_id for run in evidence.runs if run.task_id in script.FIRST_STARTS))
    return "" if tuple(starts) == script.FIRST_STARTS else f"started in the order {', '.join(starts)}"


def _blocked_waits(evidence: Evidence) -> str:
    done = next(
        (f.at for f in evidence.facts if f.event == "task_settled" and f.task_id == script.BLOCKER), None
    )
    runs = _runs(evidence, script.BLOCKED)
    if done is None or not runs:
        return "one of the two never ran"
    if runs[0].began_at < done:
        return f"task {script.BLOCKED} started before task {script.BLOCKER} was complete"
    return _not_complete(evidence, script.BLOCKED)


def _failing_waits(evidence: Evidence) -> str:
    past = _past(evidence, script.FAILING)
    if not past or any(kind != "failed" or code != script.FAIL_CODE for kind, _, code in past):
        return f"its runs: {past or 'none'}"
    held = evidence.held.get(script.FAILING)
    if held is None or held.reason != "not_before" or held.next_look_at is None:
        return f"it is held as {held.reason if held else 'nothing'}"
    task = _task(evidence, script.FAILING)
    is_back = task is not None and task.status == "idle" and task.assigned_to is None
    return "" if is_back else "on the server it is not idle and unassigned"


def _orphan_ended(evidence: Evidence) -> str:
    kill = evidence.kill
    if kill is None:
        return "the demo found no wrapper to kill"
    proven = [f for f in evidence.facts if f.event == "tree_gone" and f.lease_id == kill.lease_id]
    runs = _runs(evidence, kill.task_id)
    if not proven:
        return "no pass has proven the orphaned agent gone"
    if len(runs) > 1 and runs[1].began_at < proven[0].at:
        return "it was started again before the orphan was gone"
    return ""


def _killed_again(evidence: Evidence) -> str:
    kinds = [kind for kind, _, _ in _past(evidence, script.KILLED)]
    if kinds != ["lost", "succeeded"]:
        return f"its runs ended as {', '.join(kinds) or 'nothing'}"
    return _not_complete(evidence, script.KILLED)


def _handed_over(evidence: Evidence) -> str:
    past = _past(evidence, script.HANDED_OVER)
    kinds = [kind for kind, _, _ in past]
    if kinds != ["handed_off", "succeeded"] or past[0][1] == script.TESTER or past[1][1] != script.TESTER:
        return f"its runs: {past or 'none'}"
    detail = evidence.tasks.get(script.HANDED_OVER)
    if detail is None or detail.task.queue != "qa":
        return "it is not in the queue qa"
    if not any((c.author, c.text) == (script.TESTER, script.TESTED) for c in detail.comments):
        return f"{script.TESTER} has not said so on the server"
    return _not_complete(evidence, script.HANDED_OVER)


def _others_done(evidence: Evidence) -> str:
    found = [_not_complete(evidence, task_id) for task_id in script.TASK_IDS if task_id != script.FAILING]
    return "; ".join(what for what in found if what)


def _never_two(evidence: Evidence) -> str:
    """Each agent of the demo has one slot."""
    by_name: dict[str, list[Run]] = {}
    for run in evidence.runs:
        by_name.setdefault(f"task {run.task_id}", []).append(run)
        by_name.setdefault(run.agent, []).append(run)
    for name, runs in by_name.items():
        if any(a.ended_at is None or a.ended_at > b.began_at for a, b in pairwise(runs)):
            return f"{name} had two runs at once"
    return ""


def _passes_well(evidence: Evidence) -> str:
    bad = [code for code in evidence.pass_codes if code not in PASS_CODES]
    if bad:
        return f"exit codes {', '.join(map(str, bad))}: {evidence.cron_log[-300:]}"
    return "" if evidence.pass_codes else "no pass has run"


def _nothing_left(evidence: Evidence) -> str:
    if evidence.leases:
        return f"leases of the tasks {', '.join(evidence.leases)}"
    if evidence.restless or evidence.left:
        return f"processes {', '.join(map(str, (*evidence.restless, *evidence.left)))}"
    return "" if evidence.server_code == 0 else f"the server ended with {evidence.server_code}"


def _runs(evidence: Evidence, task_id: TaskId) -> list[Run]:
    return [run for run in evidence.runs if run.task_id == task_id]


def _past(evidence: Evidence, task_id: TaskId) -> list[tuple[str, str, int | None]]:
    """Outcome, agent and exit status of each ended run, from the task's ledger."""
    ledger = evidence.ledgers.get(task_id)
    return [] if ledger is None else [(past.kind, past.agent, past.code) for past in ledger.outcomes]


def _task(evidence: Evidence, task_id: TaskId) -> Task | None:
    """As the server has it; None: it did not say."""
    detail = evidence.tasks.get(task_id)
    return None if detail is None else detail.task


def _not_complete(evidence: Evidence, task_id: TaskId) -> str:
    task = _task(evidence, task_id)
    if task is None:
        return f"the server said nothing of task {task_id}"
    return "" if task.status == "complete" else f"task {task_id} is {task.status} on the server"


PROMISES: Final[tuple[tuple[str, Callable[[Evidence], str]], ...]] = (
    ("it was played to its end, in under 60 s", _ends),
    ("what blocks others starts first in its band, then the more urgent", _urgent_first),
    ("a blocked task started after its blocker was complete", _blocked_waits),
    ("a failing task waits for its next attempt, with the reason", _failing_waits),
    ("an agent whose wrapper was killed was ended before its task ran again", _orphan_ended),
    ("the task of the killed wrapper was run again, and is complete", _killed_again),
    ("work handed over by dev was done by qa, who said so on the server by itself", _handed_over),
    ("all the others are complete on the server", _others_done),
    ("no task and no agent had two runs at once", _never_two),
    ("every pass that cron started ended well", _passes_well),
    ("nothing is left running: no lease, no process, no server", _nothing_left),
)
