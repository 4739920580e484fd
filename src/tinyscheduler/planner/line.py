"""The line in which runnable tasks are asked; where bands take turns, whose turn it is (features D8).

A round has a fixed number of turns, dealt out evenly: with 50/30/15/5 twenty, ten of them critical. A turn
is a place in that round, so any twenty starts in a row from bands that all have something to start are
exactly ten, six, three and one, wherever the round stood before. A band that has nothing to start loses its
turn to the next one. What has aged may take the turn of every band it has come through, so that it never
stands behind where it stood before.

Apart from ``ranking``, which says who is first within a turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from math import gcd
from operator import itemgetter

from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Cursor, Turn
from tinyscheduler.planner.bands import BANDS, CRITICAL, band_of
from tinyscheduler.planner.ranking import Rank


class Line:
    """Runnable tasks, each once. Whoever reads it says of each that it started, before the next one."""

    def __init__(self, tasks: Sequence[Task], rank: Rank, snapshot: StartSnapshot) -> None:
        # Asked once of each: a key costs more than the comparisons.
        self._keyed = sorted([(rank(task), task) for task in tasks], key=itemgetter(0))
        self._policy = snapshot.policy
        self._cursor = snapshot.cursor
        self._round = round_of(snapshot.policy.band_weights)
        self._turn: Turn | None = None

    def __iter__(self) -> Iterator[Task]:
        return self._in_turns() if self._round else iter([task for _, task in self._keyed])

    def started(self) -> Turn | None:
        """The last task did start: the turn that it took, None where there are no turns."""
        turn, self._turn = self._turn, None
        if turn is not None:
            self._cursor = _after(self._cursor, turn, len(self._round))
        return turn

    def _in_turns(self) -> Iterator[Task]:
        waiting = self._by_band()
        asked = bytearray(len(self._keyed))
        while (turn := self._next_turn(waiting, asked)) is not None:
            # Nobody else's turn comes before one of this band has started, or none is left of it.
            for at in _each_once(waiting[turn.band], asked):
                self._turn = turn
                yield self._keyed[at][1]
                if self._turn is not turn:
                    break

    def _by_band(self) -> list[list[int]]:
        """Who may take a turn of each band, by the place in the line, the first one last."""
        waiting: list[list[int]] = [[] for _ in BANDS]
        ages = self._policy.orders_blockers_first
        for at in range(len(self._keyed) - 1, -1, -1):
            key, task = self._keyed[at]
            band = band_of(task.priority, self._policy)
            # The best band whose turn it may take; in the server's order nothing ages.
            for reached in range(max(CRITICAL, key[0]) if ages else band, band + 1):
                waiting[reached].append(at)
        return waiting

    def _next_turn(self, waiting: Sequence[list[int]], asked: bytearray) -> Turn | None:
        for line in waiting:
            while line and asked[line[-1]]:
                line.pop()
        for band in self._cursor.owed:
            if band < len(BANDS) and waiting[band]:
                return Turn(band, None)
        size = len(self._round)
        places = ((self._cursor.place + step) % size for step in range(size))
        return next((Turn(self._round[at], at) for at in places if waiting[self._round[at]]), None)


def _each_once(line: list[int], asked: bytearray) -> Iterator[int]:
    """Take them off, from the last one on, but for those whom another band was asked for."""
    while line:
        at = line.pop()
        if not asked[at]:
            asked[at] = True
            yield at


def round_of(weights: Sequence[int]) -> tuple[int, ...]:
    """One round: each band as often as its weight says, as evenly as it goes; empty without weights."""
    if not any(weights):
        return ()
    divisor = reduce(gcd, weights)
    shares = [weight // divisor for weight in weights]
    credit, turns = [0] * len(shares), []
    for _ in range(sum(shares)):
        credit = [has + share for has, share in zip(credit, shares, strict=True)]
        band = max(range(len(shares)), key=lambda band: credit[band])
        credit[band] -= sum(shares)
        turns.append(band)
    return tuple(turns)


def moved(
    cursor: Cursor, turns: Sequence[tuple[Turn, TaskId]], policy: Policy, is_started: Callable[[TaskId], bool]
) -> Cursor:
    """Where the round stands when these starts of a plan, in its order, have come off or not. A start that
    came to nothing, because its claim was lost or its wrapper did not start, gives its band the turn back:
    it is owed, and comes first."""
    size = len(round_of(policy.band_weights))
    for turn, _ in turns:
        cursor = _after(cursor, turn, size)
    owed = tuple(turn.band for turn, task_id in turns if not is_started(task_id))
    return cursor._replace(owed=(*cursor.owed, *owed)[:size])


def _after(cursor: Cursor, turn: Turn, size: int) -> Cursor:
    """One turn further. What was owed and did not come before this one has nothing to start."""
    if turn.place is not None:
        return Cursor((turn.place + 1) % size)
    at = cursor.owed.index(turn.band)
    return cursor._replace(owed=cursor.owed[:at] + cursor.owed[at + 1 :])
