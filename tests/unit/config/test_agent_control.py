"""What agent-control may say, and that a broken file is never the same as none (features D1, D3, D5)."""

from __future__ import annotations

import json
import os

import pytest

from tests.unit.config.control_files import control, one
from tinyscheduler.model.agent import EnvValue


def test_everything_an_agent_can_say_arrives(desk):
    control(
        desk,
        one(
            agentType=["dev", "qa"],
            maxConcurrency=3,
            enabled=False,
            weight=2,
            capabilities=["gpu"],
            account="team",
            command=["bin/agent", "{task_id}"],
            env={"A": "b", "C": {"from": "HOME"}, "D": {"file": "secrets/d"}},
            workspace="work",
            success="result",
            limits={"hard_sec": 60, "soft_sec": 30, "stall_sec": 0},
            stdin="none",
            comment="for people",
            _mark=[1],
        ),
    )

    configuration = desk.load()

    (agent,) = configuration.agents
    assert (agent.name, agent.queues, agent.slots, agent.slots_source) == (
        "dev-1",
        ("dev", "qa"),
        3,
        "maxConcurrency",
    )
    assert (agent.is_enabled, agent.weight, agent.capabilities, agent.account) == (
        False,
        2.0,
        ("gpu",),
        "team",
    )
    assert agent.command == (desk.path("bin/agent"), "{task_id}")
    assert agent.env == (
        EnvValue("A", literal="b"),
        EnvValue("C", inherit="HOME"),
        EnvValue("D", file=desk.path("secrets/d")),
    )
    assert (agent.workspace, agent.success, agent.stdin) == (desk.path("work"), "result", "none")
    assert (agent.hard_limit_s, agent.soft_limit_s) == (60, 30)
    assert configuration.notes == ()


def test_queues_are_those_of_all_agents(desk):
    """Also of disabled ones: their tasks are to say why they wait (features C8)."""
    control(
        desk,
        json.dumps(
            [
                {"agentName": "a", "agentType": ["qa", "dev"]},
                {"agentName": "b", "agentType": "docs", "enabled": False},
                {"agentName": "c", "agentType": "dev"},
            ]
        ),
    )

    assert desk.load().queues == ("dev", "docs", "qa")


def test_paths_start_at_the_folder_of_the_file(desk):
    desk.write("conf/agents.json", one(command=["./agent"]))

    (agent,) = desk.load(AGENT_CONTROL_FILE="conf/agents.json").agents

    assert agent.command == (desk.path("conf/agent"),)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("agentName", "a/../b"), ("agentName", ""), ("agentName", 7), ("agentName", None),
        ("agentName", "x" * 65),
        ("agentType", []), ("agentType", ["dev", "dev"]), ("agentType", ["a b"]), ("agentType", 1),
        ("agentType", None),
        ("maxConcurrency", -1), ("maxConcurrency", 1001), ("maxConcurrency", "2"), ("maxConcurrency", 1.5),
        ("maxConcurrency", True), ("enabled", "yes"), ("enabled", 1), ("weight", -1), ("weight", "heavy"),
        ("capabilities", "gpu"), ("capabilities", ["a b"]), ("account", "a b"), ("profile", "vim"),
        ("command", []),
        ("command", "{title}"), ("command", ["a", "{title}"]), ("env", []), ("env", {"A B": "c"}),
        ("env", {"A": 1}),
        ("env", {"TINYSCHEDULER_LEASE": "x"}), ("env", {"A": {"from": "B C"}}), ("env", {"A": {"file": ""}}),
        ("env", {"A": {"vault": "x"}}), ("env", {"A": {"from": "B", "file": "c"}}), ("env", {"A": "\0"}),
        ("workspace", ""), ("workspace", "a\nb"), ("success", "maybe"), ("limits", {"hard_sec": 0}),
        ("limits", []),
        ("limits", {"hard": 1}), ("limits", {"hard_sec": 10, "soft_sec": 10}), ("limits", {"stall_sec": -1}),
        ("stdin", "file"),
    ],
)  # fmt: skip
def test_wrong_value_is_a_fault_with_its_place(desk, key, value):
    control(desk, json.dumps([{"agentName": "other", "agentType": "dev"}, *json.loads(one(**{key: value}))]))

    (fault, *_) = desk.faults()

    assert fault.field.startswith(desk.path(f"agent-control.json[1].{key}"))
    assert fault.remedy
    assert fault.message


def test_all_agents_faults_come_together(desk):
    control(desk, json.dumps([{"agentName": "a"}, 7, {"agentType": "dev", "weight": "x"}]))

    fields = [fault.field.removeprefix(desk.path("agent-control.json")) for fault in desk.faults()]

    assert fields == ["[0].agentType", "[1]", "[2].agentName", "[2].weight"]


def test_name_that_is_there_twice_is_a_fault(desk):
    control(desk, json.dumps(2 * json.loads(one())))

    (fault,) = desk.faults()

    assert fault.field.endswith("[1].agentName")


