"""One thread between the web server's loop and the store: calls wait in a line, and are done together.

A locked database or a slow disk stalls calls, but not ``/health`` or the loop. What came in while the
disk was busy is done as one batch with one sync at its end, and nobody is answered before it: so a
write that was acknowledged is on the disk, and four clients do not pay for four syncs (ADR 0026).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Final, NamedTuple

from tinyscheduler.errors import TinySchedulerError
from tinyscheduler.taskserver.tools import Answer, Refusal, unexpected
from tinyscheduler.taskstore.store import Store

BATCH_MAX: Final = 64
"""The first of a batch waits for the last; writes take half a millisecond each."""
BATCH_CHARS_MAX: Final = 16_000_000
"""Two long lists: what is not told yet stays in memory."""

Call = Callable[[Store], Answer]
"""One that raises is answered as a bug is, and so are the others of its batch."""


class _Asked(NamedTuple):
    """One who waits."""

    call: Call
    answered: asyncio.Future[Answer]


class Clerk:
    """Serves one store, in a thread of its own from ``start`` to ``end``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._line: SimpleQueue[_Asked | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="clerk", daemon=True)

    def start(self) -> None:
        """Once."""
        self._thread.start()

    def end(self) -> None:
        """After those who are in the line."""
        self._line.put(None)
        self._thread.join()

    async def ask(self, call: Call) -> Answer:
        """Wait for one's turn. Who is cancelled meanwhile is served all the same."""
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._line.put(_Asked(call, answered))
        return await answered

    def _work(self) -> None:
        while True:
            batch = self._next_batch()
            if not batch:
                return
            while batch:
                answers = _done(self._store, [asked.call for asked in batch])
                done, batch = batch[: len(answers)], batch[len(answers) :]
                done[0].answered.get_loop().call_soon_threadsafe(_tell, done, answers)

    def _next_batch(self) -> list[_Asked]:
        """Whoever is there; waits for the first. Empty: the end."""
        found: list[_Asked] = []
        while not found or (len(found) < BATCH_MAX and not self._line.empty()):
            asked = self._line.get()
            if asked is None:
                # Those before it are served first, and the end is met again.
                if found:
                    self._line.put(None)
                return found
            found.append(asked)
        return found


def _done(store: Store, calls: Sequence[Call]) -> list[Answer]:
    """Of the first ones, at least one; they are together on the disk."""
    try:
        if len(calls) == 1:
            return [calls[0](store)]
        store.hold()
        answers = _answered(store, calls)
        store.sync()
    except TinySchedulerError as error:
        # What was written may be lost by a power cut; nobody is told that it is done.
        refusal = Refusal(error.reference, is_worth_repeating=True, maybe_applied=True)
        return [Answer(f"{error.message}; the change may have been made", refusal) for _ in calls]
    except Exception as error:  # the edge of the thread: without it nobody would ever be answered again
        return [unexpected("of a batch", error, maybe_applied=True)] * len(calls)
    return answers


def _answered(store: Store, calls: Sequence[Call]) -> list[Answer]:
    answers: list[Answer] = []
    size = 0
    for call in calls:
        answers.append(call(store))
        size += len(answers[-1].text)
        if size > BATCH_CHARS_MAX:
            break
    return answers


def _tell(batch: Sequence[_Asked], answers: Sequence[Answer]) -> None:
    for asked, answer in zip(batch, answers, strict=True):
        if not asked.answered.done():
            asked.answered.set_result(answer)
