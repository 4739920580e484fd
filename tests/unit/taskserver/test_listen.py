"""What a place to listen means: whom it lets in how often, and what its connections are like."""

from __future__ import annotations

import logging
import socket

import pytest

from tinyscheduler.taskserver.listen import UNREAD_MAX_MS, Place, entry_of, is_told, listen

TOKEN = "s3cret-s3cret-s3cret"


@pytest.mark.parametrize(
    ("place", "rate_per_s"),
    [
        (Place(), 2_000),
        (Place("localhost"), 2_000),
        (Place("::1", token=TOKEN), 2_000),
        (Place("0.0.0.0", token=TOKEN), 200),
        (Place("192.0.2.1", token=TOKEN), 200),
    ],
)
def test_other_machines_ask_less_often(place: Place, rate_per_s: float) -> None:
    """As docs/task-server.md says: a token could be guessed as fast as the line carries."""
    assert entry_of(place).rate_per_s == rate_per_s


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Invalid HTTP request received.", False),
        ("Unsupported upgrade request.", False),
        ("No supported WebSocket library detected. Please use pip", False),
        ("Exceeded concurrency limit.", True),
    ],
)
def test_what_any_client_can_send_without_end_fills_no_log(said: str, expected: bool) -> None:
    record = logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, said, None, None)

    assert is_told(record) is expected


def test_a_client_that_is_gone_without_a_word_is_given_up_by_the_kernel() -> None:
    """What is set on the listener must have come to the connection that it accepts."""
    with listen(Place(port=0)) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            after_ms = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    assert after_ms == UNREAD_MAX_MS
