"""Several callers of one server whose calls come in an order that the test says, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Condition, Thread
from typing import Generic, TypeVar, cast

from tests.fakes.task_server import FakeTaskServer
from tinyscheduler.ports import TaskServer

T = TypeVar("T")
LIMIT_S = 20


class Cut(BaseException):
    """The caller is dead. Not an Exception: nothing of the product may catch it."""


class Turns(Generic[T]):
    """``order`` names callers by number, once for each call; whoever is not named in the rest comes after
    them. ``cut`` are callers with the number of calls after which they die."""

    def __init__(
        self, server: FakeTaskServer, order: Sequence[int], *, cut: dict[int, int] | None = None
    ) -> None:
        self._server = server
        self._order = list(order)
        self._cut = cut or {}
        self._changed = Condition()
        self._is_over: set[int] = set()

    def play(self, callers: Sequence[Callable[[TaskServer], T]]) -> list[T | None]:
        """What each has answered; None: it died."""
        answers: list[T | None] = [None] * len(callers)

        def live(number: int) -> None:
            try:
                answers[number] = callers[number](cast("TaskServer", _Line(self, number)))
            except Cut:
                pass
            finally:
                with self._changed:
                    self._is_over.add(number)
                    self._changed.notify_all()

        threads = [Thread(target=live, args=(number,)) for number in range(len(callers))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
            assert not thread.is_alive(), "a caller waits for a turn that never comes"
        return answers

    def call(self, number: int, act: Callable[[], object]) -> object:
        with self._changed:
            assert self._changed.wait_for(lambda: self._is_next(number), LIMIT_S)
            if self._order:
                self._order.pop(0)
            if number in self._cut:
                self._cut[number] -= 1
                if self._cut[number] < 0:
                    raise Cut
            try:
                return act()
            finally:
                self._changed.notify_all()

    def of_server(self, name: str) -> object:
        return getattr(self._server, name)

    def _is_next(self, number: int) -> bool:
        while self._order and self._order[0] in self._is_over:
            self._order.pop(0)
        return not self._order or self._order[0] == number


class _Line:
    """``ports.TaskServer`` of one caller."""

    def __init__(self, turns: Turns[T], number: int) -> None:
        self._turns = turns
        self._number = number

    def __getattr__(self, name: str) -> object:
        found = self._turns.of_server(name)
        if not callable(found):
            return found

        def call(*args: object, **kwargs: object) -> object:
            return self._turns.call(self._number, lambda: found(*args, **kwargs))

        return call
