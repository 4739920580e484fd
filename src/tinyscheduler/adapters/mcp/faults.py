"""What a task server can answer instead of a result, told apart by its text and its HTTP status.

Apart from ``wire`` because it is a table, not a parser: the public server has no error codes for
tools, only sentences (tinytask 2.1), so the order of the rows is the contract.

Two verdicts matter to the core and must not be confused. ``ServerRefused`` is about the *task*:
repeating it changes nothing, and three of them end a settlement. ``ServerUnavailable`` is about the
*way*: a wrong token, a wrong path, a proxy's page. Those are mended by an operator, and no task may
be given up meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, Literal, NamedTuple, TypeVar

from tinyscheduler.errors import (
    NotAssigned,
    ServerRefused,
    ServerUnavailable,
    TaskNotFound,
    TaskServerError,
    TaskUnreadable,
)

T = TypeVar("T")

EXCERPT_MAX_CHARS: Final = 300
"""Of a foreign text in a message: enough for a sentence, too short for a page."""


class NotSent(ServerUnavailable):
    """The request never left: nobody listens, no such host. Safe to repeat, whatever it was."""


class NotDone(ServerUnavailable):
    """The server says that it did nothing and that the same call may work at once (a locked
    database rolls back, tinytask 5). Safe to repeat, whatever it was."""


class Dropped(ServerUnavailable):
    """The connection or a proxy failed on the way. Safe to repeat where repeating changes nothing."""


class SessionNeeded(ServerUnavailable):
    """The server keeps sessions and knows none of ours; the request was not carried out."""


class NotSpoken(ServerUnavailable):
    """The address does not take requests in this transport; the request was not carried out."""


class AnswerTooLarge(ServerUnavailable):
    """The answer is above the cap; asking for less may work."""


class UnknownTool(ServerRefused):
    """The server does not offer this tool: an older one, or another kind of server."""


WRONG_TYPE: Final = '"invalid_type"'
"""In the words for an argument that is, say, no number (tinytask 2.1)."""

How = Literal["starts", "contains", "always"]


class TextRule(NamedTuple):
    """One row of the table: the first whose condition holds gives the verdict."""

    name: str
    how: How
    text: str
    verdict: type[TaskServerError]
    hint: str = ""


TEXT_RULES: Final = (
    TextRule("locked", "contains", "database is locked", NotDone),
    TextRule("unknown-tool", "starts", "Unknown tool", UnknownTool),
    # Before the rows that look for words inside: a validation error quotes what it was given.
    TextRule("invalid-arguments", "starts", "Error calling tool", ServerRefused),
    TextRule("not-found", "starts", "Task not found", TaskNotFound),
    # "Error updating task: Task not found: 7"; not "Parent task not found" or "Blocking task ...".
    TextRule("not-found-inside", "contains", ": Task not found", TaskNotFound),
    TextRule("not-assigned", "contains", "is not assigned to", NotAssigned),
    TextRule("complete", "contains", "cannot be transferred", NotAssigned),
    TextRule("other", "always", "", ServerRefused),
)


def rule_for(text: str) -> TextRule:
    """Which row an error text falls under; the last one takes everything."""
    return next(rule for rule in TEXT_RULES if _holds(rule, text))


def _holds(rule: TextRule, text: str) -> bool:
    match rule.how:
        case "starts":
            return text.startswith(rule.text)
        case "contains":
            return rule.text in text
        case "always":
            return True


def tool_fault(text: str) -> TaskServerError:
    """The error for a tool that answered ``isError`` with this text."""
    rule = rule_for(text)
    said = excerpt(text) or "an error without a text"
    return rule.verdict(f"the task server says: {said}", hint=rule.hint)


def rpc_fault(code: object, text: str) -> TaskServerError:
    """The error for a JSON-RPC ``error`` object: by its text where the table knows it."""
    if _asks_for_session(text):
        return SessionNeeded(f"the task server wants a session: {excerpt(text)}")
    rule = rule_for(text)
    verdict = ServerRefused if rule.how == "always" else rule.verdict
    return verdict(f"the task server answers JSON-RPC error {code}: {excerpt(text)}")


class StatusRule(NamedTuple):
    """What an HTTP status other than success means here, for people."""

    first: int
    last: int
    meaning: str
    hint: str
    verdict: type[ServerUnavailable] = ServerUnavailable


_ENDPOINT = "Check TINYSCHEDULER_MCP_ENDPOINT: it should name the MCP endpoint, usually ending in /mcp."
_PROXY = "A proxy or the server itself is overloaded or restarting; a pass asks again by itself."

STATUS_RULES: Final = (
    StatusRule(300, 399, "a redirect, which is not followed", _ENDPOINT),
    StatusRule(400, 400, "that it cannot read the request", "Check that the server speaks MCP over HTTP."),
    StatusRule(401, 403, "that we may not", "Check TINYSCHEDULER_MCP_TOKEN_FILE and _MCP_HEADERS."),
    StatusRule(404, 404, "that there is nothing at this address", _ENDPOINT, NotSpoken),
    StatusRule(405, 405, "that this address takes no calls", _ENDPOINT, NotSpoken),
    StatusRule(406, 406, "that it cannot answer in our formats", "Does a proxy change the Accept header?"),
    StatusRule(413, 413, "that the request is too large", "Raise the body limit of the proxy."),
    StatusRule(415, 415, "that it does not take JSON", "Does a proxy change the Content-Type header?"),
    StatusRule(429, 429, "that there are too many requests", _PROXY, NotDone),
    StatusRule(500, 500, "an internal error", "See the server's own log."),
    StatusRule(502, 504, "that the server behind it does not answer", _PROXY, Dropped),
    StatusRule(0, 999, "with a status nobody expects here", _ENDPOINT),
)

_SESSION_HINT: Final = (
    "It wants a session and gives none, neither over Streamable HTTP nor over the older SSE transport. "
    "Check TINYSCHEDULER_MCP_ENDPOINT, and the server's own log."
)


def status_fault(status: int, *, location: str, body: bytes, has_session: bool) -> ServerUnavailable:
    """The error for an HTTP answer that is no success. ``location`` without its query, or empty."""
    said = body_excerpt(body)
    if status in {400, 404} and (_asks_for_session(said) or (status == 404 and has_session)):
        return SessionNeeded(
            f"the task server answers {status} about the session: {said}", hint=_SESSION_HINT
        )
    rule = next(rule for rule in STATUS_RULES if rule.first <= status <= rule.last)
    details = ": ".join(part for part in (f"to {excerpt(location)}" if location else "", said) if part)
    message = f"the task server answers {status}, {rule.meaning}" + (f" ({details})" if details else "")
    return rule.verdict(message, hint=rule.hint)


def not_spoken(status: int, fault: ServerUnavailable) -> ServerUnavailable:
    """The error for a stream that is not opened: most that a server says no to are no streams of its; a
    wrong token, too many requests and what is broken say nothing of how it speaks."""
    is_about_streams = 400 <= status < 500 and status not in {401, 403, 429}
    return NotSpoken(fault.message, hint=fault.hint) if is_about_streams else fault


def trust_fault(said: str) -> ServerUnavailable:
    """The error for TLS that came to nothing; ``said`` by the library."""
    # OpenSSL's words for an answer that is no TLS at all: nearly always plain http.
    if any(word in said.upper().replace(" ", "_") for word in _NOT_TLS):
        hint = "Write http:// in TINYSCHEDULER_MCP_ENDPOINT, or name the port that speaks TLS."
        return ServerUnavailable("the task server does not speak TLS on this port", hint=hint)
    hint = "Name the file of an authority of your own in TINYSCHEDULER_MCP_CA_FILE."
    return ServerUnavailable(f"the task server cannot be trusted: {said}", hint=hint)


_NOT_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")


def time_fault(limit_s: float) -> ServerUnavailable:
    """The error for a call that was sent and not answered in time."""
    hint = "Is TINYSCHEDULER_MCP_ENDPOINT the right port? A slow one needs TINYSCHEDULER_MCP_TIMEOUT_SEC."
    message = f"the task server did not answer within {limit_s:.3g} s"
    return ServerUnavailable(message, hint=hint, maybe_applied=True)


def _asks_for_session(text: str) -> bool:
    """The public server's SSE mode, the official SDKs in Python and TypeScript all say one of these."""
    low = text.lower()
    return "session" in low or "not initialized" in low or "before initialization" in low


