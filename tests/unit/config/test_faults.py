"""Every fault at once, each with field, value and remedy; no secret in any (features I1, I2)."""

from __future__ import annotations

import os

import pytest

from tinyscheduler.config import sources
from tinyscheduler.config.reference import setting_rows
from tinyscheduler.config.settings import Settings
from tinyscheduler.errors import ConfigError

FAULTY = {
    "BASE_PATH": "a\nb",
    "STATE_DIR": "a\x01b",
    "AGENT_LIMITS": "dev:many",
    "AGENT_COMMAND": "run {title}",
    "ENABLED": "perhaps",
    "DRY_RUN": "perhaps",
    "LOG_LEVEL": "LOUD",
    "MAX_PARALLEL": "-1",
    "QUEUE_LIMITS": "../x:1",
    "ACCOUNT_LIMITS": '{"a": 1, "a": 2}',
    "TAG_LIMITS": "{",
    "MAX_FETCH": "10001",
    "MIN_FREE_MB": "1.5",
    "LOOP_INTERVAL_SEC": "0",
    "HEARTBEAT_SEC": "3601",
    "START_TIMEOUT_SEC": "0",
    "MAX_RUNTIME_SEC": "0",
    "GRACE_SEC": "31",
    "MAX_ATTEMPTS": "0",
    "RETRY_BASE_SEC": "-1",
    "MCP_ENDPOINT": "ftp://host",
    "MCP_HEADERS": "no colon",
    "MCP_TIMEOUT_SEC": "nan",
    "MCP_BUDGET_SEC": "51",
}


def test_names_on_the_hot_path_are_those_of_the_model():
    assert {name.upper() for name in Settings.model_fields} == sources.NAMES
    assert len(sources.NAMES) <= 40


def test_all_faults_come_at_once_each_with_field_value_and_remedy(desk):
    desk.write(".env", "not an assignment\n")
    desk.write("tinyscheduler.toml", "hartbeat_sec = 3\nretry_max_sec = 'soon'\n")
    desk.write("agent-control.json", '[{"agentName": "a/../b"}]')
    environment = {name: value for name, value in FAULTY.items() if name != "BASE_PATH"}

    faults = desk.faults({"AGENT_LIMIT": "dev"}, **environment)

    fields = [fault.field for fault in faults]
    for name in environment:
        assert f"TINYSCHEDULER_{name}" in fields
    assert "--agent-limit" in fields
    assert desk.path(".env") + ":1" in fields
    assert desk.path("tinyscheduler.toml") + ": hartbeat_sec" in fields
    assert "TINYSCHEDULER_RETRY_MAX_SEC" in fields
    assert desk.path("agent-control.json") + "[0].agentName" in fields
    assert all(fault.remedy and fault.message for fault in faults)
    assert len(fields) == len(set(fields))


@pytest.mark.parametrize(("name", "value"), FAULTY.items())
def test_each_faulty_value_is_refused_wherever_it_stands(desk, name, value):
    flag = desk.faults({name: value})
    variable = desk.faults(**{name: value})

    assert any(fault.field == f"TINYSCHEDULER_{name}" for fault in flag)
    assert any(fault.field == f"TINYSCHEDULER_{name}" for fault in variable)


@pytest.mark.parametrize("row", [row for row in setting_rows() if row.toml_key], ids=lambda row: row.name)
def test_wrong_type_in_toml_is_a_fault(desk, row):
    desk.write("tinyscheduler.toml", f"{row.toml_key} = 2026-01-31T12:00:00Z\n")

    (fault, *_) = desk.faults()

    assert fault.field == row.variable
    assert desk.path("tinyscheduler.toml") in fault.message


def test_true_is_not_a_number_in_toml(desk):
    desk.write("tinyscheduler.toml", "heartbeat_sec = true\n")

    (fault,) = desk.faults()

    assert fault.field == "TINYSCHEDULER_HEARTBEAT_SEC"


