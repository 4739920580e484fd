from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.config import rules


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("embedded", None),
        ("http://localhost:3000", "http://localhost:3000/mcp"),
        ("http://127.0.0.1:3000/mcp", "http://127.0.0.1:3000/mcp"),
        ("HTTP://LOCALHOST/MCP/../mcp/", "http://localhost/MCP/../mcp"),
        ("http://[::1]:3000/", "http://[::1]:3000/mcp"),
        ("https://tasks.example.org/team", "https://tasks.example.org/team/mcp"),
        ("https://tasks.example.org/mcp/", "https://tasks.example.org/mcp"),
        ("https://host_name", "https://host_name/mcp"),
        ("https://host_name/sse", "https://host_name/sse"),
    ],
)
def test_endpoint_has_one_spelling_with_or_without_mcp(text, url):
    assert rules.parse_endpoint(text, allows_insecure=False) == url


@pytest.mark.parametrize(
    "text",
    [
        "host:3000", "ftp://host", "file:///etc/passwd", "https://", "https:///mcp", "https://a b",
        "https://h\tx",
        "https://me@host", "https://me:pw@host", "https://host?x=1", "https://host/#x", "https://-host",
        "https://ho..st", "https://host:0", "https://host:65536", "https://host:port",
        "https://[::1", "https://hö.de",
        "http://192.0.2.1", "http://127.0.0.1.example.org", "http://localhost.example.org", "http://0.0.0.0",
    ],
)  # fmt: skip
def test_endpoint_is_refused(text):
    with pytest.raises(ValueError, match=r"^\w"):
        rules.parse_endpoint(text, allows_insecure=False)


def test_plain_http_to_others_only_when_allowed():
    assert rules.parse_endpoint("http://192.0.2.1", allows_insecure=True) == "http://192.0.2.1/mcp"


@pytest.mark.parametrize(
    "text", ["a:1,b:2", "a=1, b=2", '{"a": 1, "b": 2}', " a : 1 ,, b:2 ,", {"a": 1, "b": "2"}]
)
def test_limits_in_every_spelling(text):
    assert rules.parse_limits(text) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a:",
        ":1",
        "a:-1",
        "a:1.5",
        "a:1001",
        "a:1,a:2",
        "a/b:1",
        "a:x",
        '{"a": true}',
        '{"a": null}',
        "[1]",
        "{]",
    ],
)
def test_limits_are_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        rules.parse_limits(text)


def test_limits_of_tags_take_what_tags_may_contain():
    assert rules.parse_tag_limits("goal:x:2,area/ui:1") == {"goal:x": 2, "area/ui": 1}


@pytest.mark.parametrize("name", ["", "a b", "a/../b", "ä", "a\n", "x" * 65, "..", "a.b"])
def test_name_is_refused(name):
    with pytest.raises(ValueError, match="is not a name"):
        rules.check_name(name)


@pytest.mark.parametrize(
    ("value", "argv"),
    [
        ("agent --x 'a b'", ("agent", "--x", "a b")),
        ('["agent", "{task_id}"]', ("agent", "{task_id}")),
        (["agent", "{{literal}}"], ("agent", "{{literal}}")),
    ],
)
def test_command_in_every_spelling(value, argv):
    assert rules.parse_command(value) == argv


@pytest.mark.parametrize(
    "value",
    [
        [], [""], [" "], "", "'open", "[1]", "[", ["a", 1], {"a": 1}, ["a", "{title}"], ["a", "{"],
        ["a", "}"], ["a", "{}"],
        ["a", "{0}"], ["a", "{task_id!r}"], ["a", "{task_id:>9}"], ["a", "{task_id.__class__}"], ["{agent}"],
        ["a", "\0"], ["a", "\ud800"], ["a"] * 201, ["a", "x" * 10_001],
    ],
)  # fmt: skip
def test_command_is_refused(value):
    with pytest.raises(ValueError, match=r"\w"):
        rules.parse_command(value)


def test_unknown_placeholder_is_answered_with_the_nearest_one():
    with pytest.raises(ValueError, match=r"did you mean task_id\?"):
        rules.parse_command(["a", "{taskid}"])


def test_json_in_a_command_is_answered_with_how_braces_are_written():
    """Agents answer in JSON, so a first script has some."""
    with pytest.raises(ValueError, match=r"a brace that is meant to stay is written twice: \{\{ and \}\}"):
        rules.parse_command(["sh", "-c", """echo '{"status":"success"}' > $TINYSCHEDULER_RESULT_FILE"""])


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=5))
def test_accepted_command_can_be_filled_in(words):
    """Whoever fills it in uses ``str.format`` with the known names and must not be surprised."""
    try:
        command = rules.parse_command(words)
    except ValueError:
        return
    values = dict.fromkeys(rules.PLACEHOLDERS, "x")

    assert all(isinstance(word.format(**values), str) for word in command)


def test_program_with_a_slash_starts_at_the_folder_even_if_that_has_braces():
    placed = rules.place_program(("bin/agent", "{task_id}"), "/srv/{odd}", "/home/me")

    assert [word.format(task_id=7) for word in placed] == ["/srv/{odd}/bin/agent", "7"]


@pytest.mark.parametrize(
    ("program", "placed"), [("agent", "agent"), ("/opt/a", "/opt/a"), ("~/a", "/home/me/a")]
)
def test_other_programs_stay_where_they_are(program, placed):
    assert rules.place_program((program,), "/srv", "/home/me") == (placed,)
