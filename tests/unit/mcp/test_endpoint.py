"""Addresses: called as written, shown without secrets, one identity for one server."""

import pytest

from tinyscheduler.adapters.mcp.endpoint import checked_headers, endpoint_of, without_secrets
from tinyscheduler.errors import ConfigError


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:3000/mcp", "http://127.0.0.1:3000", "http://127.0.0.1:3000/", "127.0.0.1:3000",
        "http://127.0.0.1:3000/mcp/", "http://localhost:3000/mcp", " HTTP://LocalHost:3000/mcp ",
        "http://bob:secret@127.0.0.1:3000/mcp?token=secret#x",
    ],
)  # fmt: skip
def test_every_spelling_of_one_server_is_one_source(text: str) -> None:
    """Another source would make strangers of all leases."""
    assert endpoint_of(text).source == "mcp:http://127.0.0.1:3000/mcp"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://h", "http://h/mcp"),
        ("http://h/sse/", "http://h/sse"),
        ("https://h:8443/tasks", "https://h:8443/tasks/mcp"),
        ("https://h/mcp/v1", "https://h/mcp/v1"),
        ("http://u:p@h/mcp?k=v", "http://u:p@h/mcp?k=v"),
        ("http://[::1]:3000", "http://[::1]:3000/mcp"),
    ],
)
def test_the_address_is_completed_and_otherwise_called_as_written(text: str, url: str) -> None:
    assert endpoint_of(text).url == url


def test_ports_that_go_without_saying_are_said_in_the_source() -> None:
    assert (
        endpoint_of("https://h").source == endpoint_of("https://h:443/mcp").source == "mcp:https://h:443/mcp"
    )


def test_what_is_shown_holds_no_password_and_no_query() -> None:
    endpoint = endpoint_of("https://bob:hunter2@h/mcp?token=hunter3")

    assert "hunter" not in endpoint.shown + endpoint.source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:1", True), ("http://127.9.9.9:1", True), ("http://localhost:1", True),
        ("http://[::1]:1", True), ("http://a.localhost", True), ("http://127.example.org", False),
        ("http://10.0.0.1", False),
    ],
)  # fmt: skip
def test_this_machine_is_known_by_its_loopback_names(text: str, expected: bool) -> None:
    assert endpoint_of(text).is_loopback is expected


@pytest.mark.parametrize(
    "text",
    ["", "http://", "ftp://h/mcp", "http://h:99999", "http://h:x", "http://[::1", "http://a b/mcp", "http://hö.de",
     "http://u:hunter2@", "unix:///run/x", "http://" + "a" * 64 + ".org", "http://h\x00/"],
)  # fmt: skip
def test_what_is_no_address_is_a_fault_of_the_setting(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        endpoint_of(text)

    assert caught.value.faults[0].field == "TINYSCHEDULER_MCP_ENDPOINT"
    assert "hunter2" not in str(caught.value) + str(caught.value.faults)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Key", "hunter2\r\nX: y"),
        ("X-Key", "hunter2ä"),
        ("X Key", "hunter2"),
        ("", "hunter2"),
        ("X:", "hunter2"),
    ],
)
def test_a_header_that_cannot_be_sent_is_a_fault_without_its_value(name: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        checked_headers({name: value})

    assert "hunter2" not in str(caught.value) + str(caught.value.faults)


def test_what_was_sent_as_a_header_is_cut_out_of_a_servers_text() -> None:
    headers = {"Authorization": "Bearer abcdef123456", "X-Flag": "1"}

    assert without_secrets("bad token abcdef123456, 1 try", headers) == "bad token ***, 1 try"
    assert without_secrets("got Bearer abcdef123456", headers) == "got ***"
