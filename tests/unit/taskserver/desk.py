"""Somebody who calls tools, without the way to them."""

import json

from tinyscheduler.taskserver.tools import Answer, Refusal, answer
from tinyscheduler.taskstore.store import Store


class Desk:
    """Somebody who calls tools."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def call(self, tool: str, **arguments: object) -> dict[str, object]:
        """What a tool that succeeds answers, without a sentence before it."""
        said = answer(self.store, tool, arguments)
        assert said.refusal is None, said.text
        found = json.loads(said.text)
        assert isinstance(found, dict)
        return found

    def say(self, tool: str, **arguments: object) -> Answer:
        return answer(self.store, tool, arguments)

    def issues(self, tool: str, **arguments: object) -> list[dict[str, object]]:
        """What is wrong with the arguments."""
        said = answer(self.store, tool, arguments)
        assert said.refusal == Refusal("bad-arguments")
        sentence, _, issues = said.text.partition(": ")
        assert sentence == f"Error calling tool {tool}"
        found = json.loads(issues)
        assert isinstance(found, list)
        return found

    def create(self, **arguments: object) -> dict[str, object]:
        return self.call("create_task", **{"title": "a task", "created_by": "me", **arguments})
