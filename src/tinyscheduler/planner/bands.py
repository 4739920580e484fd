"""Bands of urgency: where a task stands by its priority, and where it has come to by waiting (features D9).

Apart from ``ranking``, which compares tasks: this says of one task what it is, and so do those who show it.
"""

from __future__ import annotations

from typing import Final

from tinyscheduler.model.policy import Policy

OVERDUE: Final = -1
"""Above every band: nothing but an older one goes first, whatever its priority and whoever waits for it."""
CRITICAL, HIGH, NORMAL, LOW = range(4)
BANDS: Final = ("critical", "high", "normal", "low")


def band_of(priority: float, policy: Policy) -> int:
    """By priority alone."""
    critical, high, normal = policy.band_floors
    if priority >= high:
        return CRITICAL if priority >= critical else HIGH
    return NORMAL if priority >= normal else LOW


def aged(band: int, waited_s: float, policy: Policy) -> int:
    """The band it counts as: one up for each interval it has waited, up to critical; in the end overdue.

    Never less urgent than before: waiting does not lower a rank.
    """
    if policy.overdue_s and waited_s >= policy.overdue_s:
        return OVERDUE
    if not policy.ageing_s or not band:
        return band
    return max(CRITICAL, band - int(waited_s // policy.ageing_s))


def band_name(band: int) -> str:
    """For people."""
    return "overdue" if band == OVERDUE else BANDS[band]
