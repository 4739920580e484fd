"""One pass's conversation with the task server: calls, repeats, and the transport it is held in.

Apart from ``tasks`` because it knows calls and not tasks, and from ``line`` because it knows no HTTP.
httpx is loaded at the first call (ADR 0020); what is spoken of MCP is in ADR 0021, how the transport
is chosen in ADR 0022.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, Protocol

from tinyscheduler import __version__
from tinyscheduler.adapters.mcp import faults, manners, wire
from tinyscheduler.adapters.mcp.endpoint import checked_headers, endpoint_of, without_secrets
from tinyscheduler.adapters.mcp.line import Line
from tinyscheduler.adapters.mcp.opening import Way
from tinyscheduler.adapters.mcp.streamable import Streamable
from tinyscheduler.errors import ServerUnavailable, TaskServerError

if TYPE_CHECKING:
    from tinyscheduler.adapters.mcp.sse import Sse

Effect = Literal["read", "repeatable", "once"]
"""``read`` changes nothing; ``repeatable`` is a write that twice is the same as once; ``once`` is
a write that twice is two."""

REPEATS_MAX: Final = 2
"""A third repeat would help rarely and hold the lock always."""

REPEAT_PAUSE_S: Final = 0.1
"""Tripled for the second repeat; a locked database or a restarting proxy takes about that."""

LOOK_MAX_S: Final = 3.0
"""For the look whether a server that takes no POST speaks the older transport."""

TOOL_PAGES_MAX: Final = 20

UNKNOWN_ARGUMENT: Final = '"unrecognized_keys"'
"""Of a refusal, in the public server's words and ours (tinytask 2.1)."""


class Talk(Protocol):
    """A transport: what is asked in it, and what is answered."""

    def ask(self, body: wire.RequestBody, call_id: int) -> object:
        """The ``result`` of a JSON-RPC request."""

    def close(self) -> None:
        """Idempotent."""


