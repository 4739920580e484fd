"""A command of the operator's that says what a test wants, and takes as long."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from tests.fakes.clock import FakeClock
from tinyscheduler.ports import HookAnswer

YES = HookAnswer(0, "")


class FakeHooks:
    """``ports.Hooks``. ``say`` answers for the id of a task."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.say: Callable[[str], HookAnswer] = lambda _task_id: YES
        self.takes_s = 0.0
        self.asked: list[str] = []
        """Ids of tasks, in the order of the questions."""

    def ask(self, argv: Sequence[str], question: bytes, *, timeout_s: float) -> HookAnswer:
        assert argv, "nobody is asked where no command is named"
        task_id = str(json.loads(question)["task_id"])
        self.asked.append(task_id)
        self._clock.advance(min(self.takes_s, timeout_s))
        if self.takes_s > timeout_s:
            return HookAnswer(None, f"it has not answered within {timeout_s:g} s")
        return self.say(task_id)
