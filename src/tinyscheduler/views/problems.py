"""What is wrong, worst first: one ordered table of questions about everything that was seen.

Kept apart from ``status``, which shows it: the exit code of ``status`` hangs on these rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from tinyscheduler.model.action import Keep, StopOrphan, task_of
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.past_pass import BrokenRecord, PastPass
from tinyscheduler.views.closed import closed_text
from tinyscheduler.views.figures import runs_seen
from tinyscheduler.views.holding import holding_trouble
from tinyscheduler.views.odd import mending_text, orphan_text
from tinyscheduler.views.run_trouble import stopping_text, trouble_of
from tinyscheduler.views.seen import Problem, Seen
from tinyscheduler.views.silence import silence_text
from tinyscheduler.views.standing import standing_notes
from tinyscheduler.views.starving import starving_problems
from tinyscheduler.views.unserved import unserved_problems
from tinyscheduler.views.wording import count_text, span_text

PASSES_MISSED_MAX = 3
"""A pass may take most of a minute and cron skips none: three missing ones are no accident."""
LATE_S_MIN = 180
"""With a short LOOP_INTERVAL_SEC and cron all the same."""


def problems(seen: Seen) -> tuple[Problem, ...]:
    """In the order in which a person should read them; notes last."""
    found = [problem for find in _QUESTIONS for problem in find(seen)]
    return tuple(sorted(found, key=lambda problem: problem.severity == "note"))


def exit_code(found: Iterable[Problem]) -> int:
    """2 says that no pass can begin; 3 beats 1 (contracts, Exit codes)."""
    severities = {problem.severity for problem in found}
    if "settings" in severities:
        return 2
    return 3 if "server" in severities else 1 if "problem" in severities else 0


def _settings(seen: Seen) -> Iterator[Problem]:
    """A daemon works on with what it had; cron's passes do not begin."""
    last = seen.last_pass
    by_daemon = last.settings_rejected if isinstance(last, PastPass) else ""
    if seen.settings_fault:
        on = "the last pass worked on with the last good ones" if by_daemon else "no pass begins"
        message = f"the settings do not hold, {on}: {seen.settings_fault}"
        yield Problem("settings", "configuration", message, "tinyscheduler validate-config says it all")
    elif by_daemon:
        message = f"the last pass worked with older settings, the new ones did not hold: {by_daemon}"
        yield Problem("note", "settings-rejected", message, "they do now; the next pass takes them")


def _estop(seen: Seen) -> Iterator[Problem]:
    if seen.is_estopped:
        note = f" ({seen.estop_note})" if seen.estop_note else ""
        hint = "when all is well again: tinyscheduler estop --clear"
        yield Problem("problem", "estop", f"ESTOP: everything is stopped and nothing starts{note}", hint)


def _pauses(seen: Seen) -> Iterator[Problem]:
    for pause in seen.pauses:
        if pause.trouble:
            message = f"a pause cannot be read, so it holds: {pause.trouble}"
            yield Problem(
                "problem", "pause-unreadable", message, "tinyscheduler resume --all, then pause anew"
            )


def _lock(seen: Seen) -> Iterator[Problem]:
    trouble = None if seen.lock is None else holding_trouble(seen.lock, seen.now)
    if trouble is not None:
        yield Problem("problem", "pass-hangs", *trouble)


def _state(seen: Seen) -> Iterator[Problem]:
    yield from seen.state_faults
    if isinstance(seen.runs, Unknown):
        yield Problem(
            "problem", "leases-unknown", f"the leases are unknown: {seen.runs.why}", "mend the folder"
        )
    if seen.is_copy:
        yield Problem(
            "problem",
            "copied-folder",
            "this state folder is a copy: its leases belong to the original",
            "the next pass sets them aside; look which of the two folders should go on",
        )


