"""A thousand short lives and more, each with its own troubles: no law is broken in any of them. ``make soak``
plays as many again, and a million steps of others."""

from __future__ import annotations

import pytest

from tests.simulation.house import GIVING_SEEDS, KEEPING_SEEDS, PAUSING_SEEDS, LawBroken
from tests.simulation.life import Life, a_house, replay

CHUNK = 50
"""So that the workers of ``make test`` share them, and a failure is found again soon."""


def lives(first: int, tested: int, soaked: int) -> list[object]:
    """First seeds of so many chunks for ``make test``, and of so many that follow for ``make soak``."""
    marks = [()] * tested + [pytest.mark.soak] * soaked
    return [pytest.param(first + number * CHUNK, marks=mark) for number, mark in enumerate(marks)]


KEPT: dict[int, str] = {
    625: "a claim that was sent late was not waited for",
    1_133: "two runs whose tasks were deleted were over before anybody could stop them",
    1_193: "the same, after a suspend in the middle of a pass",
    1_458: "a success was said, then its lease was garbled before the task was complete",
    1_868: "a person took the task between the two halves of a settlement",
    GIVING_SEEDS + 31: "a task was given to another agent before its start was taken back",
    5_142: "another machine's lease was garbled, and its owner file named no machine",
}
"""Seeds that have found something, with what. Their lives change with the simulation; the scene itself
is a test beside the code that was mended."""


def live(seed: int) -> None:
    house = a_house(seed)
    try:
        Life(house).live()
    except LawBroken as error:
        pytest.fail(f"{error}\nplay it again: {replay(seed)}", pytrace=False)


@pytest.mark.parametrize("first", lives(0, 20, 20))
def test_no_law_is_broken_in_any_life(first):
    for seed in range(first, first + CHUNK):
        live(seed)


@pytest.mark.parametrize("first", lives(KEEPING_SEEDS, 3, 1))
def test_runs_that_keep_something_to_themselves_are_kept_apart(first):
    for seed in range(first, first + CHUNK):
        live(seed)


@pytest.mark.parametrize("first", lives(PAUSING_SEEDS, 4, 4))
def test_while_something_is_paused_no_run_of_it_begins(first):
    for seed in range(first, first + CHUNK):
        live(seed)


@pytest.mark.parametrize("first", lives(GIVING_SEEDS, 3, 1))
def test_what_is_given_to_another_agent_goes_on_there(first):
    for seed in range(first, first + CHUNK):
        live(seed)


@pytest.mark.parametrize("seed", KEPT)
def test_what_was_found_once_stays_mended(seed):
    live(seed)
