"""``scope`` and ``resources`` of agents, and the table ``[resources]``."""

from __future__ import annotations

import json

import pytest

from tinyscheduler.config.agents import read_control
from tinyscheduler.model.resources import Resources


def one(**keys: object) -> bytes:
    return json.dumps([{"agentName": "dev-1", "agentType": "dev", **keys}]).encode()


def test_an_agent_says_what_it_may_do_and_what_it_takes() -> None:
    found = read_control(
        one(scope=["web", "api/public"], resources={"cpu": 1.5, "memory_mb": 2048}), "agents.json"
    )

    (entry,) = found.entries
    assert (found.faults, found.notes) == ((), ())
    assert entry.scope == ["web", "api/public"]
    assert entry.resources.compiled() == Resources(1.5, 2048)


def test_one_scope_needs_no_list() -> None:
    (entry,) = read_control(one(scope="web"), "agents.json").entries

    assert entry.scope == ["web"]


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"scope": ["a b"]}, "agents.json[0].scope[0]"),
        ({"scope": ["web/"]}, "agents.json[0].scope[0]"),
        ({"scope": 7}, "agents.json[0].scope"),
        ({"resources": {"cpu": -1}}, "agents.json[0].resources.cpu"),
        ({"resources": {"cores": 1}}, "agents.json[0].resources.cores"),
        ({"resources": {"memory_mb": "2G"}}, "agents.json[0].resources.memory_mb"),
        ({"resources": 2}, "agents.json[0].resources"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_the_remedy(keys: dict[str, object], place: str) -> None:
    found = read_control(one(**keys), "agents.json")

    (fault,) = found.faults
    assert fault.field == place
    assert fault.remedy.startswith(("write a list of names", 'write {"cpu": 2'))
