"""What is said of a run that says nothing (features B5)."""

from __future__ import annotations

from datetime import datetime

from tinyscheduler.model.snapshot import LeaseFacts
from tinyscheduler.views.wording import span_text


def silence_text(facts: LeaseFacts, now: datetime) -> str:
    """One clause; empty while its wrapper has noted nothing. The wrapper counts by the monotonic clock,
    so this is right to a beat and to a step of the wall clock."""
    lease = facts.lease
    if not lease.stall_notices or lease.state != "running":
        return ""
    silent_s = facts.run_age_s
    if lease.progress_at is not None:
        silent_s = max(0.0, (now - lease.progress_at).total_seconds())
    text = f"silent for {span_text(silent_s)}"
    if lease.stall_limit_s is None:
        return text
    return f"{text}, is ended in {span_text(max(0.0, lease.stall_limit_s - silent_s))} unless it is heard of"
