"""A task that was given away while it ran here: what its next holder may not know."""

from __future__ import annotations

from tests.builders import a_ledger, a_past_run, a_start_snapshot, a_task
from tinyscheduler.planner.explain import explain


def test_a_stranger_who_was_given_a_task_while_it_ran_here_may_not_know() -> None:
    """Another scheduler's agent, perhaps, and nobody works on it: whose ``working`` it is nobody can tell."""
    task = a_task(assigned_to="sue", status="working")
    ledger = a_ledger(outcomes=[a_past_run("handed_off")._replace(is_passed_on=True)])

    held = explain(task, a_start_snapshot(task, ledgers=[ledger])).held

    assert held is not None
    assert (held.reason, held.value) == (
        "not_ours",
        "assigned to sue, who is no agent of ours, and working since a run of ours was on it",
    )
    assert held.lever.startswith("if nobody is at work on it, set it idle")
