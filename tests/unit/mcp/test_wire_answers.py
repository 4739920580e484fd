"""What comes back: framing and results, and anything at all."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.mcp.wires import JSON, STREAM, reply, result_of, stream, text_result
from tinyscheduler.adapters.mcp import faults, wire
from tinyscheduler.adapters.mcp.answer import Answer
from tinyscheduler.errors import ServerRefused, ServerUnavailable, TinySchedulerError


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085"])
def test_only_line_feeds_end_a_line(separator: str) -> None:
    """The server sends these raw in titles; ``splitlines`` would cut the JSON there."""
    body = stream(reply({"title": f"a{separator}b"}))

    assert separator.encode() in body
    assert result_of(body, STREAM, 7) == {"title": f"a{separator}b"}


def test_carriage_returns_before_line_feeds_belong_to_the_line_end() -> None:
    assert result_of(stream(reply("yes"), end="\r\n"), STREAM, 7) == "yes"


def test_several_data_lines_are_one_text() -> None:
    body = b'data: {"jsonrpc":"2.0","id":7,\ndata:"result":\ndata: "yes"}\n\n'

    assert result_of(body, STREAM, 7) == "yes"


def test_comments_ids_and_a_byte_order_mark_are_passed_over() -> None:
    body = b"\xef\xbb\xbf: ping\nid: 3\nretry: 100\n\n" + stream(reply("yes"))

    assert result_of(body, STREAM, 7) == "yes"


def test_other_messages_of_the_stream_are_passed_over() -> None:
    """Progress, requests of the server and answers to somebody else may come first."""
    body = stream(
        {"jsonrpc": "2.0", "method": "notifications/message", "params": {}},
        {"jsonrpc": "2.0", "id": 7, "method": "sampling/createMessage"},
        reply("no", call_id=6),
        "not even an object",
        reply("yes"),
    )

    assert result_of(body, STREAM, 7) == "yes"


def test_a_broken_event_does_not_hide_the_answer() -> None:
    assert result_of(b"data: {broken\n\n" + stream(reply("yes")), STREAM, 7) == "yes"


def test_an_id_that_comes_back_as_text_is_still_ours() -> None:
    assert result_of(stream(reply("yes", call_id="7")), STREAM, 7) == "yes"


def test_plain_json_and_a_batch_are_answers_too() -> None:
    message = reply("yes")

    assert result_of(json.dumps(message).encode(), f"{JSON}; charset=utf-8", 7) == "yes"
    assert result_of(json.dumps([reply("no", 6), message]).encode(), JSON, 7) == "yes"


def test_bytes_that_are_no_utf_8_spoil_one_letter_and_not_the_list() -> None:
    body = stream(reply("a?b")).replace(b"?", b"\xff")

    assert result_of(body, STREAM, 7) == "a\ufffdb"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_an_answer_may_arrive_in_any_pieces(size: int) -> None:
    body = stream({"method": "notifications/progress"}, reply("ja\u2028äöü"), end="\r\n")
    answer = Answer(STREAM, 7)

    told = [answer.feed(body[at : at + size]) for at in range(0, len(body), size)]

    assert answer.result() == "ja\u2028äöü"
    assert told[-1]
    assert not told[0]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", STREAM),
        (b"", JSON),
        (b"\n\n\n", STREAM),
        (stream(reply("no", call_id=6)), STREAM),
        (stream(reply("yes"))[:-20], STREAM),
        (json.dumps(reply("yes")).encode()[:-5], JSON),
        (b"null", JSON),
        (b"[" * 200_000, JSON),
        (b'{"id":7,"result":' + b"[" * 200_000 + b"]" * 200_000 + b"}", JSON),
        (b'{"id":7,"result":' + b"9" * 10_000 + b"}", JSON),
        (b"<!doctype html><title>Login</title>", "text/html; charset=utf-8"),
        (json.dumps(reply("yes")).encode(), "text/plain"),
        (json.dumps(reply("yes")).encode(), ""),
    ],
    ids=str,
)
def test_what_is_no_answer_is_unavailable(body: bytes, kind: str) -> None:
    """Cut in the middle, nested too deeply, another language: never an exception of a library."""
    with pytest.raises(ServerUnavailable):
        result_of(body, kind, 7)


def test_a_page_for_people_is_named_by_its_type() -> None:
    with pytest.raises(ServerUnavailable, match="text/html") as caught:
        result_of(b"<html>\x1b[31mLog in", "text/html", 7)

    assert "MCP_ENDPOINT" in caught.value.hint
    assert "\x1b" not in caught.value.message


def test_a_json_rpc_error_is_a_refusal_with_code_and_text() -> None:
    body = stream({"jsonrpc": "2.0", "id": 7, "error": {"code": -32601, "message": "Method not found"}})

    with pytest.raises(ServerRefused, match=r"-32601.*Method not found"):
        result_of(body, STREAM, 7)


def test_an_error_that_could_not_name_our_call_counts_when_nothing_better_comes() -> None:
    nameless = {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "Parse error"}}

    with pytest.raises(ServerRefused, match="Parse error"):
        result_of(json.dumps(nameless).encode(), JSON, 7)
    assert result_of(stream(nameless, reply("yes")), STREAM, 7) == "yes"


@pytest.mark.parametrize("error", ["text", 5, [], {"message": 5}, {}])
def test_an_odd_error_object_is_a_refusal_all_the_same(error: object) -> None:
    with pytest.raises(ServerRefused):
        result_of(stream({"id": 7, "error": error}), STREAM, 7)


# --- results ---------------------------------------------------------------------------------------


def test_the_value_is_the_json_in_the_text() -> None:
    assert wire.value_of(text_result('{\n  "count": 0\n}')) == {"count": 0}
    assert wire.value_of(text_result("[1]")) == [1]


def test_a_sentence_before_the_json_is_passed_over() -> None:
    claimed = 'Task #2 claimed and set to working status\n\n{ "id": 2 }'
    confusing = 'Task "[x] {y}" moved\n\n{"id": 2}'
    short = 'Moved: {"id": 2}'

    assert [wire.value_of(text_result(text)) for text in (claimed, confusing, short)] == [{"id": 2}] * 3


def test_structured_content_serves_when_there_is_no_text() -> None:
    assert wire.value_of({"content": [], "structuredContent": {"id": 2}}) == {"id": 2}


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        "text",
        {},
        {"content": "text"},
        {"content": [{"type": "image"}]},
        text_result("No idle tasks available in queue for agent: bob"),
        text_result('{"tasks": [{"id": 1}, {"id"'),
        text_result("{" * 100_000),
        text_result(""),
    ],
    ids=str,
)
def test_a_result_without_whole_json_is_unavailable(result: object) -> None:
    """A list cut in the middle must not be taken for the first object in it."""
    with pytest.raises(ServerUnavailable):
        wire.value_of(result)


def test_only_true_is_an_error() -> None:
    """A successful call of the public server has no ``isError``; others send false."""
    assert wire.value_of(text_result("{}", isError=False)) == {}
    with pytest.raises(ServerRefused):
        wire.value_of(text_result("{}", isError=True))


# --- anything --------------------------------------------------------------------------------------


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(body=st.binary(), kind=st.sampled_from([STREAM, JSON, "text/html", "", "\x00"]))
@example(body=b"data:\n\n", kind=STREAM)
@example(body=b"data: {}\r", kind=STREAM)
@example(body=b'{"id":7,"error":null}', kind=JSON)
def test_no_bytes_raise_anything_but_our_errors(body: bytes, kind: str) -> None:
    raises_only_ours(body, kind)


@given(before=st.binary(max_size=30), after=st.binary(max_size=30), result=json_values)
def test_no_bytes_around_an_answer_raise_anything_but_our_errors(
    before: bytes, after: bytes, result: object
) -> None:
    raises_only_ours(before + b"data: " + json.dumps(reply(result)).encode() + after, STREAM)


@given(result=json_values | st.builds(text_result, st.text(), isError=st.booleans()))
def test_no_result_raises_anything_but_our_errors(result: object) -> None:
    raises_only_ours(json.dumps(reply(result)).encode(), JSON)


def raises_only_ours(body: bytes, kind: str) -> None:
    try:
        wire.value_of(result_of(body, kind, 7))
    except TinySchedulerError as error:
        message = error.message
    else:
        return
    assert "\n" not in message
    assert len(message) < faults.EXCERPT_MAX_CHARS + 200
