"""Intents as files: whole or not there, read by the next pass, and harmless when they are rubbish."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.builders import NOW
from tests.unit.planner.intent_scenes import an_intent
from tinyscheduler.adapters.answers import JournalAnswers
from tinyscheduler.adapters.records.intent_json import intent_from_json, intent_to_json
from tinyscheduler.adapters.records.intents import FileIntents
from tinyscheduler.errors import StateError
from tinyscheduler.model.intent import BrokenIntent, Intent
from tinyscheduler.ports import IntentScan

GOOD = "20260131T120000.000001Z-00000001.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "intents"


@pytest.fixture
def store(folder: Path) -> FileIntents:
    return FileIntents(str(folder), str(folder.parent / "quarantine"))


def body(**changes: object) -> str:
    return json.dumps({**intent_to_json(an_intent()), **changes})


def test_a_missing_folder_asks_for_nothing(store: FileIntents) -> None:
    assert store.scan(10) == IntentScan((), ())


def test_intents_are_read_as_they_were_written_oldest_first(store: FileIntents, folder: Path) -> None:
    later = an_intent("release", lease_id="lease-1", number=3)
    first = an_intent("stop", requeue=True, number=2)._replace(
        reason="ein Grund: ä", task_id=an_intent().task_id
    )
    for intent in (later, first):
        store.write(intent)

    assert store.scan(10).intents == (first, later)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_an_intent_is_pending_until_it_is_removed(store: FileIntents) -> None:
    intent = an_intent()
    store.write(intent)
    before = store.is_pending(intent)
    store.remove(intent)
    store.remove(intent)

    assert (before, store.is_pending(intent)) == (True, False)


def test_ids_sort_by_time_and_no_two_are_the_same(store: FileIntents) -> None:
    ids = [store.new_id(NOW + timedelta(microseconds=n)) for n in range(50)]

    assert ids == sorted(ids)
    assert len({store.new_id(NOW) for _ in range(50)}) == 50


def test_many_commands_at_once_lose_nothing(store: FileIntents) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.write, [an_intent()._replace(id=store.new_id(NOW)) for _ in range(64)]))

    assert len(store.scan(1000).intents) == 64


def test_more_than_a_pass_may_do_is_left_for_the_next_one(store: FileIntents) -> None:
    for number in range(5):
        store.write(an_intent(number=number))

    scan = store.scan(3)

    assert (len(scan.intents), scan.left_out) == (3, 2)
    assert scan.intents[0] == an_intent(number=0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (GOOD, ""),
        (GOOD, "[]"),
        (GOOD, body(schema=2)),
        (GOOD, body(kind="delete")),
        (GOOD, body(task_id="a/../b")),
        (GOOD, body(task_id=None)),
        (GOOD, body(lease_id="../x")),
        (GOOD, body(by="bob\n")),
        (GOOD, body(reason="x" * 501)),
        (GOOD, body(reason="\x1b[31mred")),
        (GOOD, body(at="yesterday")),
        (GOOD, body(requeue=1)),
        ("notes.txt", body()),
        ("1.json", body()),
        (GOOD + "~", body()),
    ],
)
def test_what_is_no_intent_is_never_taken_for_one(
    store: FileIntents, folder: Path, name: str, text: str
) -> None:
    folder.mkdir(parents=True)
    (folder / name).write_text(text)

    scan = store.scan(10)

    assert scan.intents == ()
    assert [broken.name for broken in scan.broken] == [name]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200))
@example(b'{"schema": 1, "kind": "stop", "task_id": 1e400}')
@example(b"[" * 150)
def test_no_content_makes_reading_fail(store: FileIntents, folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / GOOD).write_bytes(content)

    assert len(store.scan(10).broken) == 1


def test_links_folders_and_pipes_are_moved_aside_as_they_are(store: FileIntents, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "folder.json").mkdir()
    os.mkfifo(folder / "pipe.json")
    (folder / ".half.json.1-1-1.tmp").write_text("")

    for broken in store.scan(10).broken:
        store.quarantine(broken)

    assert store.scan(10) == IntentScan((), ())
    assert len(list((folder.parent / "quarantine").iterdir())) == 3
    assert Path("/etc/passwd").stat().st_size > 0


def test_setting_aside_what_is_gone_is_told(store: FileIntents, folder: Path) -> None:
    with pytest.raises(StateError):
        store.quarantine(BrokenIntent("x.json", f"{folder}/x.json", "gone"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may write into other users' folders")
def test_nothing_is_asked_in_the_name_of_another_user(store: FileIntents, folder: Path) -> None:
    """Their passes could not read it."""
    folder.parent.mkdir()
    os.chown(folder.parent, 65534, 65534)

    with pytest.raises(StateError, match="belongs to user 65534"):
        store.write(an_intent())
    assert not folder.exists()


def test_a_folder_that_cannot_be_listed_is_an_error_and_not_empty(store: FileIntents, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("")

    with pytest.raises(StateError):
        store.scan(10)


def test_json_of_an_intent_reads_well() -> None:
    intent = an_intent("stop", "7", lease_id="lease-1")

    assert intent_from_json(intent_to_json(intent), intent_id=intent.id) == intent
    assert list(intent_to_json(intent))[:4] == ["schema", "kind", "task_id", "lease_id"]
    assert intent_to_json(intent)["task_id"] == 7


# --- what became of it ----------------------------------------------------------------------------


def fact(intent: Intent, **more: object) -> str:
    return json.dumps(
        {"event": "intent_applied", "intent": intent.id, "came": "applied", "why": "yes", **more}
    )


def test_the_answer_to_an_intent_is_found_in_the_newest_journals(tmp_path: Path) -> None:
    intent, other = an_intent(number=1), an_intent(number=2)
    (tmp_path / "journal_20260130.jsonl").write_text(fact(intent) + "\n")
    (tmp_path / "journal_20260131.jsonl").write_text(
        fact(other, came="refused")
        + "\n"
        + f'{{"event": "other", "intent": "{intent.id}"}}\n'
        + fact(intent)[:40]
    )
    answers = JournalAnswers(str(tmp_path))

    found, refused = answers.find(intent), answers.find(other)

    assert found is not None
    assert refused is not None
    assert (found.word, found.why, refused.word) == ("applied", "yes", "refused")
    assert answers.find(an_intent(number=3)) is None
    assert JournalAnswers(str(tmp_path / "none")).find(intent) is None


def test_an_idle_pass_loads_nothing_to_read_intents_with(tmp_path: Path) -> None:
    code = (
        "import sys; from tinyscheduler.adapters.records.intents import FileIntents as F;"
        f"F({str(tmp_path)!r}, '').scan(9); print(any('intent_json' in name for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout == "False\n"
