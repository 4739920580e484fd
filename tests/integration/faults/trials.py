"""Which process is broken at which moment, and the loop that breaks it at each of its calls.

A trial is one moment (a start, a run, a settlement, a reclaim, an undo) in one house. Its clean run is
recorded once; then every chosen fault is made in a fresh task of the same house.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tests.integration.faults.house import House, last_line
from tests.rigs.strace import Call, Fault

NAMES = ("start", "wrapper", "settle", "reclaim", "stop", "revoke", "undo")
MakeHouse = Callable[[], House]


class Trial(NamedTuple):
    """One moment: ``prepare`` makes a task that is there, ``trace`` runs the process that is broken."""

    name: str
    prepare: Callable[[House], str]
    trace: Callable[[House, tuple[str, ...]], str]


class Tally(NamedTuple):
    """What the table of docs/reliability.md says."""

    faults: int
    """That have happened."""
    troubles: tuple[str, ...]
    missed: int = 0
    """Those whose call was not made this time."""

    def plus(self, other: Tally) -> Tally:
        """Both together."""
        return Tally(self.faults + other.faults, self.troubles + other.troubles, self.missed + other.missed)

    def count(self, word: str) -> int:
        """Faults after which a sentence began like this: lost, doubled, orphan."""
        return sum(f": {word}: " in trouble for trouble in self.troubles)


def trial(name: str, strace: str, start: Iterable[Call]) -> Trial:
    """``start`` is the recorded start of this house, which says where a claim has just been sent."""
    match name:
        case "start":
            return Trial(name, House.idle, House.one_pass)
        case "wrapper":
            return Trial(name, House.idle, House.one_wrapper)
        case "settle":
            return Trial(name, House.ended, House.one_pass)
        case "reclaim":
            return Trial(name, House.bereft, House.one_pass)
        case "stop":
            return Trial(name, House.unwanted, House.one_pass)
        case "revoke":
            return Trial(name, lambda house: house.unadopted(strace), House.one_pass)
        case "undo":
            claimed = after_claim(start)
            return Trial(name, lambda house: house.unclaimed(strace, claimed), House.one_pass)
    raise AssertionError(name)


def after_claim(start: Iterable[Call]) -> Call:
    """The call that puts the lease ``starting`` in its place: the claim has been answered before it."""
    return next(call for call in start if (call.name, call.kind) == ("rename", "running/task_N.json"))


def record(house: House, strace: str, one: Trial) -> list[Call]:
    """The calls of a clean run; asserts that it is clean."""
    task_id = one.prepare(house)
    calls = house.record(strace, lambda prefix: one.trace(house, prefix))
    wrong = house.recover(task_id)
    assert not wrong, (one.name, wrong)
    return calls


def suffer(
    make: MakeHouse, house: House, strace: str, one: Trial, faults: Iterable[Fault]
) -> Iterator[tuple[Tally, House]]:
    """Each fault in a task of its own, and what came of it. A house that is left in a bad state is not used
    again; the one that is good now comes back."""
    for fault in faults:
        wrong = tuple(f"{one.name}: {fault}: {sentence}" for sentence in after(house, strace, one, fault))
        has_happened = house.has_happened()
        if wrong:
            house = make()
        yield Tally(int(has_happened), wrong, int(not has_happened)), house


def after(
    house: House, strace: str, one: Trial, fault: Fault, then: Callable[[], object] = lambda: None
) -> list[str]:
    """What is wrong when one fault and all that followed from it is over. ``then`` comes right after it."""
    try:
        task_id = one.prepare(house)
    except AssertionError as error:
        return [f"left: something of an earlier fault: {error}"]
    said = one.trace(house, house.injecting(strace, fault, task_id))
    then()
    traceback = [f"a traceback: {last_line(said)}"] if "Traceback" in said else []
    return traceback + house.recover(task_id)
