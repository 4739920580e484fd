"""What the tests of single commands share: agents at a gate, and a server that is not there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.integration.commands import Installation, an_agent
from tests.waiting import wait_until

TWO_QUEUES = (an_agent("dev-1"), an_agent("qa-1", queue="qa"))


@contextmanager
def ended(house: Installation, gate: Path) -> Iterator[None]:
    """Lets agents that wait for the gate end, and waits until they have."""
    try:
        yield
    finally:
        gate.touch()
        wait_until(lambda: house.leases() == [])


def waiting_for(gate: Path, *, first: str = "true") -> str:
    """A script that runs until the gate is there."""
    return f"{first}; while [ ! -e {gate} ]; do sleep 0.05; done; echo bye"


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def held(house: Installation, task_id: str) -> dict[str, object]:
    found = house.call("explain", task_id, "--json").json()["held"]
    assert isinstance(found, dict)
    return found


def run_until_done(house: Installation, title: str = "a task") -> None:
    house.well("task", "add", title, "--queue", "dev")
    house.well("run", "--once")
    wait_until(lambda: house.leases() == [])
