"""Names of settings are put right in the operator's own text, and nothing else is touched."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.config.dotenv import parse
from tinyscheduler.config.mending import dotenv_text, toml_text
from tinyscheduler.config.mending.plan import plan
from tinyscheduler.config.sources import gather

DOTENV = """\ufeff# TINYSCHEDULER_MAX_PARALEL=1 is a remark\r
\r
export  TINYSCHEDULER_MAX_PARALEL = 3   # three\r
TINYSCHEDULER_LOG_LEVEL='INFO
TINYSCHEDULER_MAX_PARALEL=9'\r
OTHER=TINYSCHEDULER_MAX_PARALEL
TINYSCHEDULER_MAX_PARALEL=4"""

TOML = """# max_paralel = 1
max_paralel = 3 # three
agent_command = ['sh', '-c', '''
max_paralel = 7
''']

[agent_limts]   # slots
"dev-1" = 2
"""


def planned(desk, flags=None, **environment):
    return plan(gather(flags or {}, desk.with_settings(environment), None))


def text_after(desk, name: str, **environment) -> str | None:
    path = desk.path(name)
    found = [deed.after for deed in planned(desk, **environment).deeds if getattr(deed, "path", "") == path]
    return found[0].decode() if found else None


def whys(desk, **environment) -> list[str]:
    return [left.why for left in planned(desk, **environment).left]


def test_dotenv_keeps_every_other_character():
    wrong, right = "TINYSCHEDULER_MAX_PARALEL", "TINYSCHEDULER_MAX_PARALLEL"

    found = dotenv_text.renamed(DOTENV, wrong, right)

    assert found is not None
    assert found.line == 3
    before, after = DOTENV.split("\n"), found.text.split("\n")
    assert [line for line in after if line not in before] == [
        "export  TINYSCHEDULER_MAX_PARALLEL = 3   # three\r",
        "TINYSCHEDULER_MAX_PARALLEL=4",
    ]
    assert len(before) == len(after)


@given(st.text(st.sampled_from("A=B_ \n\r\t'\"#\\é"), max_size=40))
def test_dotenv_of_any_look_says_the_same_under_another_name(text):
    found = dotenv_text.renamed(f"{text}\nWRONG=1\n", "WRONG", "RIGHT")

    said = parse(f"{text}\nWRONG=1\n")
    if "WRONG" in said.values:
        assert found is not None
        assert parse(found.text).values == {
            "RIGHT" if name == "WRONG" else name: value for name, value in said.values.items()
        }


def test_toml_keeps_every_other_character():
    found = toml_text.renamed(TOML, "max_paralel", "max_parallel")

    assert found == (TOML.replace("max_paralel = 3", "max_parallel = 3"), 2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[agent_limts]\na = 1\n", "[agent_limits]\na = 1\n"),
        ("[ agent_limts ]\na = 1\n", "[ agent_limits ]\na = 1\n"),
        ("agent_limts.a = 1\nagent_limts.b = 2\n", "agent_limits.a = 1\nagent_limits.b = 2\n"),
        ('"agent_limts" = {a = 1}\r\n', "agent_limits = {a = 1}\r\n"),
        ("  agent_limts=  {a = 1}", "  agent_limits=  {a = 1}"),
    ],
)
def test_toml_key_is_found_however_it_is_written(text, expected):
    found = toml_text.renamed(text, "agent_limts", "agent_limits")

    assert found is not None
    assert found.text == expected


def test_toml_key_that_cannot_be_found_for_certain_is_left():
    assert toml_text.renamed('"agent\\u005flimts" = {a = 1}\n', "agent_limts", "agent_limits") is None


def test_both_files_are_mended_and_say_what_was_meant(desk):
    desk.write(".env", "TINYSCHEDULER_GRACE_SECS=7\n")
    desk.write("tinyscheduler.toml", TOML)

    assert text_after(desk, ".env") == "TINYSCHEDULER_GRACE_SEC=7\n"
    toml = text_after(desk, "tinyscheduler.toml")
    assert toml is not None
    assert "\nmax_parallel = 3 # three\n" in toml
    assert "\n[agent_limits]   # slots\n" in toml


@pytest.mark.parametrize(
    ("dotenv", "why"),
    [
        ("GRACE_SECS=7\nTINYSCHEDULER_GRACE_SEC=8", "that is there as well"),
        ("GRACE_SECS=7\nTINYSCHEDULER_GRACE_SEC=", "that is there as well"),
        ("GRACE_SECS=7\nTINYSCHEDULER_GRACESEC=8", "another name may mean it too"),
        ("GRACE_SECS=soon", "what it says is at fault then"),
        ("STATE_DIRS=other", "that moves the state"),
        ("BASE_PATHS=/tmp", "that moves the state"),
    ],
)
def test_what_needs_a_decision_is_left_and_told(desk, dotenv, why):
    desk.write(".env", f"TINYSCHEDULER_{dotenv}\n")

    assert text_after(desk, ".env") is None
    assert all(why in found for found in whys(desk))
    assert whys(desk)


def test_name_that_is_no_slip_is_nobodys_business(desk):
    desk.write(".env", "TINYSCHEDULER_GARDEN=1\nOTHER_MAX_PARALEL=2\nTINYSCHEDULER_LEASE=x\n")

    assert planned(desk) == ((), ())


def test_secret_is_not_set_where_it_may_not_stand(desk):
    desk.write("tinyscheduler.toml", 'mcp_header = "X-A: hunter2"\n')

    assert text_after(desk, "tinyscheduler.toml") is None
    assert "it cannot be set in this file" in whys(desk)[0]
    assert "hunter2" not in repr(planned(desk).left)


def test_working_configuration_is_never_made_a_faulty_one(desk):
    """The soft limit is right as long as nobody reads the hard one."""
    desk.write(".env", "TINYSCHEDULER_SOFT_RUNTIME_SEC=600\nTINYSCHEDULER_MAX_RUNTIMESEC=300\n")

    assert text_after(desk, ".env") is None
    assert "at fault then" in whys(desk)[0]


def test_files_that_a_mended_name_leads_to_are_mended_in_the_same_breath(desk):
    """Otherwise a second run would find more to do."""
    desk.write(".env", "TINYSCHEDULER_AGENT_CONTROL_FIL=crew.json\nTINYSCHEDULER_MCP_HEADER=X-A: b\n")
    desk.write("crew.json", '[{"agentName": "a", "agentType": "dev", "env": {"K": {"file": "k"}},},]')
    for name in (desk.path(".env"), desk.write("k", "x")):
        os.chmod(name, 0o644)

    places = [change.place.removeprefix(desk.base) for change in planned(desk).changes()]

    assert places == ["/.env:1", "/.env:2", "/crew.json:1", "/.env", "/k"]


@pytest.mark.parametrize("content", [b"TINYSCHEDULER_GRACE_SECS=7\xff\n", b"\0", b"= =\n'"])
def test_file_that_cannot_be_read_is_left_to_the_fault_it_is(desk, content):
    desk.write(".env", content)
    desk.write("tinyscheduler.toml", content)

    assert planned(desk) == ((), ())
