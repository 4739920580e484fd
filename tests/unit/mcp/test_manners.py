"""What is remembered of servers: of any file something is made, and nothing is believed that is not whole."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.adapters.mcp.manners import SERVERS_MAX, UNKNOWN, Manner, Manners, Memory

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("schema", "servers", "tools", "transport", "seen_at", "x")), inner, max_size=4
        )
    ),
    max_leaves=12,
)
SERVER = "mcp:http://127.0.0.1:3000/mcp"
FULL = Manner("sse", frozenset({"get_task", "list_tasks"}), False)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(str(tmp_path / "cache" / "task_servers.json"))


def test_what_was_learnt_is_known_to_the_next_process_and_to_nobody_elses_server(memory: Memory) -> None:
    Manners(SERVER, memory).learn(FULL)

    assert Manners(SERVER, memory).manner == FULL
    assert Manners("mcp:http://elsewhere:3000/mcp", memory).manner == UNKNOWN


def test_one_field_at_a_time_is_learnt_and_forgotten(memory: Memory) -> None:
    manners = Manners(SERVER, memory)
    manners.learn(FULL)
    manners.learn(manners.manner._replace(tools=None))

    assert Manners(SERVER, memory).manner == Manner("sse", None, False)


def test_without_a_memory_it_lasts_as_long_as_its_object() -> None:
    manners = Manners(SERVER, None)
    manners.learn(FULL)

    assert manners.manner == FULL
    assert Manners(SERVER, None).manner == UNKNOWN


def test_nothing_new_writes_nothing(memory: Memory) -> None:
    Manners(SERVER, memory).learn(FULL)
    before = os.stat(memory.path).st_ino

    Manners(SERVER, memory).learn(FULL)

    assert os.stat(memory.path).st_ino == before


def test_only_the_last_servers_are_kept(memory: Memory) -> None:
    for number in range(SERVERS_MAX + 3):
        Manners(f"mcp:{number}", memory).learn(FULL)

    found = json.loads(Path(memory.path).read_text())["servers"]

    assert list(found) == [f"mcp:{number}" for number in range(3, SERVERS_MAX + 3)]


def test_a_disk_that_refuses_costs_a_look_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a folder")
    manners = Manners(SERVER, Memory(str(tmp_path / "cache" / "task_servers.json")))

    manners.learn(FULL)

    assert manners.manner == FULL


@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_file_is_a_memory_or_a_miss(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("cache") / "task_servers.json"
    path.write_bytes(data)

    assert Manners(SERVER, Memory(str(path))).manner == UNKNOWN


@given(entry=JSON)
def test_any_entry_is_read_field_by_field(tmp_path_factory: pytest.TempPathFactory, entry: object) -> None:
    path = tmp_path_factory.mktemp("cache") / "task_servers.json"
    fresh = {**entry, "seen_at": time.time() - 1} if isinstance(entry, dict) else entry
    path.write_text(json.dumps({"schema": 1, "servers": {SERVER: fresh}}))

    manner = Manners(SERVER, Memory(str(path))).manner

    assert manner.transport in (None, "http", "sse")
    assert manner.tools is None or all(isinstance(name, str) for name in manner.tools)


def test_a_link_that_was_put_there_leads_nowhere(memory: Memory, tmp_path: Path) -> None:
    Manners(SERVER, memory).learn(FULL)
    os.rename(memory.path, tmp_path / "elsewhere.json")
    os.symlink(tmp_path / "elsewhere.json", memory.path)

    assert Manners(SERVER, memory).manner == UNKNOWN
