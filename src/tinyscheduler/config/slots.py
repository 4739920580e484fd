"""How many slots each agent has, and which source said so (features D1, D5). Cold path only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.config.faults import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Limits(NamedTuple):
    """The two sources that are stronger than agent-control."""

    flags: Mapping[str, int]
    """``--agent-limit``"""
    setting: Mapping[str, int]
    """``AGENT_LIMITS``"""

    def names(self) -> list[str]:
        """Every agent that has a limit, sorted."""
        return sorted({*self.flags, *self.setting})


class Slots(NamedTuple):
    """The answer for one agent."""

    number: int
    source: str


def slots_of(name: str, limits: Limits, max_concurrency: int | None) -> Slots:
    """The strongest source wins; when none says anything, nothing is started."""
    rules = (
        ("--agent-limit", limits.flags.get(name)),
        ("AGENT_LIMITS", limits.setting.get(name)),
        ("maxConcurrency", max_concurrency),
        ("omitted", 0),
    )
    return next(Slots(number, source) for source, number in rules if number is not None)


def notes_on_limits(limits: Limits, names: Iterable[str]) -> list[str]:
    """Limits of agents that agent-control does not know: most often a slip of the pen."""
    known = set(names)
    return [
        f"{source}: there is no agent {name} in agent-control{suggestion(name, known)}"
        for source, given in (("--agent-limit", limits.flags), ("AGENT_LIMITS", limits.setting))
        for name in sorted(given)
        if name not in known
    ]
