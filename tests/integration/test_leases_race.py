"""Real processes that want the same lease at the same moment (features B1, B10)."""

from __future__ import annotations

import os
from pathlib import Path

from tests.integration.racers import race
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import Lease

TASK = TaskId("1")
ROUNDS = 10
"""The window is a moment; before it was closed one round in three met it."""


def a_store(folder: Path) -> FileLeaseStore:
    return FileLeaseStore(str(folder / "running"), str(folder / "quarantine"))


def test_of_two_hundred_creators_of_one_lease_one_wins_and_the_file_is_whole(tmp_path: Path) -> None:
    seen = race("create", tmp_path, 200)

    winners = [racer["racer"] for racer in seen if racer["won"]]
    assert len(winners) == 1
    found = a_store(tmp_path).read(TASK)
    assert isinstance(found, Lease)
    assert found.lease_id == f"racer-{winners[0]}"
    assert os.listdir(tmp_path / "running") == ["task_1.json"]


def test_of_eight_owners_one_is_first_and_all_learn_the_same(tmp_path: Path) -> None:
    seen = race("take", tmp_path, 8)

    (first,) = {racer["owner"] for racer in seen}
    owner = a_store(tmp_path).owner(TASK)
    assert owner is not None
    assert owner.lease_id == first
    assert os.listdir(tmp_path / "running") == ["task_1.owner"]


def test_a_late_creator_does_not_take_the_owner_of_a_lease_that_was_made_meanwhile(tmp_path: Path) -> None:
    """Exclusivity comes from ``link()`` alone, never from looking first (law 6)."""
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        folder.mkdir()
        seen = race("create_and_take", folder, 16)

        (winner,) = [racer["racer"] for racer in seen if racer["won"]]
        owner = a_store(folder).owner(TASK)
        assert owner is not None, f"round {number}"
        assert owner.lease_id == f"racer-{winner}", f"round {number}"
