"""What is wrong with one run, in words. Apart from ``problems``, which asks it of each run in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.model.action import (
    Discard,
    Keep,
    Quarantine,
    Rebuild,
    Reclaim,
    Release,
    Revoke,
    Settle,
    StopOrphan,
    Undo,
)
from tinyscheduler.model.lease import GRACE_S_MAX
from tinyscheduler.views.figures import runs_seen
from tinyscheduler.views.wording import ago_text, span_text

if TYPE_CHECKING:
    from tinyscheduler.model.lease import Lease
    from tinyscheduler.model.snapshot import LeaseFacts
    from tinyscheduler.views.seen import RunSeen, Seen

LEAVES_S_MAX = 10
"""From a wrapper's last word to its next program: milliseconds, on a loaded machine seconds."""
STOPPING_EXTRA_S = 10
"""On top of the longest grace: a second for the wrapper, three rounds of KILL, and the proof."""
UNSETTLED_S = 180
"""A run that ended is settled at once, by the pass its wrapper becomes."""


def trouble_of(run: RunSeen, seen: Seen) -> tuple[str, str] | None:
    """Message and hint; None: it is as it should be."""
    found = run.elsewhere or _trouble(run, seen) or _silence(run)
    return None if found is None else (found[0] + _stopped(run, seen), found[1])


def what_comes(run: RunSeen) -> tuple[str, str] | None:
    """What the next pass does to a run, and the lever; None: the run goes on, or is settled."""
    if run.elsewhere is not None:
        return run.elsewhere
    now = "nothing needs to be done; tinyscheduler run --once does it now"
    match run.action:
        case Reclaim(reason="stop_asked"):
            # Shown beside it, with who asked.
            return None
        case Reclaim(reason="estop", outcome=outcome):
            keep = "tinyscheduler estop --clear before the next pass lets it go on"
            return f"{_reclaim_words(run)}; the next pass ends it as {outcome}", keep
        case Reclaim(outcome=outcome):
            return f"{_reclaim_words(run)}; the next pass ends it as {outcome}", now
        case Revoke(reason="not_adopted_in_time"):
            return "no wrapper has taken it over; the next pass undoes the start", now
        case Undo():
            return "its claim was interrupted, or is being made now; a pass that finds it undoes it", now
        case _:
            return None


def stopping_text(run: RunSeen, seen: Seen) -> str:
    """A person has it stopped, a pass has told it so, and its time is not over; empty: nothing of this."""
    if run.elsewhere is not None or not _is_being_stopped(run, seen) or run.stop is None:
        return ""
    return f"it is being stopped, since {ago_text(run.stop.at, seen.now)}"


def _silence(run: RunSeen) -> tuple[str, str] | None:
    """Of a run that is kept for now; with its next beats missing it will not be."""
    pid = run.facts.lease.wrapper_pid
    if not run.is_wrapper_stopped or run.facts.lease.state != "running":
        return None
    message = f"its wrapper (pid {pid}) is stopped by a signal and does not beat"
    return message, f"kill -CONT {pid} lets it go on; else a pass ends it as lost"


def _trouble(run: RunSeen, seen: Seen) -> tuple[str, str] | None:
    """A pass may be at work right now, so what only a pass does in between (a claim, a settlement) is
    trouble only when it is old."""
    action, facts = run.action, run.facts
    match action:
        case Reclaim() if _is_as_it_should_be(run, action, seen):
            return None
        case Reclaim():
            left = "; its agent still runs" if run.is_agent_alive else ""
            return _reclaim_words(run) + left, f"the next pass ends it as {action.outcome}"
        case Release():
            return "it is given up without proof that its run is gone", "the next pass does it"
        case Keep(is_trouble=True):
            gone = f"tinyscheduler release {facts.lease.task_id} --reason TEXT"
            return _keep_words(action.reason, facts), f"look there; when it is gone for good: {gone}"
        case Revoke() if facts.run_age_s > seen.configuration.policy.start_timeout_s:
            return (
                f"no wrapper has taken it over for {span_text(facts.run_age_s)}",
                "the next pass undoes the start",
            )
        case Undo() if facts.run_age_s > seen.configuration.policy.pass_limit_s:
            age = span_text(facts.run_age_s)
            return f"its claim was interrupted {age} ago", "the next pass asks the server, and undoes it"
        case Settle(lease=lease) if _ended_s(lease, seen) > UNSETTLED_S:
            return "its run has ended and is not settled", "look at the last pass and the task server"
        case Keep() | Revoke() | Undo() | Settle() | Quarantine() | Rebuild() | Discard() | StopOrphan():
            return None


def _is_as_it_should_be(run: RunSeen, action: Reclaim, seen: Seen) -> bool:
    """A person wants it, which is shown beside the problems; or its wrapper has written the outcome and is
    about to become a pass, without its tag."""
    lease = action.lease
    is_leaving = lease.state == "finished" and _ended_s(lease, seen) <= LEAVES_S_MAX
    is_wished = not _is_told(run) or _is_being_stopped(run, seen)
    return (action.reason == "stop_asked" and is_wished) or (action.reason == "not_gone" and is_leaving)


def _is_being_stopped(run: RunSeen, seen: Seen) -> bool:
    """The grace is shared by all runs that a pass ends together, so the longest one counts."""
    if run.action.reason != "stop_asked" or not _is_told(run) or run.stop is None:
        return False
    grace_s = max((one.facts.lease.grace_s for one in runs_seen(seen)), default=0)
    most_s = min(grace_s, GRACE_S_MAX) + STOPPING_EXTRA_S
    return abs((seen.now - run.stop.at).total_seconds()) <= most_s


def _is_told(run: RunSeen) -> bool:
    """By a stop file of its own, and not of an older lease."""
    return run.stop is not None and run.stop.lease_id == run.facts.lease.lease_id


def _ended_s(lease: Lease, seen: Seen) -> float:
    return 0.0 if lease.outcome is None else (seen.now - lease.outcome.at).total_seconds()


def _reclaim_words(run: RunSeen) -> str:
    facts, pid = run.facts, run.facts.lease.wrapper_pid
    words = {
        "stop_asked": "a person has it stopped, which takes longer than its grace",
        "estop": "the ESTOP file is there",
        "not_gone": "its lease says that nothing of it runs, and processes of it do",
        "wrapper_dead": f"its wrapper (pid {pid}) is dead",
        "rebooted": "the machine was booted since it began",
        "adopter_dead": "its wrapper died when it took the lease over",
        "adopter_silent": f"no beat for {span_text(facts.beat_age_s)}, since its wrapper took it over",
        "owner_unreadable": "its owner file cannot be read, so nobody can take it over",
        "unwanted": f"the task server does not want it any more: {facts.unwanted}",
        "heartbeat_stale": f"no beat for {span_text(facts.beat_age_s)}",
        "over_hard_limit": f"it runs for {span_text(facts.run_age_s)}, longer than its hard limit",
    }
    return words.get(run.action.reason, run.action.reason.replace("_", " "))


def _keep_words(reason: str, facts: LeaseFacts) -> str:
    if reason == "unknown_host":
        return f"it runs on {facts.lease.host}, which cannot be seen from here"
    return f"it is left alone: {reason.replace('_', ' ')}"


def _stopped(run: RunSeen, seen: Seen) -> str:
    """A run that was told to end and is still there: its processes may have survived."""
    if run.stop is None or not _is_told(run):
        return ""
    return f"; it was told to end at {ago_text(run.stop.at, seen.now)}"
