"""The lease as people and other programs see it on disk (contracts, Files)."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.builders import (
    NOW,
    a_claim,
    a_lease,
    a_ledger,
    a_past_run,
    a_process,
    a_stop,
    an_open_run,
    an_owner,
)
from tinyscheduler.adapters.records import FileLeaseStore, FileLedgerStore
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import BrokenLease, Lease, Outcome

TASK = TaskId("1")

CONTRACT = (
    "schema task_id agent_name queue state pid start_time last_heartbeat max_runtime_sec "
    "lease_id generation attempt source claim host machine_id boot_id pid_namespace pid_start agent_pid "
    "agent_pid_start start_monotonic heartbeat_monotonic last_progress stall_notices stall_limit_sec "
    "heartbeat_interval_sec soft_runtime_sec grace_sec engine engine_ref containment cgroup account paths "
    "tags resources goal workspace run_dir outcome"
)
"""The names of contracts.md in its order."""


def a_store(folder: Path) -> FileLeaseStore:
    return FileLeaseStore(str(folder / "running"), str(folder / "quarantine"))


def written(folder: Path, name: str = "running/task_1.json") -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / name).read_text())
    return found


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / "running/task_1.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_the_names_of_the_contract_in_its_order(tmp_path: Path) -> None:
    a_store(tmp_path).create(a_lease())

    assert list(written(tmp_path)) == CONTRACT.split()


def test_what_a_person_looks_for_is_as_a_person_would_write_it(tmp_path: Path) -> None:
    a_store(tmp_path).create(a_lease("17", run_age_s=0, hard_limit_s=900))

    found = written(tmp_path, "running/task_17.json")
    assert (found["schema"], found["task_id"], found["agent_name"]) == (1, 17, "dev-1")
    assert (found["state"], found["pid"], found["max_runtime_sec"]) == ("running", 4711, 900)
    assert found["start_time"] == "2026-01-31T12:00:00.000Z"


@pytest.mark.parametrize(
    ("task_id", "expected"),
    [("17", 17), ("0", 0), ("007", "007"), ("abc", "abc"), ("-5", "-5"), ("9" * 50, int("9" * 50))],
)
def test_an_id_is_a_number_where_it_is_one_and_text_again_when_read(
    tmp_path: Path, task_id: str, expected: object
) -> None:
    a_store(tmp_path).create(a_lease(task_id))

    assert written(tmp_path, f"running/task_{task_id}.json")["task_id"] == expected
    assert a_store(tmp_path).read(TaskId(task_id)) == a_lease(task_id)


def test_the_outcome_has_the_names_of_the_contract(tmp_path: Path) -> None:
    outcome = Outcome("failed", NOW, code=2, summary="red", usage=(("turns", 3),), artifacts=("a.txt",))
    a_store(tmp_path).create(a_lease(state="finished", outcome=outcome))

    found = written(tmp_path)["outcome"]
    assert isinstance(found, dict)
    assert {"class", "code", "signal", "at", "summary", "until", "usage"} <= set(found)
    assert found["class"] == "failed"


def test_the_older_spelling_is_read(tmp_path: Path) -> None:
    """Contracts: the reader also takes ``agent started_at heartbeat``."""
    lease = a_lease()
    a_store(tmp_path).create(lease)
    path = tmp_path / "running/task_1.json"
    older = {"agent_name": "agent", "start_time": "started_at", "last_heartbeat": "heartbeat"}
    path.write_text(json.dumps({older.get(name, name): value for name, value in written(tmp_path).items()}))

    assert a_store(tmp_path).read(TASK) == lease


def test_where_both_spellings_are_there_ours_counts(tmp_path: Path) -> None:
    lease = a_lease()
    a_store(tmp_path).create(lease)
    rewrite(tmp_path, agent="somebody-else", started_at="2001-01-01T00:00:00Z", heartbeat="yesterday")

    assert a_store(tmp_path).read(TASK) == lease


def test_names_of_a_newer_program_are_ignored(tmp_path: Path) -> None:
    """Extend by adding: an older reader copes with a newer file."""
    a_store(tmp_path).create(a_lease())
    rewrite(tmp_path, colours={"back": [], "front": ["red"]}, weather="fair")

    assert a_store(tmp_path).read(TASK) == a_lease()


def test_times_of_other_zones_are_read_as_the_same_instant(tmp_path: Path) -> None:
    a_store(tmp_path).create(a_lease(run_age_s=0))
    rewrite(tmp_path, start_time="2026-01-31T14:30:00+02:30")

    found = a_store(tmp_path).read(TASK)
    assert isinstance(found, Lease)
    assert found.created_at == NOW


@pytest.mark.parametrize("schema", [0, 2, "1", None, 1.5])
def test_another_format_is_not_guessed_at(tmp_path: Path, schema: object) -> None:
    a_store(tmp_path).create(a_lease())
    rewrite(tmp_path, schema=schema)

    found = a_store(tmp_path).read(TASK)
    assert isinstance(found, BrokenLease)
    assert "schema" in found.why


def test_the_ledger_has_the_names_of_the_contract(tmp_path: Path) -> None:
    ledger = a_ledger(outcomes=[a_past_run()], open_run=an_open_run())
    FileLedgerStore(str(tmp_path / "ledger")).write(ledger)

    found = written(tmp_path, "ledger/task_1.json")
    names = {
        "source",
        "task_created_at",
        "generation",
        "open",
        "outcomes",
        "not_before",
        "parked",
        "approvals",
    }
    assert names <= set(found)
    assert {"lease_id", "agent", "claim", "unclear_until"} <= set(found["open"])  # type: ignore[call-overload]
    assert {"lease_id", "agent", "class", "code", "at", "spent", "result_hash"} <= set(found["outcomes"][0])  # type: ignore[index]


# --- files ------------------------------------------------------------------------------------------


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    """Whatever the umask says: outcomes and names are nobody else's business."""
    old = os.umask(0)
    try:
        store = a_store(tmp_path)
        store.create(a_lease())
        store.write(a_lease())
        store.beat(a_lease())
        store.take(TASK, an_owner())
        store.ask_stop(TASK, a_stop())
        FileLedgerStore(str(tmp_path / "ledger")).write(a_ledger())
        (tmp_path / "running/task_2.json").write_text("garbled")
        broken = store.read(TaskId("2"))
        assert isinstance(broken, BrokenLease)
        store.quarantine(broken)
    finally:
        os.umask(old)

    (tmp_path / "running/task_2.json").unlink()
    for folder in ("running", "ledger", "quarantine"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / folder).iterdir()} == {0o600}


