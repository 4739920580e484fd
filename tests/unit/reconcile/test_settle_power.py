"""The power fails while a pass ends several runs and settles them: what was not synced is gone, and yet
each is settled once (laws 2 and 3). Leases and ledgers lie on a disk in memory that forgets."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.builders import an_agent
from tests.fakes.crash import Crash
from tests.fakes.memory_disk import MemoryDisk
from tests.fakes.memory_files import Effect, MemoryFiles
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.adapters.records import FileLeaseStore, FileLedgerStore
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.policy import Policy
from tinyscheduler.ports import World
from tinyscheduler.reconcile.run import run_once

RUNS = 3
TASKS = [TaskId(str(number)) for number in range(1, RUNS + 1)]
CHANCES = 3
"""Power cuts at each effect, each of which takes something else."""


class House:
    """A stage whose leases and ledgers lie on a disk that can lose its power."""

    def __init__(self, base: Path) -> None:
        self.disk = MemoryDisk()
        self.stage = _runs_of_dead_wrappers(base)
        files = MemoryFiles(self.disk)
        for folder in (self.running, self.ledger):
            files.make_folder(folder)
        for task_id in TASKS:
            lease = self.stage.lease(task_id)
            assert lease is not None
            self.leases().create(lease)
            self.ledgers().write(self.stage.ledger(task_id))

    running, ledger = "/running", "/ledger"

    def leases(self, files: MemoryFiles | None = None) -> FileLeaseStore:
        return FileLeaseStore(self.running, "/quarantine", disk=files or MemoryFiles(self.disk))

    def ledgers(self, files: MemoryFiles | None = None) -> FileLedgerStore:
        return FileLedgerStore(self.ledger, disk=files or MemoryFiles(self.disk))

    def world(self, effect: Effect) -> World:
        files = MemoryFiles(self.disk, effect=effect)
        return self.stage.world()._replace(leases=self.leases(files), ledgers=self.ledgers(files))

    def run(self, effect: Effect = lambda _kind, _path: None) -> None:
        run_once(self.world(effect))

    def ending(self) -> dict[TaskId, tuple[object, ...]]:
        """Of each task: what the server shows, what was said, what is remembered, what is left."""
        found = self.ledgers().read(TASKS)
        return {task_id: self._ending(task_id, found[task_id]) for task_id in TASKS}

    def _ending(self, task_id: TaskId, ledger: object) -> tuple[object, ...]:
        assert isinstance(ledger, Ledger)
        task = self.stage.server.task(task_id)
        ends = [c for c in self.stage.server.comments(task_id) if "end of lease" in c.text]
        return (
            task.status,
            task.assigned_to,
            len(ends),
            len(ledger.outcomes),
            ledger.open,
            self.leases().read(task_id),
        )


def _runs_of_dead_wrappers(base: Path) -> Stage:
    stage = a_stage(base, agents=[an_agent(slots=RUNS)], policy=Policy(max_parallel=RUNS))
    stage.engine.adopts_at_once = True
    for _ in TASKS:
        stage.server.create(queue="dev")
    stage.run()
    for wrapper in stage.engine.wrappers:
        stage.processes.end(wrapper.process.ref)
        if wrapper.agent is not None:
            stage.processes.end(wrapper.agent.ref)
    off = stage.configuration.policy._replace(is_enabled=False)
    return stage._replace(configuration=stage.configuration._replace(policy=off))


def effects_of_a_pass(house: House) -> list[str]:
    seen: list[str] = []
    house.run(lambda kind, _path: seen.append(kind))
    return seen


@pytest.mark.slow
def test_power_that_fails_at_any_effect_of_a_settlement_loses_and_doubles_nothing(tmp_path: Path) -> None:
    whole = House(tmp_path / "whole")
    effects = effects_of_a_pass(whole)
    assert whole.ending() == dict.fromkeys(TASKS, ("idle", None, 1, 1, None, None))

    for at in range(len(effects)):
        for chance in range(CHANCES):
            house = House(tmp_path / f"{at}-{chance}")
            _cut_off(house, at)
            house.disk.cut_power(Random(chance))
            house.run()

            assert house.ending() == whole.ending(), (at, effects[at], chance)


def _cut_off(house: House, at: int) -> None:
    left = [at]

    def effect(_kind: str, _path: str) -> None:
        if left[0] == 0:
            raise Crash
        left[0] -= 1

    with pytest.raises(Crash):
        house.run(effect)


def test_a_settled_lease_that_comes_back_is_settled_as_known(tmp_path: Path) -> None:
    """Removals are synced last, all at once: this is what a power cut before that leaves."""
    house = House(tmp_path)
    before = {task_id: house.leases().read(task_id) for task_id in TASKS}
    house.run()
    ending, calls = house.ending(), [house.stage.server.comments(task_id) for task_id in TASKS]
    ledgers = house.ledgers().read(TASKS)
    for task_id in TASKS:
        house.leases().create(before[task_id])  # type: ignore[arg-type]
    house.run()

    assert house.ending() == ending
    assert house.ledgers().read(TASKS) == ledgers
    assert [house.stage.server.comments(task_id) for task_id in TASKS] == calls


@pytest.mark.parametrize("kind", ["sync", "sync_folder"])
def test_many_runs_cost_two_syncs_each_and_three_together(tmp_path: Path, kind: str) -> None:
    """The outcome and the ledger of each; the two folders, of which one twice: after the outcomes, and
    after the removals."""
    effects = effects_of_a_pass(House(tmp_path))

    assert effects.count(kind) == {"sync": 2 * RUNS, "sync_folder": 3}[kind]


def test_nobody_is_told_of_an_outcome_that_is_not_on_the_disk(tmp_path: Path) -> None:
    """A folder that cannot be synced: the runs stay as they are, and the next pass ends them."""
    house = House(tmp_path)
    refused: list[str] = []

    def effect(kind: str, path: str) -> None:
        if kind == "sync_folder" and not refused:
            refused.append(path)
            raise OSError(5, "Input/output error", path)

    house.run(effect)
    told = [c for task_id in TASKS for c in house.stage.server.comments(task_id) if "end of" in c.text]
    assert refused == [house.running]
    assert told == []

    house.run()
    assert house.ending() == dict.fromkeys(TASKS, ("idle", None, 1, 1, None, None))
