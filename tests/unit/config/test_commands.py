"""``config`` and ``validate-config`` as a person and as a script sees them (features I1)."""

from __future__ import annotations

import json
import os

import pytest

from tinyscheduler.config.flags import AGENT_LIMIT, SETTING_FLAGS
from tinyscheduler.config.sources import NAMES

ALL_SOURCES = {"flag", "environment", ".env", "toml", "default"}


def rows_of(said) -> dict[str, tuple[object, str]]:
    return {row["name"]: (row["value"], row["source"]) for row in json.loads(said.text)["settings"]}


def test_config_names_every_setting_with_value_and_source(desk):
    desk.write("tinyscheduler.toml", "max_attempts = 4\n")
    desk.write(".env", "TINYSCHEDULER_GRACE_SEC=7\n")

    said = desk.say("config", "--json", flags={"HEARTBEAT_SEC": "20"}, LOG_DIR="logs")

    rows = rows_of(said)
    assert rows.keys() == NAMES
    assert {source for _, source in rows.values()} == ALL_SOURCES
    assert rows["HEARTBEAT_SEC"] == ("20", "flag")
    assert rows["LOG_DIR"] == (desk.path("logs"), "environment")
    assert rows["GRACE_SEC"] == ("7", ".env")
    assert rows["MAX_ATTEMPTS"] == ("4", "toml")
    assert rows["MCP_TOKEN_FILE"] == (None, "default")
    assert rows["ENABLED"] == ("true", "default")


def test_config_is_one_json_object_with_head_agents_and_notes(desk):
    said = desk.say("config", "--json", AGENT_LIMITS="a:2")

    answer = json.loads(said.text)
    assert (said.code, answer["schema"], answer["kind"], answer["exit"]) == (0, 1, "config", 0)
    assert answer["at"].endswith("Z")
    assert answer["agents"][0]["slots_source"] == "AGENT_LIMITS"
    assert any("legacy mode" in note for note in answer["notes"])


def test_config_as_text_has_a_line_for_every_setting(desk):
    said = desk.say("config", "--show", AGENT_LIMITS="a:2")

    first_words = {line.split()[0] for line in said.text.splitlines() if line}
    assert first_words >= NAMES
    assert "\na      -       2      AGENT_LIMITS\n" in said.text
    assert "note: " in said.text


def test_config_masks_secrets(desk):
    desk.write(".env", "TINYSCHEDULER_MCP_HEADERS=X-Key: hunter2\n")

    said = desk.say("config", "--json")

    assert rows_of(said)["MCP_HEADERS"] == ("***", ".env")
    assert "hunter2" not in said.text + desk.say("config").text


def test_config_writes_nothing(desk):
    desk.say("config")
    desk.say("validate-config")

    assert os.listdir(desk.base) == []


def test_valid_configuration_is_said_to_be_valid(desk):
    said = desk.say("validate-config", AGENT_LIMITS="a:1", AGENT_COMMAND="agent")

    assert said.code == 0
    assert said.text.startswith("configuration is valid\n")


@pytest.mark.parametrize("settings", [{}, {"AGENT_LIMITS": "a:1"}], ids=["no agent", "no command"])
def test_a_valid_one_with_which_nothing_can_start_says_so_first(desk, settings):
    said = desk.say("validate-config", **settings)

    assert said.code == 0
    assert said.text.startswith("configuration is valid, but nothing can start: ")


def test_every_fault_is_a_line_with_field_value_and_remedy(desk):
    said = desk.say("validate-config", HEARTBEAT_SEC="0", LOG_LEVEL="LOUD")

    lines = said.text.splitlines()
    assert said.code == 2
    assert len(lines) == 2
    assert all(line.startswith("fault: TINYSCHEDULER_") for line in lines)
    assert any("HEARTBEAT_SEC" in line and "found 0" in line and "1 to 3600" in line for line in lines)


def test_faults_as_json(desk):
    said = desk.say("validate-config", "--json", HEARTBEAT_SEC="0")

    answer = json.loads(said.text)
    assert (said.code, answer["exit"], answer["kind"]) == (2, 2, "validate-config")
    assert answer["faults"][0].keys() == {"field", "value", "remedy", "message"}


def test_files_that_are_not_there_are_found_out(desk):
    server = {"MCP_ENDPOINT": "https://tasks.example.org", "MCP_TOKEN_FILE": "token", "MCP_CA_FILE": "ca.pem"}

    said = desk.say("validate-config", "--json", **server)

    fields = [fault["field"] for fault in json.loads(said.text)["faults"]]
    assert fields == ["TINYSCHEDULER_MCP_CA_FILE", "TINYSCHEDULER_MCP_TOKEN_FILE"]


def test_programs_and_folders_that_are_not_there_are_noted(desk):
    desk.write("plain", "not executable")
    agents = [
        {"agentName": "a", "agentType": "dev", "maxConcurrency": 1, "command": ["./gone"]},
        {
            "agentName": "b", "agentType": "dev", "maxConcurrency": 1, "command": ["./plain"],
            "workspace": "nowhere",
        },
        {"agentName": "c", "agentType": "dev", "maxConcurrency": 1, "command": ["no-such-program"]},
        {
            "agentName": "d", "agentType": "dev", "maxConcurrency": 1, "command": ["/bin/sh"],
            "env": {"K": {"file": "k"}, "L": {"from": "NOT_SET"}},
        },
    ]  # fmt: skip
    desk.write("agent-control.json", json.dumps(agents))

    notes = json.loads(desk.say("validate-config", "--json").text)["notes"]

    assert len(notes) == 6
    assert {note[:2] for note in notes} == {"a:", "b:", "c:", "d:"}


def test_flags_are_those_of_the_settings():
    flags = {flag.flag for flag in SETTING_FLAGS}

    assert all(flag.setting in NAMES or flag.setting == AGENT_LIMIT for flag in SETTING_FLAGS)
    assert len(flags) == len(SETTING_FLAGS)
    assert flags >= {
        "--running-dir", "--log-dir", "--recipes-dir", "--goose-bin", "--mcp-endpoint", "--agent-limit",
        "--loop-interval", "--heartbeat-interval", "--max-runtime", "--dry-run", "--disable-blocking",
        "--base-path", "--log-level",
    }  # fmt: skip