class McpClient:
    """Calls tools. Not thread-safe; one object per pass, closed at its end."""

    def __init__(
        self,
        endpoint: str,
        *,
        headers: Mapping[str, str],
        timeout_s: float,
        budget_s: float,
        ca_file: str | None,
        memory: manners.Memory | None = None,
    ) -> None:
        """``timeout_s`` limits an exchange, ``budget_s`` the sum of all exchanges of this object.
        Raises ConfigError; opens nothing."""
        self.endpoint = endpoint_of(endpoint)
        self.manners = manners.Manners(self.endpoint.source, memory)
        ours = {"User-Agent": f"tinyscheduler/{__version__}", **checked_headers(headers)}
        self._secrets = dict(headers)
        self._line = Line(Way(self.endpoint, ours, ca_file), timeout_s=timeout_s, budget_s=budget_s)
        self._talk: Talk | None = None
        self._is_settled = False
        """The transport has served, or a second one was looked for in vain: no more looking."""
        self._calls = wire.OPENING_ID

    def call(self, tool: str, arguments: Mapping[str, wire.Argument], effect: Effect) -> object:
        """The value a tool returns. Raises ServerUnavailable, ServerRefused and what
        ``faults.TEXT_RULES`` names; ``maybe_applied`` looks back over all repeats."""
        try:
            return self._call_repeatedly(tool, arguments, effect)
        except TaskServerError as error:
            manner = self.manners.manner
            is_gone = isinstance(error, faults.UnknownTool) and tool in (manner.tools or ())
            if is_gone or UNKNOWN_ARGUMENT in error.message:
                # The server was exchanged: what the list of its tools has led to does not fit any more.
                self.manners.learn(manner._replace(tools=None))
            raise self._placed(error, tool) from error.__cause__

    def offers(self, tool: str, *, anew: bool = False) -> bool:
        """Whether the server has this tool. ``anew``: a remembered *no* is asked again, for who would refuse
        a person something because of it. Raises ServerUnavailable, ServerRefused."""
        tools = self.manners.manner.tools
        if tools is None or (anew and tool not in tools):
            try:
                tools = self._listed_tools()
            except TaskServerError as error:
                if isinstance(error, ServerUnavailable):
                    # It was a question.
                    error.maybe_applied = False
                raise self._placed(error, "tools/list") from error.__cause__
            self.manners.learn(self.manners.manner._replace(tools=tools))
        return tool in tools

    def close(self) -> None:
        """Idempotent."""
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()
        self._line.close()

    def _placed(self, error: TaskServerError, what: str) -> TaskServerError:
        """The error with what was asked and where in its message, and nothing of what is secret."""
        place = f" [{what} at {self.endpoint.shown}]"
        error.message = without_secrets(error.message, self._secrets) + place
        error.args = (error.message,)
        return error

    def _listed_tools(self) -> frozenset[str]:
        names: set[str] = set()
        cursor = ""
        for _ in range(TOOL_PAGES_MAX):
            params = {"cursor": cursor} if cursor else {}
            page = wire.tools_of(self._asked("tools/list", params))
            names.update(page.names)
            cursor = page.cursor
            if not cursor:
                break
        return frozenset(names)

    def _call_repeatedly(self, tool: str, arguments: Mapping[str, wire.Argument], effect: Effect) -> object:
        was_sent = False
        for repeats in range(REPEATS_MAX + 1):
            try:
                return self._call_once(tool, arguments)
            except ServerUnavailable as error:
                was_sent = was_sent or (error.maybe_applied and effect != "read")
                error.maybe_applied = was_sent
                if repeats == REPEATS_MAX or not self._may_repeat(error, effect):
                    raise
            self._pause(repeats)
        raise AssertionError("the last repeat returns or raises")

    def _may_repeat(self, error: ServerUnavailable, effect: Effect) -> bool:
        """Time-outs are not repeated: a server that stalls gets no better by more calls. A server that
        is not there is asked again twice in all, not twice for each call of the pass."""
        if isinstance(error, faults.NotSent):
            self._line.refusals += 1
            return self._line.refusals <= REPEATS_MAX
        return isinstance(error, faults.NotDone) or (isinstance(error, faults.Dropped) and effect != "once")

    def _pause(self, repeats: int) -> None:
        """With jitter: those who collided once should not collide again. Never longer than the budget."""
        from random import uniform

        pause_s = REPEAT_PAUSE_S * 3**repeats * uniform(0.5, 1.5)  # noqa: S311 no secret hangs on it
        pause_s = min(pause_s, max(self._line.left_s, 0))
        self._line.left_s -= pause_s
        time.sleep(pause_s)

    def _call_once(self, tool: str, arguments: Mapping[str, wire.Argument]) -> object:
        self._calls += 1
        result = self._answered(wire.call_body(self._calls, tool, arguments))
        try:
            return wire.value_of(result)
        except faults.NotDone:
            raise
        except ServerUnavailable as error:
            # Something was done and described in a way that we cannot read.
            error.maybe_applied = True
            raise

    def _asked(self, method: str, params: Mapping[str, object]) -> object:
        self._calls += 1
        return self._answered(wire.request_body(self._calls, method, params))

    def _answered(self, body: wire.RequestBody) -> object:
        """In the transport that is known, else in the one that the server turns out to speak."""
        if self._talk is None:
            self._talk = self._sse() if self.manners.manner.transport == "sse" else Streamable(self._line)
        try:
            result = self._talk.ask(body, self._calls)
        except (faults.NotSpoken, faults.SessionNeeded) as error:
            if self._is_settled:
                raise
            self._is_settled = True
            return self._answered_otherwise(error, body)
        except TaskServerError as error:
            # A no is an answer; what was not sent says nothing of how to speak.
            self._is_settled = self._is_settled or not isinstance(error, ServerUnavailable)
            raise
        self._is_settled = True
        return result

    def _answered_otherwise(self, error: ServerUnavailable, body: wire.RequestBody) -> object:
        """By the other transport; nothing was carried out yet. Raises ``error`` when it is no better."""
        assert self._talk is not None
        if isinstance(self._talk, Streamable):
            other: Talk = (sse := self._sse())
            try:
                sse.open(within_s=LOOK_MAX_S)
            except ServerUnavailable:
                raise error from None
            transport: manners.Transport = "sse"
        else:
            other, transport = Streamable(self._line), "http"
        self._talk.close()
        self._talk = other
        result = other.ask(body, self._calls)
        self.manners.learn(manners.Manner(transport=transport))
        return result

    def _sse(self) -> Sse:
        from tinyscheduler.adapters.mcp.sse import Sse

        return Sse(self._line)
