"""``order.json``: what a wrapper is told, and what it refuses to be told."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.wrapper.orders import an_order
from tinyscheduler.adapters.runs.order_file import ORDER_BYTES_MAX, order_to_json, read_order
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.order import Limits, Order

Change = Callable[[dict[str, object]], object]


def written(folder: Path, order: Order | None = None, change: Change = lambda _: None) -> str:
    """An order on disk, spoilt by ``change``."""
    document = order_to_json(order or an_order())
    change(document)
    path = folder / "order.json"
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.parametrize("task_id", ["7", "007", "feature-x"])
def test_an_order_is_read_as_it_was_written(tmp_path: Path, task_id: str) -> None:
    limits = Limits(3600, 1800, 5, 900, 10_000_000, 5)
    order = an_order(task_id=TaskId(task_id), tag=f"s:{task_id}:00c0ffee", limits=limits)

    assert read_order(written(tmp_path, order)) == order


def test_the_names_on_disk_are_the_contracts(tmp_path: Path) -> None:
    document = order_to_json(an_order())

    assert list(document) == [
        "schema", "task_id", "lease_id", "agent", "tag", "argv", "env_names", "prompt_file", "stdin",
        "cwd", "log", "result", "inbox", "limits", "heartbeat", "profile", "success", "redact",
        "engine", "containment", "estop", "running", "after",
        "paths", "goal", "resources",
    ]  # fmt: skip
    assert document["limits"] == {
        "soft": None, "hard": 3600, "grace": 5, "stall": None, "stall_pause": 300,
        "output_bytes": 10_000_000, "output_files": 5,
    }  # fmt: skip
    assert (document["schema"], document["task_id"]) == (1, 7)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("schema", 2, "schema"),
        ("task_id", "a/../b", "task_id"),
        ("task_id", None, "task_id"),
        ("lease_id", "", "lease_id"),
        ("agent", "../dev", "agent"),
        ("tag", "state:8:00c0ffee", "tag"),
        ("argv", [], "argv"),
        ("argv", "agent", "argv"),
        ("argv", ["a\0b"], "argv"),
        ("env_names", ["A=B"], "A=B"),
        ("redact", [""], "variable"),
        ("stdin", "file", "stdin"),
        ("cwd", "work", "cwd"),
        ("log", "/a\0b", "log"),
        ("estop", "", "estop"),
        ("running", "running", "running"),
        ("heartbeat", 0, "heartbeat"),
        ("heartbeat", 3601, "heartbeat"),
        ("heartbeat", 1.5, "heartbeat"),
        ("success", "maybe", "success"),
        ("after", None, "after"),
        ("after", {"argv": ["\0"]}, "after.argv"),
        ("limits", [], "limits"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_remedy(
    tmp_path: Path, field: str, value: object, named: str
) -> None:
    path = written(tmp_path, change=lambda document: document.update({field: value}))

    with pytest.raises(StateError) as caught:
        read_order(path)

    assert path in caught.value.message
    assert named in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("limit", ["hard", "soft", "stall", "output_bytes", "output_files"])
def test_a_limit_that_allows_nothing_is_refused(tmp_path: Path, limit: str) -> None:
    path = written(tmp_path, change=lambda document: document["limits"].update({limit: 0}))  # type: ignore[attr-defined]

    with pytest.raises(StateError, match=rf"limits\.{limit} should be at least 1"):
        read_order(path)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"schema": 1, "schema": 1}', b"[" * 9999]
)
def test_a_garbled_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "order.json").write_bytes(content)

    with pytest.raises(StateError, match="is not usable"):
        read_order(str(tmp_path / "order.json"))


def test_a_missing_an_endless_and_a_planted_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(written(tmp_path))
    (tmp_path / "big").write_bytes(b" " * (ORDER_BYTES_MAX + 1))

    for name in ("none", "link", "big", "."):
        with pytest.raises(StateError, match="cannot be read"):
            read_order(str(tmp_path / name))
