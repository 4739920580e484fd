"""How many slots an agent has, and limits that mean nobody (features D1)."""

from __future__ import annotations

import json

from tests.unit.config.control_files import control, one


def test_slots_come_from_the_strongest_source(desk):
    agents = [
        {"agentName": name, "agentType": "dev", "maxConcurrency": 1, "command": ["x"]} for name in "abc"
    ]
    control(desk, json.dumps([*agents, {"agentName": "d", "agentType": "dev", "command": ["x"]}]))

    configuration = desk.load({"AGENT_LIMIT": "a=3"}, AGENT_LIMITS='{"a": 2, "b": 2, "d": 0}')

    assert [(agent.slots, agent.slots_source) for agent in configuration.agents] == [
        (3, "--agent-limit"), (2, "AGENT_LIMITS"), (1, "maxConcurrency"), (0, "AGENT_LIMITS"),
    ]  # fmt: skip
    assert configuration.notes == ()


def test_zero_slots_by_omission_are_noted(desk):
    control(desk, one())

    configuration = desk.load()

    assert (configuration.agents[0].slots, configuration.agents[0].slots_source) == (0, "omitted")
    assert any("dev-1 has 0 slots" in note for note in configuration.notes)


def test_limit_of_an_unknown_agent_is_noted_with_a_suggestion(desk):
    control(desk, one(maxConcurrency=1))

    notes = desk.load({"AGENT_LIMIT": "dev-l=3"}).notes

    assert any(
        note.startswith("--agent-limit: there is no agent dev-l") and "did you mean dev-1?" in note
        for note in notes
    )


def test_limit_of_a_queue_that_nobody_serves_is_noted_with_a_suggestion(desk):
    control(desk, one(maxConcurrency=1))

    notes = desk.load(QUEUE_LIMITS="devv:1,dev:2").notes

    told = [note for note in notes if "QUEUE_LIMITS" in note]
    assert told == ["QUEUE_LIMITS names devv, a queue that no agent serves, did you mean dev?"]
