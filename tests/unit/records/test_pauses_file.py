"""Pauses as files: they hold from the instant they are there, and when nobody can read them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import a_pause
from tinyscheduler.adapters.records.pause_json import pause_to_json
from tinyscheduler.adapters.records.pauses import FilePauses
from tinyscheduler.errors import StateError
from tinyscheduler.model.pause import Pause

PAUSES = (
    a_pause("agent", "dev-1", until_s=60),
    a_pause(reason="ein Grund: ä"),
    a_pause("queue", "dev"),
    a_pause("task", "7"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "pauses"


@pytest.fixture
def store(folder: Path) -> FilePauses:
    return FilePauses(str(folder))


def test_missing_folder_pauses_nothing_and_is_not_made(store: FilePauses, folder: Path) -> None:
    assert store.read() == ()
    assert not folder.exists()


def test_pauses_are_read_as_they_were_written(store: FilePauses, folder: Path) -> None:
    for pause in PAUSES:
        store.write(pause)

    assert set(store.read()) == set(PAUSES)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_second_pause_of_the_same_takes_the_place_of_the_first(store: FilePauses) -> None:
    store.write(a_pause("queue", "dev", reason="one"))
    store.write(a_pause("queue", "dev", reason="two"))

    assert [pause.reason for pause in store.read()] == ["two"]


def test_removing_is_idempotent(store: FilePauses) -> None:
    store.write(a_pause())
    store.remove(a_pause())
    store.remove(a_pause())

    assert store.read() == ()


@pytest.mark.parametrize(
    ("name", "scope"),
    [("queue_dev.json", ("queue", "dev")), ("all.json", ("all", "")), ("rubbish", ("all", ""))],
)
def test_what_cannot_be_read_counts_for_what_its_name_says_and_can_be_ended(
    store: FilePauses, folder: Path, name: str, scope: tuple[str, str]
) -> None:
    folder.mkdir(parents=True)
    (folder / name).write_text("{")

    (pause,) = store.read()
    store.remove(pause)

    assert (pause.scope, pause.name) == scope
    assert str(folder / name) in pause.trouble
    assert store.read() == ()


@pytest.mark.parametrize("kind", ["folder", "link", "huge", "another's name"])
def test_strange_things_among_the_pauses_hold_and_are_named(
    store: FilePauses, folder: Path, kind: str
) -> None:
    folder.mkdir(parents=True)
    path = folder / "queue_dev.json"
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(__file__)
    else:
        other = a_pause("queue", "qa", reason="x" * (20_000 if kind == "huge" else 1))
        path.write_text(json.dumps(pause_to_json(other)))

    (pause,) = store.read()

    assert (pause.scope, pause.name) == ("queue", "dev")
    assert pause.trouble


def test_folder_that_cannot_be_listed_pauses_everything(folder: Path, store: FilePauses) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")

    (pause,) = store.read()

    assert pause.scope == "all"
    assert "pauses" in pause.trouble
    with pytest.raises(StateError):
        store.write(a_pause())


def test_temporary_file_of_a_command_that_was_killed_is_no_pause(store: FilePauses, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / f".all.json.{os.getpid()}-1-1.tmp").write_text("{")

    assert store.read() == ()


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_pause_of_everything_or_what_they_say(
    store: FilePauses, folder: Path, data: bytes
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "all.json").write_bytes(data)

    assert store.read() == (Pause("all", "", trouble=store.read()[0].trouble, path=str(folder / "all.json")),)
