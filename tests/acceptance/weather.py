"""Bad days of a stub server that can be ended."""

from __future__ import annotations

from tests.integration.stub_http import behave_well
from tests.integration.stub_server import Behaviour, Handler, Message, StubServer


class Weather:
    """Some tools misbehave while it ``is_bad``."""

    def __init__(self, stub: StubServer, **behaviours: Behaviour) -> None:
        self.is_bad = True
        for tool, behaviour in behaviours.items():
            stub.always(tool, self._while_bad(behaviour))

    def _while_bad(self, behaviour: Behaviour) -> Behaviour:
        def behave(handler: Handler, message: Message) -> None:
            (behaviour if self.is_bad else behave_well)(handler, message)

        return behave
