"""``state/breakers.json`` and ``state/accounts.json``: durable, exact, and put aside when unreadable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import NOW
from tests.unit.planner.breaker_scenes import after
from tinyscheduler.adapters.records.breakers import FileAccounts, FileBreakers
from tinyscheduler.errors import StateError
from tinyscheduler.model.breaker import (
    NO_ACCOUNTS,
    NO_BREAKERS,
    AccountKey,
    AccountLimit,
    Accounts,
    Breaker,
    Breakers,
    Bucket,
    Quarantine,
)
from tinyscheduler.model.ids import AgentName, LeaseId

EXACT = NOW.replace(microsecond=123_456)
BREAKERS = Breakers(
    {
        "http://127.0.0.1:1/mcp": Breaker("open", until=after(60), why="connection refused"),
        "embedded": Breaker("half_open", probes=2, why="no such file"),
        "https://example.org/mcp": Breaker("closed", failures=4, why="timed out"),
    },
    {
        AgentName("dev-1"): Quarantine((LeaseId("a"),), EXACT, None, "no such file"),
        AgentName("dev-2"): Quarantine(
            (LeaseId("a"), LeaseId("b"), LeaseId("c")), EXACT, after(900), "", "4.0badcafe"
        ),
    },
)
ACCOUNTS = Accounts(
    {AccountKey("acme"): AccountLimit(EXACT, after(300), 1, (LeaseId("a"), LeaseId("b")))},
    {AccountKey("agent:dev-1"): Bucket(0.25, EXACT)},
)


def breakers(folder: Path) -> FileBreakers:
    return FileBreakers(str(folder / "breakers.json"), str(folder / "quarantine"))


def accounts(folder: Path) -> FileAccounts:
    return FileAccounts(str(folder / "accounts.json"), str(folder / "quarantine"))


def test_what_was_written_is_read_back_exactly(tmp_path: Path) -> None:
    breakers(tmp_path).write(BREAKERS)
    accounts(tmp_path).write(ACCOUNTS)

    assert breakers(tmp_path).read() == BREAKERS
    assert accounts(tmp_path).read() == ACCOUNTS
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.json")} == {0o600}


def test_nothing_to_remember_is_no_file(tmp_path: Path) -> None:
    assert (breakers(tmp_path).read(), accounts(tmp_path).read()) == (NO_BREAKERS, NO_ACCOUNTS)
    breakers(tmp_path).write(BREAKERS)
    accounts(tmp_path).write(ACCOUNTS)
    breakers(tmp_path).write(NO_BREAKERS)
    accounts(tmp_path).write(NO_ACCOUNTS)

    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=60))
def test_garbage_is_never_an_exception(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("garbage")
    (folder / "breakers.json").write_bytes(data)
    (folder / "accounts.json").write_bytes(data)

    assert breakers(folder).read().trouble
    assert accounts(folder).read().trouble


@pytest.mark.parametrize(
    "text",
    [
        '{"schema": 1, "servers": {"x": {"state": "open", "failures": 0, "probes": 0, "why": ""}}}',
        '{"schema": 1, "servers": {"x": {"state": "ajar", "failures": 0, "probes": 0, "why": ""}}}',
        '{"schema": 1, "agents": {"a": {"failed": [1], "since": "2026-01-31T12:00:00Z", "why": ""}}}',
        '{"schema": 1, "agents": {"a": {"failed": [], "since": "yesterday", "why": ""}}}',
    ],
)
def test_what_contradicts_itself_is_not_believed(tmp_path: Path, text: str) -> None:
    (tmp_path / "breakers.json").write_text(text)

    found = breakers(tmp_path).read()

    assert "does not parse" in found.trouble
    assert (found.servers, found.agents) == ({}, {})


def test_whatever_is_in_the_place_is_put_aside(tmp_path: Path) -> None:
    store = breakers(tmp_path)
    for make in (Path.mkdir, lambda path: path.write_text("{"), os.mkfifo):
        make(tmp_path / "breakers.json")
        assert store.read().trouble
        kept = store.set_aside()

        assert kept is not None
        assert os.path.lexists(kept)
        assert store.read() == NO_BREAKERS
    assert len(list((tmp_path / "quarantine").iterdir())) == 3
    assert store.set_aside() is None


def test_a_link_is_neither_followed_nor_written_through(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("{}")
    (tmp_path / "breakers.json").symlink_to(other)
    store = breakers(tmp_path)

    assert "symbolic link" in store.read().trouble
    store.write(BREAKERS)
    assert other.read_text() == "{}"


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    (tmp_path / "breakers.json").mkdir()

    with pytest.raises(StateError, match=r"breakers\.json"):
        breakers(tmp_path).write(BREAKERS)


def test_quarantine_that_is_no_folder_is_named_and_not_the_file_that_was_to_go_there(tmp_path: Path) -> None:
    """The hint sent people to a file that was well."""
    quarantine = tmp_path / "quarantine"
    quarantine.write_text("no folder")
    (tmp_path / "breakers.json").write_text("garbled")

    with pytest.raises(StateError) as raised:
        FileBreakers(str(tmp_path / "breakers.json"), str(quarantine)).set_aside()

    assert raised.value.message == f"{quarantine} is no folder"
    assert raised.value.hint.startswith(f"put the folder {quarantine} back")
