"""The first event of a stream, and what comes behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.adapters.mcp import wire
from tinyscheduler.adapters.mcp.answer import Event, event_named
from tinyscheduler.errors import ServerUnavailable

OPENING = b": hello\r\n\r\nevent: endpoint\r\ndata: /mcp?sessionId=7\r\n\r\nevent: mess"


def test_the_event_that_is_asked_for_is_found_behind_others() -> None:
    assert event_named("endpoint", OPENING) == Event("/mcp?sessionId=7", b"event: mess")


@pytest.mark.parametrize(
    "body",
    [b"", b"event: endpoint\n\n", b"data: /mcp\n\n", b"event: message\ndata: /mcp\n\n", OPENING[:40]],
)
def test_what_is_not_whole_or_another_event_is_none(body: bytes) -> None:
    assert event_named("endpoint", body) is None


@given(st.integers(0, len(OPENING)))
def test_it_is_there_as_soon_as_its_empty_line_is(cut: int) -> None:
    is_there = event_named("endpoint", OPENING[:cut]) is not None

    assert is_there == (cut >= OPENING.index(b"event: mess"))


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_none(body: bytes) -> None:
    found = event_named("endpoint", body)

    assert found is None or body.endswith(found.rest)


def test_tools_are_their_names_and_what_has_none_is_passed_over() -> None:
    page = wire.tools_of({"tools": [{"name": "get_task"}, {}, 7, {"name": 7}], "nextCursor": "x"})

    assert page == wire.ToolPage(("get_task",), "x")


@pytest.mark.parametrize("result", [None, [], {}, {"tools": {}}, "tools"])
def test_what_is_no_list_of_tools_is_no_empty_list(result: object) -> None:
    with pytest.raises(ServerUnavailable):
        wire.tools_of(result)
