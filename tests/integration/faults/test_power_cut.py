"""The power fails while a pass or a wrapper is at work: whatever was not synced is gone, and so is every
process. After the next mount passes go on: nothing lost, nothing done twice, no empty lease."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.acceptance.disk import processes_with
from tests.acceptance.scene import Scene
from tests.integration.faults.figures import Figures
from tests.integration.faults.house import House
from tests.integration.faults.trials import NAMES, Tally, after, record, trial
from tests.rigs import tools
from tests.rigs.mounts import Machine, a_machine
from tests.rigs.strace import Call, kills, one_of_each
from tests.waiting import wait_until

SHORT = 3
"""Cuts of each process in the short form."""


@pytest.fixture
def strace() -> str:
    return tools.strace()


class Site:
    """A house on a disk whose power can be cut; its witness stands on another one."""

    def __init__(self, machine: Machine, witness: Path) -> None:
        self.machine = machine
        witness.mkdir()
        self.house = House(Scene(machine.path / "base"), witness)
        self.empty: list[str] = []

    def furnish(self, strace: str) -> list[Call]:
        """The calls of a start, when all folders are there and the operator's files have been saved."""
        subprocess.run(["sync", "--file-system", str(self.machine.path)], check=True)
        task_id = self.house.idle()
        assert self.house.recover(task_id) == []
        return record(self.house, strace, trial("start", strace, ()))

    def cut(self) -> None:
        """No power, no process; then power again."""
        self.house.wait_for_tracer()
        self.machine.cut()
        wait_until(lambda: not self._kill_all() and self.machine.off(), "nobody uses the disk any more")
        self.machine.on()
        leases = (self.house.scene.state / "running").glob("*.json")
        self.empty += [str(path) for path in leases if path.stat().st_size == 0]

    def _kill_all(self) -> list[int]:
        """Found without the disk, which cannot be read any more."""
        found = processes_with(f"{self.machine.path}/".encode())
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return found

    def suffer(self, strace: str, name: str, start: list[Call], *, some: int | None = None) -> Tally:
        """A cut at one call of each kind, or at ``some`` of them, spread evenly."""
        one = trial(name, strace, start)
        calls = one_of_each(start if name == "start" else record(self.house, strace, one))
        faults = kills(calls[:: max(1, len(calls) // some)] if some else calls)
        troubles = []
        for fault in faults:
            wrong = after(self.house, strace, one, fault, then=self.cut)
            troubles += [f"{name}: {fault}: {sentence}" for sentence in wrong]
        return Tally(len(faults), (*troubles, *(f"{name}: left: empty {path}" for path in self.empty)))


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """On the file system that the test names."""
    with a_machine(tmp_path, request.param) as machine:
        site = Site(machine, tmp_path / "witness")
        yield site
        site.house.scene.close()


@pytest.mark.slow
@pytest.mark.parametrize("site", ["ext4"], indirect=True)
@pytest.mark.parametrize("name", ["start", "wrapper"])
def test_power_cut_loses_nothing(site: Site, strace: str, name: str) -> None:
    start = site.furnish(strace)

    assert site.suffer(strace, name, start, some=SHORT).troubles == ()


@pytest.mark.soak
@pytest.mark.parametrize("site", ["ext4", "xfs"], indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_power_cut_at_any_kind_of_call_loses_nothing(
    site: Site, strace: str, figures: Figures, name: str
) -> None:
    tally = site.suffer(strace, name, site.furnish(strace))
    figures.add("power", tally)

    assert tally.troubles == ()
