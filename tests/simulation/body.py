"""A simulated process, and how it is interrupted.

Every process announces each of its effects through ``Body.effect`` right before it happens. That is
where the others may run, inline, between what the process has read and what it is about to do; where
a disk may refuse; and where the process may die. So any interleaving of steps that end before the
outer one goes on can come up, and the seed alone says which one does.
"""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

from tests.simulation.house import CALM

if TYPE_CHECKING:
    from tests.fakes.processes import FakeProcess
    from tests.simulation.house import Machine, Rates

DEPTH_MAX = 3
"""How many processes may be stopped in the middle of a step at once."""
DIGITS = re.compile(r"[0-9]+")


class Killed(BaseException):
    """This process is no more. Not an Exception: nothing of the product may catch it."""


class Body:
    """One process of ours, and the eye of the needle through which all that it does goes."""

    kind = "process"

    def __init__(self, machine: Machine, process: FakeProcess) -> None:
        self.machine = machine
        self.house = machine.house
        self.process = process
        self.name = f"{self.kind} {process.ref.pid}"
        house = self.house
        self.files = house.files_of(
            house.disk,
            pid=process.ref.pid,
            effect=self.effect,
            now_s=lambda: machine.clock.now().timestamp(),
        )

    @property
    def is_alive(self) -> bool:
        return self.machine.table.get(self.process.ref.pid) is self.process

    def effect(self, kind: str, what: str) -> None:
        """Right before something is changed. Raises Killed, OSError."""
        house = self.house
        house.steps += 1
        if not self.is_alive:
            raise Killed
        if house.steps == house.death_at:
            self._die(kind, what)
        if house.is_disk_full and kind in NEEDS_ROOM:
            self._refuse_as(errno.ENOSPC, kind, what)
        if house.rates is not CALM:
            self._strike(kind, what, house.rates)
        if house.story is not None:
            house.tell(self.name, f"{kind} {what}")

    def end(self) -> None:
        """It leaves."""
        self.machine.table.end(self.process.ref)

    def _die(self, kind: str, what: str) -> None:
        self.house.count(f"death of a {self.kind}")
        name = what.rpartition("/")[2] if "/" in what else what.partition(" ")[0]
        self.house.places_of_death.add(f"{self.kind}: {kind} {DIGITS.sub('', name)}")
        self.house.tell(self.name, f"DIES before {kind} {what}")
        self.end()
        raise Killed

    def _strike(self, kind: str, what: str, rates: Rates) -> None:
        house = self.house
        dice = house.chance.random()
        if dice < rates.others:
            if house.depth < DEPTH_MAX:
                house.depth += 1
                house.between(house)
                house.depth -= 1
        elif (dice := dice - rates.others) < rates.death:
            self._die(kind, what)
        elif (dice := dice - rates.death) < rates.disk:
            self._refuse(kind, what)
        elif dice - rates.disk < rates.power:
            house.cut_power()
        if not self.is_alive:
            raise Killed

    def _refuse(self, kind: str, what: str) -> None:
        """The disk's fault; what is no call to the disk goes through."""
        if kind not in DISK_CALLS:
            return
        number = self.house.chance.choice((errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT))
        self._refuse_as(number, kind, what)

    def _refuse_as(self, number: int, kind: str, what: str) -> None:
        self.house.count(f"disk {errno.errorcode[number]}")
        self.house.tell(self.name, f"{kind} {what} is refused: {errno.errorcode[number]}")
        raise OSError(number, os.strerror(number), what)


NEEDS_ROOM = frozenset(("write", "append", "make_folder"))
DISK_CALLS = frozenset(
    ("write", "sync", "rename", "exchange", "link", "unlink", "append", "touch", "make_folder", "sync_folder")
)
