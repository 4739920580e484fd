"""Two machines over one folder, and a lease that nobody can read while its agent is at work (law 1)."""

from __future__ import annotations

import pytest

from tests.fakes.memory_disk import Inode
from tests.simulation.house import House, LawBroken, Machine
from tests.simulation.laws import Laws
from tests.simulation.passes import cron
from tinyscheduler.kit import json_text
from tinyscheduler.model.ids import TaskId

TASK = TaskId("1")


def a_house_at_work() -> House:
    """An agent of the first machine hangs."""
    house = House(1, machines=2, agents=1)
    house.plans = ("hang",)
    house.at_start = Laws(house, house.files_of(house.disk)).at_start
    house.tasks.append(house.server.create(queue="dev"))
    cron(house.machines[0])
    house.everybody()
    house.everybody()
    assert [agent.machine for agent in house.agents] == house.machines[:1]
    return house


def entry(house: House, ending: str) -> Inode:
    found = house.disk.entry(f"{house.configuration.places.running}/task_{TASK}.{ending}")
    assert isinstance(found, Inode)
    return found


def passes_of_the_other(house: House) -> None:
    """For so long that it could start the task, while the wrapper of the first one has no turn."""
    for _ in range(3):
        house.advance(70)
        cron(house.machines[1])
        turns_of(house, house.machines[1])
        turns_of(house, house.machines[1])


def turns_of(house: House, machine: Machine) -> None:
    for body in house.bodies():
        if body.machine is machine:
            body.turn()


def test_a_garbled_lease_of_a_living_agent_starts_nobody_on_another_machine() -> None:
    house = a_house_at_work()
    entry(house, "json").data = b""

    passes_of_the_other(house)
    house.everybody()

    assert [agent.machine for agent in house.agents] == house.machines[:1]
    lease = json_text.load(entry(house, "json").data)
    assert isinstance(lease, dict), "its wrapper has mended it"
    assert lease["state"] == "running"


def test_without_the_machine_in_the_owner_file_two_would_work() -> None:
    """So the judge sees what the test above is about."""
    house = a_house_at_work()
    entry(house, "json").data = b""
    owner = json_text.load(entry(house, "owner").data)
    assert isinstance(owner, dict)
    entry(house, "owner").data = json_text.dump({**owner, "machine_id": ""})

    with pytest.raises(LawBroken, match="doubled"):
        passes_of_the_other(house)
