"""Headers and token are fetched late, checked again, and never repeated in an error."""

from __future__ import annotations

import os

import pytest

from tinyscheduler.config import secrets
from tinyscheduler.config.header_text import parse_headers
from tinyscheduler.errors import ConfigError

SERVER = "http://localhost:1"


def headers_of(desk, flags=None, env_file=None, **environment):
    configuration = desk.load(flags, env_file=env_file, MCP_ENDPOINT=SERVER, **environment)
    environ = desk.with_settings(environment)
    return secrets.headers(configuration, environ, env_file=env_file)


@pytest.mark.parametrize("text", ['{"X-A": "b", "X-C": "d:e"}', "X-A: b\nX-C: d:e\n"])
def test_headers_in_both_spellings(text):
    assert parse_headers(text) == {"X-A": "b", "X-C": "d:e"}


@pytest.mark.parametrize(
    "text",
    [
        "hunter2", "X A: hunter2", ": hunter2", "X: ", "X: hunter2\x7f", "X: hunter2é",
        "X: h\runter2", '{"X": 2}',
        '{"X": "hunter2"', '{"X": {"Y": "hunter2"}}', "X: a\nx: hunter2", "Host: hunter2",
        "mcp-session-id: hunter2",
        "X: " + "hunter2" * 2000,
    ],
)  # fmt: skip
def test_faulty_headers_are_refused_without_their_value(text):
    with pytest.raises(ValueError, match=r"\w") as caught:
        parse_headers(text)

    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_nothing_set_means_no_headers(desk):
    assert headers_of(desk) == {}


def test_headers_come_from_the_environment_before_dotenv(desk):
    desk.write(".env", "TINYSCHEDULER_MCP_HEADERS=X-A: file\n")

    assert headers_of(desk) == {"X-A": "file"}
    assert headers_of(desk, MCP_HEADERS="X-A: variable") == {"X-A": "variable"}


def test_headers_are_found_wherever_the_base_and_the_env_file_are(desk, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / ".env").write_text("TINYSCHEDULER_MCP_HEADERS=X-A: moved\n")
    named = desk.write("named.env", "TINYSCHEDULER_MCP_HEADERS=X-A: named\n")

    assert headers_of(desk, {"BASE_PATH": str(other)}) == {"X-A": "moved"}
    assert headers_of(desk, env_file=named) == {"X-A": "named"}

    desk.write(".env", f"TINYSCHEDULER_BASE_PATH={other}\nTINYSCHEDULER_MCP_HEADERS=X-A: default\n")
    assert headers_of(desk) == {"X-A": "default"}


def test_changed_header_is_used_although_the_configuration_is_cached(desk):
    desk.write(".env", "TINYSCHEDULER_MCP_HEADERS=X-A: one\n")
    headers_of(desk)
    desk.write(".env", "TINYSCHEDULER_MCP_HEADERS=X-A: two\n")

    assert headers_of(desk) == {"X-A": "two"}


def test_token_is_read_from_its_file_each_time(desk):
    desk.write("token", "abc\n")
    first = headers_of(desk, MCP_TOKEN_FILE="token")
    desk.write("token", "def")

    assert first == {"Authorization": "Bearer abc"}
    assert headers_of(desk, MCP_TOKEN_FILE="token") == {"Authorization": "Bearer def"}


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"hunter2 hunter2", b"hunter2\xff", b"a\nhunter2", b"hunter2" * 9000]
)
def test_unusable_token_is_a_fault_without_it(desk, content):
    desk.write("token", content)

    with pytest.raises(ConfigError) as caught:
        headers_of(desk, MCP_TOKEN_FILE="token")

    assert caught.value.faults[0].field == "TINYSCHEDULER_MCP_TOKEN_FILE"
    assert "hunter2" not in repr(caught.value.faults) + str(caught.value)


def test_missing_token_file_is_a_fault(desk):
    with pytest.raises(ConfigError):
        headers_of(desk, MCP_TOKEN_FILE="token")


def test_two_authorizations_are_a_fault(desk):
    (fault,) = desk.faults(MCP_ENDPOINT=SERVER, MCP_TOKEN_FILE="token", MCP_HEADERS="authorization: x")

    assert fault.field == "TINYSCHEDULER_MCP_TOKEN_FILE"


def test_secrets_over_plain_http_are_noted(desk):
    notes = desk.load(
        MCP_ENDPOINT="http://192.0.2.1", MCP_ALLOW_INSECURE="true", MCP_TOKEN_FILE="token"
    ).notes

    assert any("plain http" in note for note in notes)


def test_files_with_secrets_that_others_can_read_are_named(desk):
    token = desk.write("token", "abc")
    dotenv = desk.write(".env", "TINYSCHEDULER_MCP_HEADERS=X-A: b\n")
    configuration = desk.load(MCP_ENDPOINT=SERVER, MCP_TOKEN_FILE="token")
    os.chmod(token, 0o640)
    os.chmod(dotenv, 0o644)
    exposed = secrets.exposed_files(configuration, desk.environ)
    os.chmod(token, 0o600)
    os.chmod(dotenv, 0o600)

    assert exposed == (token, dotenv)
    assert secrets.exposed_files(configuration, desk.environ) == ()
