"""A process dies at every single step of a quiet life, one step after the other (features B12)."""

from __future__ import annotations

import pytest

from tests.simulation.house import House, LawBroken
from tests.simulation.life import Life

PARTS = 8
"""So that the workers share them."""
PLANS = ("succeed", "leave_a_daemon", "fail", "succeed_and_be_killed")


def a_quiet_house(death_at: int | None) -> House:
    """Four tasks, of which one is assigned, and nothing goes wrong but what ``death_at`` says."""
    house = House(1, agents=2, slots=2, cap=3)
    house.plans = PLANS
    for owner in (None, "dev-1", None, None):
        house.tasks.append(house.server.create(queue="dev", assigned_to=owner))
    house.death_at = death_at
    return house


def length() -> int:
    """Steps of the undisturbed life."""
    house = a_quiet_house(None)
    Life(house).rest()
    return house.steps


@pytest.mark.parametrize("part", range(PARTS))
def test_a_death_at_any_step_loses_nothing_and_doubles_nothing(part):
    deaths = 0
    for step in range(1 + part, length(), PARTS):
        house = a_quiet_house(step)
        try:
            Life(house).rest()
        except LawBroken as error:
            pytest.fail(f"death at step {step}: {error}", pytrace=False)
        deaths += sum(count for name, count in house.counts.items() if name.startswith("death of"))

    assert deaths > 20, "steps that are effects kill somebody"
