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
from tinyscheduler.planner.bands import BANDS, CRITICAL, LOW, band_of
from tinyscheduler.planner.ranking import Rank, RankKey

Keyed = tuple[RankKey, int]
"""A task by its rank and its place among those that were given."""


class Line:
    """Runnable tasks, each once. Whoever reads it says of each that it started, before the next one.

    Nobody reads further than there are slots, so nothing is sorted: heaps give the first of those that are
    left, one for all tasks, or with turns one for each range of bands whose turns a task may take.
    """

    def __init__(self, tasks: Sequence[Task], rank: Rank, snapshot: StartSnapshot) -> None:
        # An idle pass has no task, and does not load it.
        from heapq import heapify

        self._tasks = tasks
        self._cursor = snapshot.cursor
        self._round = round_of(snapshot.policy.band_weights)
        self._turn: Turn | None = None
        keyed = [(rank(task), at) for at, task in enumerate(tasks)]
        ranges = self._by_range(keyed, snapshot.policy) if self._round else {(CRITICAL, LOW): keyed}
        for heap in ranges.values():
            heapify(heap)
        self._of_band = [
            [heap for (best, own), heap in ranges.items() if best <= band <= own]
            for band in range(len(BANDS))
        ]

    def __iter__(self) -> Iterator[Task]:
        return self._in_turns() if self._round else self._left_of(CRITICAL)

    def started(self) -> Turn | None:
        """The last task did start: the turn that it took, None where there are no turns."""
        turn, self._turn = self._turn, None
        if turn is not None:
            self._cursor = _after(self._cursor, turn, len(self._round))
        return turn

    def _in_turns(self) -> Iterator[Task]:
        while (turn := self._next_turn()) is not None:
            # Nobody else's turn comes before one of this band has started, or none is left of it.
            for task in self._left_of(turn.band):
                self._turn = turn
                yield task
                if self._turn is not turn:
                    break

    def _left_of(self, band: int) -> Iterator[Task]:
        """Those who may take its turn and were not asked yet, the first one first; each is taken out."""
        from heapq import heappop

        heaps = self._of_band[band]
        while left := [heap for heap in heaps if heap]:
            _, at = heappop(min(left, key=itemgetter(0)))
            yield self._tasks[at]

    def _by_range(self, keyed: Sequence[Keyed], policy: Policy) -> dict[tuple[int, int], list[Keyed]]:
        """By the best band whose turn a task may take, and its own; in the server's order nothing ages."""
        ranges: dict[tuple[int, int], list[Keyed]] = {}
        for each in keyed:
            key, at = each
            own = band_of(self._tasks[at].priority, policy)
            best = max(CRITICAL, key[0]) if policy.orders_blockers_first else own
            ranges.setdefault((best, own), []).append(each)
        return ranges

    def _next_turn(self) -> Turn | None:
        waits = [any(heaps) for heaps in self._of_band]
        for band in self._cursor.owed:
            if band < len(BANDS) and waits[band]:
                return Turn(band, None)
        size = len(self._round)
        places = ((self._cursor.place + step) % size for step in range(size))
        return next((Turn(self._round[at], at) for at in places if waits[self._round[at]]), None)


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
