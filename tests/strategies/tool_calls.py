"""What clients of the task server may send: arguments that fit a tool, nearly fit, or are anything."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from tinyscheduler.taskserver.tools import TOOLS

ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-1, 5)
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from(["1", "2", "", " ", "null", "idle", "working", "dev", "bob", "1e400", "9" * 30])
    | st.sampled_from([10**30, 10**400, -(10**400)]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FITTING = {
    "string": st.sampled_from(["bob", "sue", "dev", "", "null", "idle", "x" * 300, "\ud800", "a\nb\x00"]),
    "number": st.integers(-1, 6) | st.sampled_from(["3", 2**63, -(2**80), 10**400, 1.5]),
    "boolean": st.booleans(),
    "array": st.lists(st.text(max_size=5), max_size=3),
}


@st.composite
def calls(draw: st.DrawFn, tool: str) -> dict[str, object]:
    """Mostly nearly right: what is plainly wrong is refused before it meets the store."""
    found: dict[str, object] = {}
    for argument in TOOLS[tool].arguments:
        kind = argument.kind.schema.get("type", "string")
        fitting = FITTING[kind[0] if isinstance(kind, list) else str(kind)]
        if argument.is_required or draw(st.booleans()):
            found[argument.name] = draw(st.one_of(fitting, fitting, fitting, ANY))
    if draw(st.integers(0, 9)) == 0:
        found[draw(st.text(max_size=8))] = draw(ANY)
    return found


SENSIBLE = {
    "string": st.sampled_from(["bob", "dev", "a task", "idle", "complete"]),
    "number": st.integers(1, 3),
    "boolean": st.booleans(),
    "array": st.lists(st.sampled_from(["a", "b"]), max_size=2),
}


@st.composite
def sensible_calls(draw: st.DrawFn, tool: str) -> dict[str, object]:
    """Nearly all of them are carried out, as far as such a task is there."""
    found: dict[str, object] = {}
    for argument in TOOLS[tool].arguments:
        kind = argument.kind.schema.get("type", "string")
        if argument.is_required or draw(st.sampled_from([False, False, True])):
            found[argument.name] = draw(SENSIBLE[kind[0] if isinstance(kind, list) else str(kind)])
    return found


NUMBERS = st.one_of(st.integers(0, 9), st.text(max_size=5), st.sampled_from([2**60, -1]))
OTHER_METHODS = (
    "ping", "tools/list", "resources/list", "resources/read", "resources/templates/list", "prompts/list",
    "logging/setLevel", "notifications/cancelled", "notifications/initialized", "nope", "",
)  # fmt: skip
RARELY = st.sampled_from([False] * 9 + [True])


@st.composite
def messages(draw: st.DrawFn) -> dict[str, object]:
    """A call of a tool, sometimes of another method; sometimes a part of it is missing, or is anything."""
    tool = draw(st.sampled_from(list(TOOLS)))
    arguments = draw(st.sampled_from([sensible_calls, sensible_calls, calls]))(tool)
    params: object = {"name": "nope" if draw(RARELY) else tool, "arguments": draw(arguments)}
    method = "tools/call"
    if draw(RARELY):
        method, params = draw(st.sampled_from(OTHER_METHODS)), draw(ANY)
    message: dict[str, object] = {"jsonrpc": "2.0", "id": draw(NUMBERS), "method": method, "params": params}
    if draw(RARELY):
        del message[draw(st.sampled_from(sorted(message)))]
    if draw(RARELY):
        message[draw(st.sampled_from(["jsonrpc", "id", "method", "params", "result"]))] = draw(ANY)
    return message


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """As they go over a wire: one message, a batch, a piece of one, or rubbish. Half surrogates and numbers
    without end are in it, as JSON may say them."""
    kind = draw(st.sampled_from(["message"] * 7 + ["batch", "piece", "value", "bytes"]))
    if kind == "bytes":
        return draw(st.binary(max_size=40))
    if kind == "batch":
        return json.dumps(draw(st.lists(messages(), max_size=4))).encode()
    if kind == "value":
        return json.dumps(draw(ANY)).encode()
    body = json.dumps(draw(messages())).encode()
    return body[: draw(st.integers(0, len(body)))] if kind == "piece" else body
