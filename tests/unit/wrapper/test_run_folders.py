"""``state/runs``: complete or not there, nobody else's, and clean."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.wrapper.orders import an_order
from tinyscheduler.adapters.runs import RunFolderStore
from tinyscheduler.adapters.runs.order_file import read_order
from tinyscheduler.errors import StateError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.order import Order
from tinyscheduler.model.result import RESULT_BYTES_MAX, BadResult, RunResult

AT = datetime(2026, 1, 2, tzinfo=UTC)
TASK = TaskId("7")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def store(runs: Path) -> RunFolderStore:
    return RunFolderStore(str(runs), redact=lambda text: text.replace("hunter22", "[redacted]"))


@pytest.fixture
def order(runs: Path) -> Order:
    return an_order(str(runs))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_prepared_folder_holds_order_and_prompt_for_their_owner_only(
    store: RunFolderStore, order: Order, runs: Path
) -> None:
    path = store.prepare(order, "do é\n")

    folder = runs / "task_7" / "1"
    assert path == str(folder / "order.json")
    assert read_order(path) == order
    assert (folder / "prompt.md").read_text() == "do é\n"
    assert sorted(os.listdir(folder)) == ["order.json", "prompt.md"]
    assert {mode(p) for p in (runs, runs / "task_7", folder)} == {0o700}
    assert {mode(p) for p in folder.iterdir()} == {0o600}


def test_a_prompt_that_is_no_text_is_still_a_prompt(store: RunFolderStore, order: Order, runs: Path) -> None:
    """Titles come from a server; half a character in one must not stop the task."""
    store.prepare(order, "a\ud800b")

    assert (runs / "task_7" / "1" / "prompt.md").read_text() == "a?b"


def test_a_result_written_for_a_run_to_come_is_removed(
    store: RunFolderStore, order: Order, runs: Path
) -> None:
    """An agent may write anywhere; it must not complete its own next attempt."""
    folder = runs / "task_7" / "1"
    folder.mkdir(parents=True)
    for name in ("result.json", "output.log", "output.log.3", "wrapper.log"):
        (folder / name).write_text('{"status": "success"}')

    store.prepare(order, "")

    assert sorted(os.listdir(folder)) == ["order.json", "prompt.md"]
    assert store.outcome(str(folder), None, AT) is None


@pytest.mark.parametrize("planted", ["task_7", "task_7/1"])
def test_a_planted_link_is_refused(
    store: RunFolderStore, order: Order, runs: Path, tmp_path: Path, planted: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "1").mkdir(parents=True)
    (elsewhere / "1" / "prompt.md").write_text("mine")
    (runs / planted).parent.mkdir(parents=True)
    (runs / planted).symlink_to(elsewhere)

    with pytest.raises(StateError):
        store.prepare(order, "")
    with pytest.raises(StateError):
        store.discard(TASK, 1)
    with pytest.raises(StateError):
        store.send(TASK, 1, "hello")

    assert sorted(os.listdir(elsewhere / "1")) == ["prompt.md"]
    assert (elsewhere / "1" / "prompt.md").read_text() == "mine"


def test_a_file_in_the_folders_place_is_refused(store: RunFolderStore, order: Order, runs: Path) -> None:
    runs.mkdir()
    (runs / "task_7").write_text("")

    with pytest.raises(StateError, match="task_7"):
        store.prepare(order, "")


def test_the_folder_of_runs_may_be_a_link_of_the_operator(order: Order, runs: Path, tmp_path: Path) -> None:
    """To a bigger disk, say."""
    (tmp_path / "big").mkdir()
    runs.symlink_to(tmp_path / "big")

    RunFolderStore(str(runs), redact=str).prepare(order, "")

    assert (tmp_path / "big" / "task_7" / "1" / "order.json").exists()


@pytest.mark.parametrize("task_id", ["", "a/../b", "..", "a b", "x" * 65, "ä"])
def test_an_id_is_no_path_before_it_is_checked(store: RunFolderStore, task_id: str) -> None:
    for call in (store.path_for, store.discard):
        with pytest.raises(StateError):
            call(TaskId(task_id), 1)


def test_an_order_for_another_folder_is_refused(store: RunFolderStore, order: Order) -> None:
    for path in ("/etc/prompt.md", order.prompt_file.replace("task_7", "task_8"), "/prompt.md"):
        with pytest.raises(StateError):
            store.prepare(order._replace(prompt_file=path), "")


def test_an_order_no_wrapper_would_take_is_not_written(
    store: RunFolderStore, order: Order, runs: Path
) -> None:
    with pytest.raises(StateError, match="argv"):
        store.prepare(order._replace(argv=()), "")

    assert not runs.exists()


def test_a_discarded_folder_is_gone_and_discarding_again_is_nothing(
    store: RunFolderStore, order: Order, runs: Path
) -> None:
    store.prepare(order, "")

    store.discard(TASK, 1)
    store.discard(TASK, 1)

    assert os.listdir(runs) == []


def test_a_discarded_folder_keeps_what_is_not_ours(store: RunFolderStore, order: Order, runs: Path) -> None:
    store.prepare(order, "")
    (runs / "task_7" / "1" / "notes.txt").write_text("work")

    store.discard(TASK, 1)

    assert os.listdir(runs / "task_7" / "1") == ["notes.txt"]


def test_other_attempts_stay_when_one_is_discarded(store: RunFolderStore, order: Order, runs: Path) -> None:
    store.prepare(order, "")
    (runs / "task_7" / "2").mkdir()

    store.discard(TASK, 1)

    assert os.listdir(runs / "task_7") == ["2"]


def test_a_result_becomes_an_outcome_without_secrets(store: RunFolderStore, order: Order, runs: Path) -> None:
    folder = Path(store.prepare(order, "")).parent
    (folder / "result.json").write_text('{"status": "failed", "summary": "key hunter22"}')

    outcome = store.outcome(str(folder), 3, AT)

    assert outcome is not None
    assert (outcome.kind, outcome.code, outcome.at) == ("failed", 3, AT)
    assert outcome.summary == "key [redacted]"


def planted(path: Path, what: str) -> None:
    match what:
        case "nothing":
            pass
        case "folder":
            path.mkdir()
        case "link":
            (path.parent / "other").write_text('{"status": "success"}')
            path.symlink_to(path.parent / "other")
        case "pipe":
            os.mkfifo(path)
        case "huge":
            path.write_text(json.dumps({"status": "success", "summary": "x" * RESULT_BYTES_MAX}))
        case "half":
            path.write_text('{"status": "succ')
        case "deep":
            path.write_text("[" * 60_000)
        case "binary":
            path.write_bytes(b"\xff\x00")
        case "twice":
            path.write_text('{"status": "failed", "status": "success"}')


@pytest.mark.timeout(5)
@pytest.mark.parametrize("what", ["folder", "link", "pipe", "huge", "half", "deep", "binary", "twice"])
def test_whatever_stands_in_the_results_place_is_no_result_and_says_why(
    store: RunFolderStore, tmp_path: Path, what: str
) -> None:
    """The agent writes it: a pipe would block its reader, a link lead it elsewhere."""
    planted(tmp_path / "result.json", what)

    found = store.result(str(tmp_path / "result.json"), redact=str)

    assert isinstance(found, BadResult)
    assert 0 < len(found.why) <= 200
    assert store.outcome(str(tmp_path), None, AT) is None


def test_no_result_is_not_a_bad_one(store: RunFolderStore, tmp_path: Path) -> None:
    assert store.result(str(tmp_path / "result.json"), redact=str) is None
    assert store.result(str(tmp_path / "gone" / "result.json"), redact=str) is None


def test_the_biggest_result_is_still_one(store: RunFolderStore, tmp_path: Path) -> None:
    empty = len('{"status": "success", "summary": ""}')
    text = json.dumps({"status": "success", "summary": "x" * (RESULT_BYTES_MAX - empty)})
    (tmp_path / "result.json").write_text(text)

    assert len(text) == RESULT_BYTES_MAX
    assert isinstance(store.result(str(tmp_path / "result.json"), redact=str), RunResult)


@pytest.mark.parametrize(
    ("entry", "is_kept"),
    [
        ("a.txt", True),
        ("made/later.txt", True),
        ("{workspace}/a.txt", True),
        ("{workspace}", True),
        ("inner/../a.txt", True),
        ("inward/a.txt", True),
        ("https://example.org/1", True),
        ("../other/a.txt", False),
        ("{workspace}-other/a.txt", False),
        ("/etc/passwd", False),
        ("outward/passwd", False),
        ("outward/../a.txt", False),
    ],
)
def test_artifacts_lie_in_the_workspace_wherever_links_lead(
    store: RunFolderStore, tmp_path: Path, entry: str, is_kept: bool
) -> None:
    workspace = tmp_path / "work"
    (workspace / "inner").mkdir(parents=True)
    (workspace / "inward").symlink_to(workspace / "inner")
    (workspace / "outward").symlink_to("/etc")
    text = entry.replace("{workspace}", str(workspace))
    (tmp_path / "result.json").write_text(json.dumps({"status": "success", "artifacts": [text]}))

    found = store.outcome(str(tmp_path), None, AT, workspace=str(workspace))

    assert found is not None
    assert found.artifacts == ((text,) if is_kept else ())
    assert ("outside the workspace" in found.summary) != is_kept


def test_a_workspace_that_is_a_link_is_the_folder_it_leads_to(store: RunFolderStore, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "work").symlink_to("real")
    entries = [str(tmp_path / "real" / "a.txt"), str(tmp_path / "work" / "b.txt"), "c.txt"]
    (tmp_path / "result.json").write_text(json.dumps({"status": "success", "artifacts": entries}))

    found = store.outcome(str(tmp_path), None, AT, workspace=str(tmp_path / "work"))

    assert found is not None
    assert found.artifacts == tuple(entries)