def _broken(seen: Seen) -> Iterator[Problem]:
    actions = {task_of(action): action for action in seen.odd if not isinstance(action, StopOrphan)}
    for lease in seen.broken:
        hint = mending_text(lease, actions.get(lease.task_id))
        yield Problem("problem", "lease-unreadable", f"lease {lease.path}: {lease.why}", hint, lease.task_id)
    for ledger in seen.shelf.broken:
        is_running = any(run.facts.lease.task_id == ledger.task_id for run in runs_seen(seen))
        what = "its run goes on, and is not settled before" if is_running else "its task is held"
        message, hint = f"ledger {ledger.path}: {ledger.why}", f"mend or remove {ledger.path}; {what}"
        yield Problem("problem", "ledger-unreadable", message, hint, ledger.task_id)


def _orphans(seen: Seen) -> Iterator[Problem]:
    for action in seen.odd:
        if isinstance(action, StopOrphan):
            message = f"task {action.run.task_id}: {orphan_text(action.run)}"
            yield Problem("problem", "orphan", message, "the next pass ends them", action.run.task_id)


def _intents(seen: Seen) -> Iterator[Problem]:
    for broken in seen.broken_intents:
        hint = "the next pass moves it to quarantine; nothing of it is done"
        yield Problem("problem", "intent-unreadable", f"{broken.path} is no intent: {broken.why}", hint)


def _runs(seen: Seen) -> Iterator[Problem]:
    for run in seen.runs.value if isinstance(seen.runs, Known) else ():
        trouble = trouble_of(run, seen)
        if trouble is not None:
            message, hint = trouble
            lease = run.facts.lease
            where = f"task {lease.task_id} on {lease.agent}: "
            is_kept = run.action.reason == "running"
            reference = "wrapper-stopped" if is_kept else run.action.reason.replace("_", "-")
            reference = reference if run.elsewhere is None else "other-server"
            yield Problem("problem", reference, where + message, hint, lease.task_id)


def _stopping(seen: Seen) -> Iterator[Problem]:
    """What a person wants and a pass is at is no trouble."""
    for run in seen.runs.value if isinstance(seen.runs, Known) else ():
        text, lease = stopping_text(run, seen), run.facts.lease
        if text:
            message = f"task {lease.task_id} on {lease.agent}: {text}"
            yield Problem("note", "stopping", message, task_id=lease.task_id)


def _drifting(seen: Seen) -> Iterator[Problem]:
    """Not yet a fault: most of it is an agent that hands its task on."""
    for run in seen.runs.value if isinstance(seen.runs, Known) else ():
        lease = run.facts.lease
        if run.facts.drift and isinstance(run.action, Keep):
            message = f"task {lease.task_id} on {lease.agent}: {run.facts.drift}"
            yield Problem("note", "drift", message, task_id=lease.task_id)


def _server(seen: Seen) -> Iterator[Problem]:
    if isinstance(seen.backlog, Unknown):
        yield Problem("server", "task-server-unknown", seen.backlog.why, seen.server_hint)
        return
    for gap in seen.backlog.value.gaps:
        yield Problem("server", "queue-unknown", f"{gap.where}: {gap.why}", gap.hint)
    if not seen.backlog.value.has_queues:
        message = "the task server is an older one without queues: only tasks assigned to agents are started"
        yield Problem("note", "no-queues", message, "assign tasks to agents, or use a newer task server")


def _closed(seen: Seen) -> Iterator[Problem]:
    """That a server is closed is said where it is unknown; a limit is nobody's fault."""
    for found in seen.closed:
        if found.kind == "agent":
            hint = "mend its command in agent-control; it is tried again by itself"
            yield Problem("problem", "agent-quarantined", closed_text(found), hint)
        elif found.kind == "account":
            yield Problem("note", "account-limited", closed_text(found), "its tasks wait, or go to others")


def _last_pass(seen: Seen) -> Iterator[Problem]:
    last = seen.last_pass
    if isinstance(last, BrokenRecord):
        yield Problem(
            "problem", "pass-record", f"pass record {last.path}: {last.why}", "the next pass writes it anew"
        )
    elif last is None:
        yield from _never(seen)
    else:
        yield from _late(last, seen)
        yield from _failed(last, seen)


