"""What is right by itself and comes to nothing beside the rest: told, because nobody would see it.

Apart from ``compile`` because none of it is a fault: a crew may be about to grow, and who has switched
something off may have left its numbers. Cold path only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.config.faults import suggestion

if TYPE_CHECKING:
    from tinyscheduler.config.settings import Settings
    from tinyscheduler.config.tables import Tables
    from tinyscheduler.model.agent import Agent


def notes_without_effect(settings: Settings, tables: Tables, agents: tuple[Agent, ...]) -> tuple[str, ...]:
    """One line for each."""
    return (
        *_names_of_nobody(settings, tables, agents),
        *(["MAX_PARALLEL is 0, so nothing will be started"] if settings.max_parallel == 0 else []),
        *_order_that_is_not_kept(settings, tables),
    )


def _names_of_nobody(settings: Settings, tables: Tables, agents: tuple[Agent, ...]) -> list[str]:
    """A mistyped name closes and limits nothing."""
    served: set[str] = {queue for agent in agents for queue in agent.queues}
    accounts = {agent.account for agent in agents if agent.account is not None}
    return [
        f"{where} names {name}, {what}{suggestion(name, known)}"
        for where, names, known, what in (
            ("[hours.queues]", tables.hours.queues, served, "a queue that no agent serves"),
            ("QUEUE_LIMITS", settings.queue_limits, served, "a queue that no agent serves"),
            ("ACCOUNT_LIMITS", settings.account_limits, accounts, "an account that no agent has"),
        )
        for name in sorted(names)
        if name not in known
    ]


def _order_that_is_not_kept(settings: Settings, tables: Tables) -> list[str]:
    bands, ageing = tables.bands, tables.ageing
    notes = []
    if settings.disable_blocking and bands.enabled:
        notes.append(
            "DISABLE_BLOCKING keeps the task server's order within a band only, because [bands] take turns"
        )
    if not ageing.enabled or settings.disable_blocking:
        why = "DISABLE_BLOCKING is set" if ageing.enabled else "[ageing] enabled is false"
        # What was left as it is has been asked for by nobody.
        idle = [key for key in ("interval_min", "overdue_hours") if key in ageing.model_fields_set]
        notes += [f"[ageing] {key} does nothing while {why}" for key in idle if getattr(ageing, key)]
    return notes