def test_no_temporary_file_stays_behind(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.create(a_lease())
    store.create(a_lease())
    store.write(a_lease())
    store.take(TASK, an_owner())
    store.take(TASK, an_owner(process=a_process(99)))
    store.ask_stop(TASK, a_stop())
    store.ask_stop(TASK, a_stop())

    assert sorted(os.listdir(tmp_path / "running")) == ["task_1.json", "task_1.owner", "task_1.stop"]


def test_the_lease_is_the_last_to_go(tmp_path: Path) -> None:
    """A crash in the middle leaves a lease, which a pass can name, and not an owner of nothing."""
    store = a_store(tmp_path)
    (tmp_path / "running").mkdir()
    store.take(TASK, an_owner())
    store.ask_stop(TASK, a_stop())
    (tmp_path / "running/task_1.json").mkdir()
    (tmp_path / "quarantine").write_text("no room for a folder")

    with pytest.raises(StateError):
        store.remove(a_lease())

    assert os.listdir(tmp_path / "running") == ["task_1.json"]


def test_the_stop_goes_before_the_owner(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.create(a_lease())
    store.ask_stop(TASK, a_stop())
    (tmp_path / "running/task_1.owner").mkdir()
    (tmp_path / "quarantine").write_text("no room for a folder")

    with pytest.raises(StateError):
        store.remove(a_lease())

    assert sorted(os.listdir(tmp_path / "running")) == ["task_1.json", "task_1.owner"]


def test_what_is_no_lease_is_not_looked_at(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.create(a_lease())
    for name in (
        "README",
        "task_1.json.bak",
        ".task_1.json.1-2-3.tmp",
        "task_.json",
        "task_a b.json",
        "task_1.owner",
    ):
        (tmp_path / "running" / name).write_text("?")

    scan = store.scan()

    assert (scan.leases, scan.broken) == ((a_lease(),), ())


def test_a_folder_that_vanished_is_made_again(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    store.create(a_lease())
    (tmp_path / "running/task_1.json").unlink()
    (tmp_path / "running").rmdir()

    assert store.scan().leases == ()
    assert store.create(a_lease(claim=a_claim()))


# --- quarantine -------------------------------------------------------------------------------------


def quarantined(folder: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in (folder / "quarantine").iterdir())


def garble(folder: Path, content: bytes) -> BrokenLease:
    (folder / "running").mkdir(exist_ok=True)
    (folder / "running/task_1.json").write_bytes(content)
    found = a_store(folder).read(TASK)
    assert isinstance(found, BrokenLease)
    return found


def test_a_broken_lease_is_copied_aside_once_for_each_content(tmp_path: Path) -> None:
    """Law 8: the evidence is kept, and a pass a minute does not fill the disk with it."""
    store = a_store(tmp_path)
    first = garble(tmp_path, b"{")

    copy = store.quarantine(first)
    assert copy is not None
    assert Path(copy).read_bytes() == b"{"
    assert store.quarantine(first) is None
    assert a_store(tmp_path).quarantine(first) is None

    assert store.quarantine(garble(tmp_path, b"{{")) is not None
    assert quarantined(tmp_path) == [b"{", b"{{"]


def test_a_broken_lease_stays_where_it_is(tmp_path: Path) -> None:
    """It holds its task: somebody may be running there."""
    a_store(tmp_path).quarantine(garble(tmp_path, b"{"))

    assert (tmp_path / "running/task_1.json").read_bytes() == b"{"


def test_what_cannot_be_copied_is_still_told(tmp_path: Path) -> None:
    (tmp_path / "running").mkdir()
    (tmp_path / "running/task_1.json").symlink_to("/etc/hostname")
    found = a_store(tmp_path).read(TASK)
    assert isinstance(found, BrokenLease)

    assert a_store(tmp_path).quarantine(found) is None
