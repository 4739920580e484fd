"""Files that are not what they should be: one sentence about each, never an exception (law 8)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import a_lease, a_ledger, a_past_run, a_stop, an_open_run, an_outcome, an_owner
from tinyscheduler.adapters.records import FileLeaseStore, FileLedgerStore
from tinyscheduler.adapters.records.lease_json import lease_to_json, owner_to_json, stop_to_json
from tinyscheduler.adapters.records.ledger_json import ledger_to_json
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import BrokenLease, Lease, StopOrder
from tinyscheduler.model.ledger import BrokenLedger, Ledger

TASK = TaskId("1")
one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

Garble = Callable[[Path, bytes], None]


def symlink(path: Path, whole: bytes) -> None:
    """To a file that is whole: a link could lead anywhere, so it is not followed."""
    path.with_suffix(".target").write_bytes(whole)
    path.symlink_to(path.with_suffix(".target").name)


def unreadable_pipe(path: Path, _whole: bytes) -> None:
    """Opening it for reading would wait for a writer for ever."""
    os.mkfifo(path)


def written(change: Callable[[bytes], bytes]) -> Garble:
    """The file with other bytes."""

    def garble(path: Path, whole: bytes) -> None:
        path.write_bytes(change(whole))

    return garble


def holding(content: bytes) -> Garble:
    """Something else altogether."""
    return written(lambda _: content)


def with_a_name_twice(whole: bytes) -> bytes:
    name = next(iter(json.loads(whole)))
    return whole.replace(b"{", b'{"%s": 1,' % name.encode(), 1)


BYTES: dict[str, Garble] = {
    "empty": holding(b""),
    "half": written(lambda whole: whole[: len(whole) // 2]),
    "not UTF-8": written(lambda whole: whole.replace(b"1", b"\xff\xfe", 1)),
    "UTF-16": written(lambda whole: whole.decode().encode("utf-16")),
    "zeros": written(lambda whole: b"\0" * len(whole)),
    "a list": written(lambda whole: b"[" + whole + b"]"),
    "null": holding(b"null"),
    "a number": holding(b"17"),
    "two objects": written(lambda whole: whole + whole),
    "a name twice": written(with_a_name_twice),
    "NaN": holding(b'{"schema": NaN}'),
    "nested deeply": holding(b'{"schema":' + b"[" * 100_000),
    "a huge number": holding(b'{"schema": ' + b"9" * 5000 + b"}"),
    "huge": written(lambda whole: whole + b" " * 1_000_001),
    "a link": symlink,
    "a dangling link": lambda path, _: path.symlink_to("nowhere"),
    "a link to itself": lambda path, _: path.symlink_to(path.name),
    "a folder": lambda path, _: path.mkdir(),
    "a pipe": unreadable_pipe,
    "HTML": holding(b"<html><body>502 Bad Gateway</body></html>"),
}

FIELDS: dict[str, dict[str, object]] = {
    "another task": {"task_id": 2},
    "a task that is a path": {"task_id": "a/../b"},
    "no task": {"task_id": None},
    "a task that is a truth": {"task_id": True},
    "no lease_id": {"lease_id": None},
    "a lease_id that is a path": {"lease_id": "../x"},
    "an empty lease_id": {"lease_id": ""},
    "pid 0": {"pid": 0},
    "pid -1": {"pid": -1},
    "a pid that no kernel gives": {"pid": 2**22 + 1},
    "a pid that no call takes": {"pid": 10**12},
    "a pid as text": {"pid": "4711"},
    "a pid as truth": {"pid": True},
    "agent pid 0": {"agent_pid": 0},
    "agent pid -1": {"agent_pid": -1},
    "an agent pid that no call takes": {"agent_pid": 10**12},
    "an unknown state": {"state": "sleeping"},
    "a time without zone": {"start_time": "2026-01-31T12:00:00"},
    "no time at all": {"last_heartbeat": "yesterday"},
    "a time as number": {"start_time": 1_769_860_800},
    "the first moment": {"start_time": "0001-01-01T00:00:00+14:00"},
    "the last moment": {"last_heartbeat": "9999-12-31T23:59:59-14:00"},
    "a monotonic time of 400 digits": {"start_monotonic": 10**400},
    "tags that are numbers": {"tags": [1]},
    "tags that are text": {"tags": "gpu"},
    "a claim that is text": {"claim": "mine"},
    "an unknown way to claim": {"claim": {"how": "force"}},
    "an outcome without class": {"outcome": {"at": "2026-01-31T12:00:00Z"}},
    "an unknown class of outcome": {"outcome": {"class": "fine"}},
}


def garbled(folder: Path, kind: str) -> BrokenLease | Lease | None:
    running = folder / "running"
    running.mkdir()
    path, whole = running / "task_1.json", json.dumps(lease_to_json(a_lease())).encode()
    if kind in BYTES:
        BYTES[kind](path, whole)
    else:
        path.write_text(json.dumps({**json.loads(whole), **FIELDS[kind]}))
    store = FileLeaseStore(str(running), str(folder / "quarantine"))
    found = store.read(TASK)
    scan = store.scan()
    assert (*scan.leases, *scan.broken) == (found,)
    return found


@pytest.mark.parametrize("kind", [*BYTES, *FIELDS])
def test_a_garbled_lease_is_a_broken_lease_with_a_sentence(tmp_path: Path, kind: str) -> None:
    found = garbled(tmp_path, kind)

    assert isinstance(found, BrokenLease)
    assert found.task_id == "1"
    assert found.path.endswith("running/task_1.json")
    assert 5 < len(found.why) < 300
    assert "\n" not in found.why


@pytest.mark.parametrize("value", [1e999, -1e999], ids=["infinity", "minus infinity"])
def test_a_number_without_an_end_is_garbled_too(tmp_path: Path, value: float) -> None:
    """A lease that can be read but not written again ends the pass that reclaims it."""
    running = tmp_path / "running"
    running.mkdir()
    whole = json.dumps(lease_to_json(a_lease()))
    text = whole.replace('"start_monotonic": 4940.0', f'"start_monotonic": {"-" if value < 0 else ""}1e999')
    assert text != whole
    (running / "task_1.json").write_text(text)

    found = FileLeaseStore(str(running), str(tmp_path / "quarantine")).read(TASK)

    assert isinstance(found, BrokenLease)


def test_a_usage_without_an_end_can_be_written_again(tmp_path: Path) -> None:
    lease = lease_to_json(a_lease(state="finished", outcome=an_outcome()))
    whole = json.dumps(lease).replace('"usage": {}', '"usage": {"cost_usd": 1e999}')
    (tmp_path / "task_1.json").write_text(whole)
    store = FileLeaseStore(str(tmp_path), str(tmp_path / "quarantine"))

    found = store.read(TASK)

    assert "1e999" in whole
    if isinstance(found, Lease):
        store.write(found)


@one_folder
@given(st.binary(max_size=200))
def test_no_bytes_end_a_reader(tmp_path: Path, content: bytes) -> None:
    for name in ("task_1.json", "task_1.owner", "task_1.stop"):
        (tmp_path / name).write_bytes(content)
    store = FileLeaseStore(str(tmp_path), str(tmp_path / "quarantine"))

    assert isinstance(store.read(TASK), BrokenLease)
    assert store.stop_order(TASK) is None
    with pytest.raises(StateError):
        store.owner(TASK)


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(-1e300, 1e300)
    | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=3,
)


@one_folder
@given(st.sampled_from(sorted(lease_to_json(a_lease()))), _values)
def test_no_value_of_any_field_ends_a_reader(tmp_path: Path, field: str, value: object) -> None:
    """Also of those inside: claim and outcome are objects."""
    lease = lease_to_json(a_lease(state="finished", outcome=an_outcome()))
    (tmp_path / "task_1.json").write_text(json.dumps({**lease, field: value}))

    FileLeaseStore(str(tmp_path), str(tmp_path / "quarantine")).scan()


# --- ledgers ----------------------------------------------------------------------------------------

LEDGER_FIELDS: dict[str, dict[str, object]] = {
    "another task": {"task_id": 2},
    "another schema": {"schema": 2},
    "no generation": {"generation": None},
    "a generation as text": {"generation": "1"},
    "outcomes that are none": {"outcomes": [17]},
    "an unknown class": {"outcomes": [{"lease_id": "x", "agent": "a", "class": "fine"}]},
    "parked as text": {"parked": "yes"},
    "parked without why": {"parked": {"by": "me"}},
    "an open run without claim": {"open": {"lease_id": "x"}},
    "not_before without zone": {"not_before": "2026-01-31T12:00:00"},
    "the last moment": {"not_before": "9999-12-31T23:59:59-14:00"},
}


@pytest.mark.parametrize("kind", [*BYTES, *LEDGER_FIELDS])
def test_a_garbled_ledger_is_a_broken_ledger_with_a_sentence(tmp_path: Path, kind: str) -> None:
    ledger = a_ledger(outcomes=[a_past_run()], open_run=an_open_run())
    path, whole = tmp_path / "task_1.json", json.dumps(ledger_to_json(ledger)).encode()
    if kind in BYTES:
        BYTES[kind](path, whole)
    else:
        path.write_text(json.dumps({**json.loads(whole), **LEDGER_FIELDS[kind]}))

    found = FileLedgerStore(str(tmp_path)).read([TASK])[TASK]

    assert isinstance(found, BrokenLedger)
    assert found.path == str(path)
    assert 5 < len(found.why) < 300


@one_folder
@given(st.sampled_from(sorted(ledger_to_json(a_ledger()))), _values)
def test_no_value_of_any_field_ends_a_reader_of_ledgers(tmp_path: Path, field: str, value: object) -> None:
    whole = ledger_to_json(a_ledger(outcomes=[a_past_run()]))
    (tmp_path / "task_1.json").write_text(json.dumps({**whole, field: value}))

    found = FileLedgerStore(str(tmp_path)).read([TASK])[TASK]

    assert isinstance(found, Ledger | BrokenLedger)


@pytest.mark.parametrize("count", [1, 100])
def test_a_file_in_the_place_of_the_ledgers_is_an_error_and_not_an_empty_shelf(
    tmp_path: Path, count: int
) -> None:
    (tmp_path / "ledger").write_text("in the way")

    with pytest.raises(StateError):
        FileLedgerStore(str(tmp_path / "ledger")).read([TaskId(str(n)) for n in range(count)])


# --- owner and stop -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(BYTES))
def test_a_garbled_owner_is_an_error_that_says_what_to_do(tmp_path: Path, kind: str) -> None:
    """Not "nobody": whoever linked it may run."""
    BYTES[kind](tmp_path / "task_1.owner", json.dumps(owner_to_json(an_owner())).encode())
    store = FileLeaseStore(str(tmp_path), str(tmp_path / "quarantine"))

    for ask in (lambda: store.owner(TASK), lambda: store.take(TASK, an_owner())):
        with pytest.raises(StateError) as trouble:
            ask()
        assert "task_1.owner" in trouble.value.message
        assert trouble.value.hint


@pytest.mark.parametrize("pid", [0, -1, True, "1", None, 10**12])
def test_an_owner_that_is_no_process_is_garbled_too(tmp_path: Path, pid: object) -> None:
    """0 and negative numbers mean groups and "everybody" to kill(2)."""
    owner = owner_to_json(an_owner())
    owner["process"] = {**owner["process"], "pid": pid}  # type: ignore[dict-item]
    (tmp_path / "task_1.owner").write_text(json.dumps(owner))

    with pytest.raises(StateError):
        FileLeaseStore(str(tmp_path), str(tmp_path / "quarantine")).owner(TASK)


@pytest.mark.parametrize("kind", list(BYTES))
def test_a_garbled_stop_is_no_stop(tmp_path: Path, kind: str) -> None:
    """A wrapper must not die of it, and the pass has signals besides."""
    BYTES[kind](tmp_path / "task_1.stop", json.dumps(stop_to_json(a_stop())).encode())

    assert FileLeaseStore(str(tmp_path), str(tmp_path / "quarantine")).stop_order(TASK) is None


@pytest.mark.parametrize("kind", [kind for kind in BYTES if kind != "a folder"])
def test_a_garbled_stop_makes_way_for_a_whole_one(tmp_path: Path, kind: str) -> None:
    BYTES[kind](tmp_path / "task_1.stop", json.dumps(stop_to_json(a_stop())).encode())
    store = FileLeaseStore(str(tmp_path), str(tmp_path / "quarantine"))

    store.ask_stop(TASK, a_stop())

    found = store.stop_order(TASK)
    assert isinstance(found, StopOrder)
    assert found == a_stop()