def test_fault_says_which_source_the_value_came_from(desk):
    desk.write(".env", "TINYSCHEDULER_GRACE_SEC=x\n")

    (fault,) = desk.faults()
    (of_flag,) = desk.faults({"HEARTBEAT_SEC": "0"}, GRACE_SEC="5")

    assert desk.path(".env") in fault.message
    assert (fault.value, fault.remedy) == ("x", "write 0 to 30 seconds")
    assert "--heartbeat-interval" in of_flag.message


def test_limits_that_contradict_each_other_are_a_fault(desk):
    (soft,) = desk.faults(SOFT_RUNTIME_SEC="3600")
    (delay,) = desk.faults(RETRY_BASE_SEC="7200")

    assert soft.field == "TINYSCHEDULER_SOFT_RUNTIME_SEC"
    assert delay.field == "TINYSCHEDULER_RETRY_MAX_SEC"


def test_setting_checked_against_a_faulty_one_is_not_blamed(desk):
    faults = desk.faults(MAX_RUNTIME_SEC="soon", SOFT_RUNTIME_SEC="7200")

    assert [fault.field for fault in faults] == ["TINYSCHEDULER_MAX_RUNTIME_SEC"]


def test_unknown_name_in_toml_is_a_fault_with_a_suggestion(desk):
    desk.write("tinyscheduler.toml", "max_paralel = 2\n")

    (fault,) = desk.faults()

    assert "did you mean max_parallel?" in fault.remedy


def test_unknown_name_in_the_environment_is_a_note_with_a_suggestion(desk):
    notes = desk.load(MAX_PARALEL="2").notes

    assert any(
        "TINYSCHEDULER_MAX_PARALEL" in n and "did you mean TINYSCHEDULER_MAX_PARALLEL?" in n for n in notes
    )


def test_reserved_names_are_not_remarked_upon(desk):
    before = desk.load().notes
    reserved = dict.fromkeys(("LEASE", "TASK_ID", "ATTEMPT", "RESULT_FILE", "INBOX", "TASK_CMD"), "x")

    assert desk.load(**reserved, AGENT_ENV_TOKEN="x").notes == before


@pytest.mark.parametrize(
    "content",
    ["a = ", "a = 1\na = 2", "\x00", "a = " + "[" * 5000, 'b = "\udcff"'.encode(errors="surrogateescape")],
)
def test_broken_toml_is_one_fault(desk, content):
    desk.write("tinyscheduler.toml", content)

    (fault,) = desk.faults()

    assert fault.field == desk.path("tinyscheduler.toml")


@pytest.mark.parametrize("name", ["base_path", "mcp_headers"])
def test_toml_may_not_say_where_it_lies_nor_hold_secrets(desk, name):
    desk.write("tinyscheduler.toml", f'{name} = "X: hunter2"\n')

    (fault,) = desk.faults()

    assert name in fault.field
    assert "hunter2" not in repr(fault)


def test_files_of_settings_have_a_limit(desk):
    desk.write("tinyscheduler.toml", "#" * 1_000_001)

    (fault,) = desk.faults()

    assert "too large" in fault.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MCP_HEADERS", "hunter2"),
        ("MCP_HEADERS", '{"X-Key": "hunter2\\u0001"}'),
        ("MCP_HEADERS", '{"X-Key": hunter2}'),
        ("MCP_ENDPOINT", "https://me:hunter2@host/mcp"),
        ("MCP_ENDPOINT", "https://me:hun/hunter2@host/mcp"),
        ("MCP_ENDPOINT", "https://me:hunter2@[bad/mcp"),
    ],
)
def test_no_secret_is_in_a_fault(desk, name, value):
    with pytest.raises(ConfigError) as caught:
        desk.load(**{name: value})

    assert "hunter2" not in repr(caught.value.faults) + str(caught.value)


def test_long_and_unprintable_values_are_shortened_to_one_line(desk):
    (fault,) = desk.faults(LOG_LEVEL="x\n\x1b[31m" + "y" * 500)

    assert len(fault.value) <= 80
    assert fault.value.isprintable()


def test_agents_in_what_is_no_file_are_one_fault(desk):
    os.mkdir(desk.path("crew.json"))

    (fault,) = desk.faults(AGENT_CONTROL_FILE="crew.json")

    assert fault.field.endswith("crew.json")
