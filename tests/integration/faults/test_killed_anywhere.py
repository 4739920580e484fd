"""``kill -9``, and every error a call may answer with, at each system call of a pass and of a wrapper that
changes anything (features B12, B13). After each: the work is done once, nothing is lost, nobody is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene, scenes_in
from tests.integration.faults.figures import Figures
from tests.integration.faults.house import House
from tests.integration.faults.trials import NAMES, Tally, Trial, record, suffer, trial
from tests.rigs import tools
from tests.rigs.strace import Call, Fault, failures, kills, one_of_each

MakeHouse = Callable[[], House]
SERVERS = ("embedded", "served")
SHORT_PARTS = 4
"""Of a start, which makes most of the calls: as many tests, that several workers share."""
SHORT_MOMENTS = [("wrapper", "settle"), ("reclaim", "stop"), ("undo",)]
"""Of these the short form tries the kinds of call that neither a start nor the moment before has made."""
SYNCS = ("fsync", "fdatasync")
"""A sync changes nothing that a living kernel shows: who is killed before it leaves what is left by who is
killed before the next call. Power cuts and the simulation tell them apart."""
SERVED_ONLY = ("sendto",)
"""What a pass does more, or otherwise, when the task server is not in its own process."""
SHORT_EVERY = 20
"""Of the errors: there are several for each call, and all of them are in the long form."""

REFUSED = [*((name, "embedded") for name in NAMES), ("start", "served"), ("settle", "served")]
"""Each call has several errors. With a server of its own the disk sees less of the same, and the network
more: that is in these two moments, and in ``test_proxy``."""
MISSED_MAX = 0.1
"""Of the chosen calls, those that a run did not make because it went another way than the recorded one."""


@pytest.fixture
def strace() -> str:
    return tools.strace()


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Callable[[str], House]]:
    """Make a house, ``embedded`` or ``served``, in which a pass has run."""
    names = (f"base-{number}" for number in range(1_000_000))
    for make in scenes_in(tmp_path):

        def make_house(server: str, make: Callable[..., Scene] = make) -> House:
            return _furnished(make(name=next(names)), server)

        yield make_house


def _furnished(scene: Scene, server: str) -> House:
    house = House(scene)
    if server == "served":
        scene.serve()
    # The first start of a house makes folders that the later ones find.
    task_id = house.idle()
    wrong = house.recover(task_id)
    assert not wrong, wrong
    return house


class Rehearsal:
    """The clean runs of one kind of house: which calls there are in which moment."""

    def __init__(self, make: Callable[[str], House], server: str, strace: str) -> None:
        self.make: MakeHouse = lambda: make(server)
        self.strace = strace
        self.house = self.make()
        self._start: list[Call] = []

    def clean(self, name: str) -> tuple[Trial, list[Call]]:
        """A moment and its calls."""
        if not self._start:
            self._start = record(self.house, self.strace, trial("start", self.strace, ()))
        one = trial(name, self.strace, self._start)
        return one, self._start if name == "start" else record(self.house, self.strace, one)

    def suffer(
        self, one: Trial, faults: list[Fault], count: Callable[[Tally], object] = lambda _: None
    ) -> Tally:
        """``count`` hears of each fault: what was counted stays when the rest is cut off."""
        sum_of_all = Tally(0, ())
        for tally, house in suffer(self.make, self.house, self.strace, one, faults):
            self.house = house
            count(tally)
            sum_of_all = sum_of_all.plus(tally)
        return sum_of_all


# --- the short form: every kind of call once ---------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(SHORT_PARTS))
def test_start_that_is_killed_at_any_kind_of_call_is_made_good(
    houses: Callable[[str], House], strace: str, part: int
) -> None:
    rehearsal = Rehearsal(houses, "embedded", strace)
    one, calls = rehearsal.clean("start")

    kinds = fresh(calls, set())
    assert len(kinds) > 25, "the tracer has seen too little to prove anything"
    assert rehearsal.suffer(one, kills(kinds[part::SHORT_PARTS])).troubles == ()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("names", SHORT_MOMENTS, ids="-".join)
def test_killed_at_every_other_kind_of_call_the_work_is_done_once(
    houses: Callable[[str], House], strace: str, names: tuple[str, ...]
) -> None:
    rehearsal = Rehearsal(houses, "embedded", strace)
    _, calls = rehearsal.clean("start")
    seen = {call.sort() for call in calls}
    troubles: list[str] = []
    for name in names:
        one, calls = rehearsal.clean(name)
        troubles += rehearsal.suffer(one, kills(fresh(calls, seen))).troubles
        seen |= {call.sort() for call in calls}

    assert troubles == []


def fresh(calls: list[Call], seen: set[tuple[str, str]]) -> list[Call]:
    """One of each kind that has not been seen."""
    return [call for call in one_of_each(calls) if call.name not in SYNCS and call.sort() not in seen]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["start", "settle"])
def test_killed_at_what_it_tells_a_server_the_work_is_done_once(
    houses: Callable[[str], House], strace: str, name: str
) -> None:
    rehearsal = Rehearsal(houses, "served", strace)
    one, calls = rehearsal.clean(name)

    told = [call for call in calls if call.name in SERVED_ONLY][::3]
    assert told
    assert rehearsal.suffer(one, kills(told)).troubles == ()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["start", "wrapper", "settle"])
def test_disk_that_refuses_one_call_costs_a_pass_and_nothing_else(
    houses: Callable[[str], House], strace: str, name: str
) -> None:
    rehearsal = Rehearsal(houses, "embedded", strace)
    one, calls = rehearsal.clean(name)

    chosen = failures(one_of_each(calls))[::SHORT_EVERY]
    assert chosen
    assert rehearsal.suffer(one, chosen).troubles == ()


# --- the long form: every call ------------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("name", NAMES)
def test_killed_at_any_call_the_work_is_done_once(
    houses: Callable[[str], House], strace: str, figures: Figures, name: str, server: str
) -> None:
    rehearsal = Rehearsal(houses, server, strace)
    one, calls = rehearsal.clean(name)

    tally = rehearsal.suffer(one, kills(calls), count=lambda tally: figures.add("kill", tally))

    assert tally.troubles == ()
    assert tally.missed <= len(calls) * MISSED_MAX


@pytest.mark.soak
@pytest.mark.parametrize(("name", "server"), REFUSED)
def test_any_call_may_fail_and_the_work_is_done_once(
    houses: Callable[[str], House], strace: str, figures: Figures, name: str, server: str
) -> None:
    rehearsal = Rehearsal(houses, server, strace)
    one, calls = rehearsal.clean(name)

    tally = rehearsal.suffer(one, failures(calls), count=lambda tally: figures.add("error", tally))

    assert tally.troubles == ()
    assert tally.missed <= tally.faults * MISSED_MAX
