"""The one thread before the store: in turn, in batches, and nobody is told before it is on the disk."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskserver.clerk import BATCH_CHARS_MAX, BATCH_MAX, Clerk
from tinyscheduler.taskserver.tools import Answer, answer
from tinyscheduler.taskstore.store import Store


def served(desk: Desk, calls: list[Callable[[Store], Answer]]) -> list[Answer]:
    """All asked for at once, while the clerk still has to begin."""

    async def ask() -> list[Answer]:
        clerk = Clerk(desk.store)
        waiting = [asyncio.ensure_future(clerk.ask(call)) for call in calls]
        await asyncio.sleep(0)
        clerk.start()
        try:
            return await asyncio.wait_for(asyncio.gather(*waiting), 20)
        finally:
            clerk.end()

    return asyncio.run(ask())


def creating(number: int) -> Callable[[Store], Answer]:
    return lambda store: answer(store, "create_task", {"title": str(number), "created_by": "me"})


def test_everybody_gets_their_own_answer_in_their_turn(desk: Desk) -> None:
    count = 2 * BATCH_MAX + 5

    said = served(desk, [creating(number) for number in range(count)])

    assert [f'"id": {number + 1},' in answer.text for number, answer in enumerate(said)] == [True] * count
    assert [f'"title": "{number}"' in answer.text for number, answer in enumerate(said)] == [True] * count


def test_a_refusal_in_a_batch_is_nobody_elses(desk: Desk) -> None:
    def refused(store: Store) -> Answer:
        return answer(store, "get_task", {"id": 99})

    said = served(desk, [creating(1), refused, creating(2)])

    assert [answer.refusal is None for answer in said] == [True, False, True]
    assert desk.call("list_tasks")["count"] == 2


def test_long_answers_are_told_before_all_of_a_batch_are_there(desk: Desk) -> None:
    """What nobody has been told yet stays in memory."""
    told: list[int] = []
    length = BATCH_CHARS_MAX // 2 + 1

    def note(number: int, _: object) -> None:
        told.append(number)

    async def ask() -> list[int]:
        clerk = Clerk(desk.store)
        waiting = [asyncio.ensure_future(clerk.ask(lambda _: Answer("x" * length))) for _ in range(6)]
        for number, one in enumerate(waiting):
            one.add_done_callback(partial(note, number))
        await asyncio.sleep(0)
        clerk.start()
        said = await asyncio.wait_for(asyncio.gather(*waiting), 20)
        clerk.end()
        return [len(answer.text) for answer in said]

    assert asyncio.run(ask()) == [length] * 6
    assert told == [0, 1, 2, 3, 4, 5]


def test_a_batch_that_cannot_be_synced_is_told_as_done_to_nobody(desk: Desk) -> None:
    """The file was taken away between the writes and the sync."""

    def replaced(store: Store) -> Answer:
        import os

        os.rename(store.path, store.path + ".away")
        return Answer("moved")

    said = served(desk, [creating(1), replaced])

    assert {answer.refusal.code for answer in said if answer.refusal} == {"task-server-unavailable"}
    assert all(answer.refusal is not None and answer.refusal.maybe_applied for answer in said)


def test_a_bug_is_answered_and_those_who_come_later_are_served(desk: Desk) -> None:
    """Of one call alone, and of one in a batch; the thread goes on."""

    def broken(store: Store) -> Answer:
        raise RuntimeError("title of a task")

    async def ask() -> list[Answer]:
        clerk = Clerk(desk.store)
        clerk.start()
        try:
            return [await asyncio.wait_for(clerk.ask(call), 20) for call in (broken, creating(1))]
        finally:
            clerk.end()

    alone, served_later = asyncio.run(ask())
    batch = served(desk, [creating(2), broken, creating(3)])

    assert [answer.refusal.code for answer in (alone, *batch) if answer.refusal] == ["internal"] * 4
    assert "title" not in alone.text
    assert '"id": 1,' in served_later.text


def test_who_has_gone_is_served_and_not_told(desk: Desk) -> None:
    async def go() -> Answer:
        clerk, begun = Clerk(desk.store), threading.Event()

        def slow(store: Store) -> Answer:
            begun.wait(20)
            return creating(1)(store)

        clerk.start()
        leaving = asyncio.ensure_future(clerk.ask(slow))
        await asyncio.sleep(0)
        leaving.cancel()
        begun.set()
        try:
            return await asyncio.wait_for(clerk.ask(creating(2)), 20)
        finally:
            clerk.end()

    said = asyncio.run(go())

    assert '"id": 2,' in said.text
    assert desk.call("list_tasks")["count"] == 2