def _never(seen: Seen) -> Iterator[Problem]:
    has_runs = isinstance(seen.runs, Known) and bool(seen.runs.value)
    message = "no pass has ended here yet"
    yield Problem(
        "problem" if has_runs else "note", "no-pass", message, "tinyscheduler run --once, or let cron do it"
    )


def _late(last: PastPass, seen: Seen) -> Iterator[Problem]:
    age_s = _age_s(last.ended_at, seen)
    interval_s = last.interval_or(seen.configuration.loop_interval_s)
    if age_s > max(PASSES_MISSED_MAX * interval_s, LATE_S_MIN):
        message = f"the last pass ended {span_text(age_s)} ago"
        yield Problem("problem", "pass-late", message, "look at cron or the service that should run it")


def _failed(last: PastPass, seen: Seen) -> Iterator[Problem]:
    if last.exit_code == 0:
        return
    first = f": {last.faults[0].message}" if last.faults else ""
    more = f" (and {count_text(len(last.faults) - 1, 'more fault')})" if len(last.faults) > 1 else ""
    message = f"the last pass ended with exit code {last.exit_code}{first}{more}"
    # The server was asked again just now: that answer counts, but for what a pass has to write there.
    is_read = isinstance(seen.backlog, Known) and not seen.backlog.value.gaps
    is_over = last.exit_code == 3 and is_read and not seen.state_faults
    hint = "it can be read now" if is_over else last.faults[0].hint if last.faults else ""
    yield Problem("note" if is_over else "problem", "pass-failed", message, hint)


def _disk(seen: Seen) -> Iterator[Problem]:
    least_mb = seen.configuration.policy.min_free_mb
    if seen.free_mb is not None and seen.free_mb < least_mb:
        message = f"{seen.free_mb} MB free, {least_mb} MB needed: nothing starts"
        yield Problem("problem", "disk", message, "free disk space, or TINYSCHEDULER_MIN_FREE_MB")


def _switched_off(seen: Seen) -> Iterator[Problem]:
    if not seen.configuration.policy.is_enabled:
        yield Problem("note", "disabled", "the scheduler is switched off", "set TINYSCHEDULER_ENABLED=true")


def _unserved(seen: Seen) -> Iterator[Problem]:
    return unserved_problems(seen.unserved)


def _idle_agents(seen: Seen) -> Iterator[Problem]:
    for agent in seen.configuration.agents:
        # Without any limit the settings themselves say so already.
        if agent.is_enabled and agent.slots <= 0 and agent.slots_source != "omitted":
            message = f"agent {agent.name} has 0 slots ({agent.slots_source})"
            yield Problem("note", "no-slots", message, f"raise it in {agent.slots_source}")


def _silent(seen: Seen) -> Iterator[Problem]:
    for run in seen.runs.value if isinstance(seen.runs, Known) else ():
        text, lease = silence_text(run.facts, seen.now), run.facts.lease
        if text:
            message = f"task {lease.task_id} on {lease.agent}: {text}"
            yield Problem("note", "silent", message, f"look at {lease.run_folder}/output.log", lease.task_id)


def _notes(seen: Seen) -> Iterator[Problem]:
    for limit in seen.plan.limits_reached if seen.plan is not None else ():
        yield Problem("note", "limit", f"limit reached: {limit}")
    for note in seen.configuration.notes:
        yield Problem("note", "settings", note)


def _age_s(moment: datetime | None, seen: Seen) -> float:
    return 0.0 if moment is None else (seen.now - moment).total_seconds()


_QUESTIONS: tuple[Callable[[Seen], Iterator[Problem]], ...] = (
    _settings,
    _estop,
    _pauses,
    _lock,
    _state,
    _broken,
    _intents,
    _orphans,
    _runs,
    _server,
    _closed,
    starving_problems,
    _unserved,
    _last_pass,
    _disk,
    _switched_off,
    standing_notes,
    _idle_agents,
    _stopping,
    _drifting,
    _silent,
    _notes,
)
"""A new kind of problem is a row here."""