def body_excerpt(body: bytes) -> str:
    """What a body says in one line: the message of a JSON error, else nothing but its beginning."""
    text = body[:4096].decode("utf-8", "replace")
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return excerpt(text, 80)
    inner = found.get("error", found) if isinstance(found, dict) else found
    message = inner.get("message", inner) if isinstance(inner, dict) else inner
    return excerpt(message if isinstance(message, str) else text)


def of_one_task(task_id: str, read: Callable[[], T]) -> T:
    """Whoever may comment can make a task longer than we read: that is the task's fault, and the server goes
    on being asked about the others. Raises TaskUnreadable."""
    try:
        return read()
    except AnswerTooLarge as error:
        raise TaskUnreadable(
            f"Task {task_id[:40]} with its comments is longer than we read: {error.message}",
            hint="delete long comments of it, or go on with a new task; nothing is done with it until then",
        ) from error


def after_write(read: Callable[[], T]) -> T:
    """What cannot be read after a write has been done all the same."""
    try:
        return read()
    except ServerUnavailable as error:
        error.maybe_applied = True
        raise


def excerpt(text: str, max_chars: int = EXCERPT_MAX_CHARS) -> str:
    """One printable line: a foreign text may hold escape sequences, and errors go to terminals."""
    line = "".join(c if c.isprintable() else " " for c in text[: max_chars * 4])
    short = " ".join(line.split())
    return short if len(short) <= max_chars else short[: max_chars - 1] + "…"
