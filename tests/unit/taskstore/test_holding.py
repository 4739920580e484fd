"""Commits that need not be durable at once: everybody sees them, and a power cut takes the last ones."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.rigs import tools
from tests.unit.taskstore.builders import Hands
from tinyscheduler.taskstore.store import Store

WRITES = 10
FRAME_BYTES = 24 + 4096
"""Of a page in the log (https://www.sqlite.org/fileformat2.html#walformat)."""

_MANY_WRITES = f"""
import sys
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store
store = Store(sys.argv[1])
task = store.create_task(NewTask("a task", "me"))
if sys.argv[2] == "hold":
    store.hold()
for number in range({WRITES}):
    store.update_task(task.id, {{"title": f"title {{number}}"}})
if sys.argv[2] == "hold":
    store.sync()
"""


def syncs_of(path: Path, how: str) -> int:
    """Of a process that writes ``WRITES`` times, from the first write on."""
    trace = path.with_suffix(".trace")
    command = [tools.tool("strace"), "-f", "-y", "-e", "trace=fsync,fdatasync", "-o", str(trace)]
    subprocess.run([*command, sys.executable, "-c", _MANY_WRITES, str(path), how], check=True, timeout=60)
    return sum("-wal>" in line for line in trace.read_text().splitlines())


def test_many_writes_are_one_sync(tmp_path: Path) -> None:
    at_once, held = syncs_of(tmp_path / "once.db", "at once"), syncs_of(tmp_path / "held.db", "hold")

    assert at_once - held == WRITES - 1


def test_what_is_held_is_seen_by_others_at_once(path: str, store: Store, hands: Hands) -> None:
    made = hands.task(title="before")
    other = Store(path)
    store.hold()
    store.update_task(made.id, {"title": "after"})

    assert other.task(made.id).title == "after"
    other.update_task(made.id, {"title": "theirs"})
    store.sync()
    assert store.task(made.id).title == "theirs"
    other.close()


def test_a_log_that_is_cut_anywhere_ends_with_one_of_the_writes(
    path: str, store: Store, hands: Hands
) -> None:
    """What a power cut leaves of a log that was not synced is its beginning: the last writes are gone,
    none of the middle is, and what came before is whole."""
    made = hands.task(title="before")
    store.hold()
    names = [f"title {number}" for number in range(WRITES)]
    titles = ["before", *(store.update_task(made.id, {"title": name}).title for name in names)]
    log = Path(f"{path}-wal").read_bytes()

    seen = []
    for length in range(len(log), 0, -FRAME_BYTES // 2):
        shutil.copy(path, f"{path}.cut")
        Path(f"{path}.cut-wal").write_bytes(log[:length])
        after = Store(f"{path}.cut")
        seen.append(after.task(made.id).title if _is_there(after) else "before it was made")
        after.close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{path}.cut{ending}").unlink(missing_ok=True)

    places = [titles.index(title) for title in seen if title in titles]
    assert places == sorted(places, reverse=True)
    assert set(places) >= set(range(1, len(titles)))


def _is_there(store: Store) -> bool:
    from tinyscheduler.taskstore.rows import TaskFilter

    return bool(store.tasks(TaskFilter()))