def test_mistyped_key_is_noted_with_a_suggestion(desk):
    control(desk, one(maxConcurency=2))

    assert any("maxConcurency, did you mean maxConcurrency?" in note for note in desk.load().notes)


def test_missing_key_points_at_the_mistyped_one(desk):
    control(desk, '[{"agentname": "dev-1", "agentType": "dev"}]')

    (fault,) = desk.faults()

    assert "there is a key agentname" in fault.remedy


def test_agreed_key_without_effect_is_noted(desk):
    control(desk, one(recipe="tidy"))

    assert any("recipe comes with a later version" in note for note in desk.load().notes)


def test_profile_that_is_not_built_in_needs_a_command(desk):
    control(desk, '[{"agentName": "a", "agentType": "dev", "profile": "claude"}]')
    (fault,) = desk.faults()

    control(desk, one(profile="claude"))
    configuration = desk.load()

    assert "give the command" in fault.remedy
    assert configuration.agents[0].profile == "command"
    assert any("claude is not built in yet" in note for note in configuration.notes)


def test_literal_secret_is_noted_and_not_shown(desk):
    control(desk, one(env={"OPENAI_API_KEY": "hunter2"}))

    notes = " ".join(desk.load().notes)

    assert "OPENAI_API_KEY looks like a secret" in notes
    assert "hunter2" not in notes


def test_no_value_of_the_environment_is_in_a_fault(desk):
    control(desk, one(env={"A": "hunter2\0", "B": ["hunter2"]}))

    assert "hunter2" not in repr(desk.faults())


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "line 1, column 1"),
        (b'[\n {"agentName": "a",}\n]', "line 2, column"),
        (b"{}", "not a JSON array"),
        (b'{"agents": []}', "not a JSON array"),
        (b"null", "not a JSON array"),
        (b'["\xff"]', "byte 2 is not UTF-8"),
        ("[]".encode("utf-16"), "looks like UTF-16"),
        (b'[{"agentName": "a", "agentName": "b"}]', "there twice"),
        (b"[NaN]", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]" + b" " * 10_000_000, "too large"),
    ],
)
def test_broken_file_is_one_fault_and_never_legacy_mode(desk, content, what):
    control(desk, content)

    (fault,) = desk.faults(AGENT_LIMITS="dev-1:1")

    assert fault.field == desk.path("agent-control.json")
    assert what in fault.message


def test_byte_order_mark_is_no_fault(desk):
    control(desk, b"\xef\xbb\xbf" + one(maxConcurrency=1).encode())

    assert desk.load().agents[0].slots == 1


def test_unreadable_file_is_a_fault(desk):
    os.mkdir(desk.path("agent-control.json"))

    (fault,) = desk.faults()

    assert "cannot be read" in fault.message


def test_agent_without_command_runs_the_common_one_or_is_noted(desk):
    control(desk, '[{"agentName": "a", "agentType": "dev", "maxConcurrency": 1}]')

    without = desk.load()
    common = desk.load(AGENT_COMMAND="bin/agent --task {task_id}")

    assert without.agents[0].command == ()
    assert any("a has no command" in note for note in without.notes)
    assert common.agents[0].command == (desk.path("bin/agent"), "--task", "{task_id}")


def test_no_file_is_legacy_mode_with_agents_from_the_limits(desk):
    configuration = desk.load({"AGENT_LIMIT": "b=3"}, AGENT_LIMITS="a:1,b:2", AGENT_COMMAND="agent")

    assert configuration.policy.is_legacy
    assert configuration.queues == ()
    assert [(a.name, a.slots, a.queues, a.command) for a in configuration.agents] == [
        ("a", 1, (), ("agent",)), ("b", 3, (), ("agent",)),
    ]  # fmt: skip
    assert any("legacy mode" in note for note in configuration.notes)


def test_legacy_mode_without_command_or_agents_is_noted(desk):
    assert any("AGENT_COMMAND is not set" in note for note in desk.load(AGENT_LIMITS="a:1").notes)
    (nobody,) = [note for note in desk.load().notes if "names no agent either" in note]
    assert nobody.endswith("or name such a file in TINYSCHEDULER_AGENT_CONTROL_FILE")


def test_empty_file_of_agents_is_not_legacy_mode(desk):
    control(desk, "[]")

    configuration = desk.load(AGENT_LIMITS="a:1")

    assert not configuration.policy.is_legacy
    assert configuration.agents == ()


def test_a_file_that_was_asked_for_and_is_missing_is_a_fault(desk):
    """A misspelt path would otherwise start nothing, and say so in a note only."""
    (fault,) = desk.faults(AGENT_CONTROL_FILE="agents/typo.json")

    assert fault.field == "TINYSCHEDULER_AGENT_CONTROL_FILE"
    assert "no such file" in fault.message
