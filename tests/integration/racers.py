"""Many processes that do one thing at the same moment: run as a program, used by the race tests.

``python -m tests.integration.racers SCENARIO FOLDER COUNT`` forks that many children from a process
without threads, lets them go together, and prints what each of them saw as a JSON list.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.builders import a_lease, a_process, an_owner
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.adapters.runlock import FlockRunLock
from tinyscheduler.model.ids import TaskId
from tinyscheduler.ports import LockHolder

ROOT = Path(__file__).resolve().parents[2]
TASK = TaskId("1")
HOLD_S = 0.02
"""Long enough for everybody else to look, short enough for fifty holders one after the other."""
TIMEOUT_S = 50


def race(scenario: str, folder: Path, count: int) -> list[dict[str, object]]:
    """What each racer saw, in the order in which they ended. For tests."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.racers", scenario, str(folder), str(count)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    assert len(found) == count
    return found


def create(folder: str, number: int) -> dict[str, object]:
    """Make the lease of one task."""
    won = a_store(folder).create(a_lease(lease_id=f"racer-{number}"))
    return {"racer": number, "won": won}


def create_and_take(folder: str, number: int) -> dict[str, object]:
    """Make the lease, and whoever has made it becomes its owner, as a quick wrapper would."""
    store = a_store(folder)
    won = store.create(a_lease(lease_id=f"racer-{number}"))
    if won:
        store.take(TASK, an_owner(f"racer-{number}", process=a_process(number + 1)))
    return {"racer": number, "won": won}


def take(folder: str, number: int) -> dict[str, object]:
    """Become the owner of one task, or learn who is."""
    first = a_store(folder).take(TASK, an_owner(f"racer-{number}", process=a_process(number + 1)))
    return {"racer": number, "owner": first.lease_id}


def lock(folder: str, number: int) -> dict[str, object]:
    """Try the lock once. The holder puts a flag up that no second holder can put up as well."""
    runlock = FlockRunLock(f"{folder}/state/lock", f"{folder}/state/poke", signature)
    began = time.monotonic()
    if not runlock.acquire():
        return {"racer": number, "won": False, "took_s": time.monotonic() - began}
    os.close(os.open(f"{folder}/flag", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    with open(f"{folder}/state/lock", encoding="utf-8") as file:
        text = file.read()
    time.sleep(HOLD_S)
    with open(f"{folder}/state/lock", encoding="utf-8") as file:
        is_untouched = file.read() == text and f'"pid":{os.getpid()},' in text
    os.unlink(f"{folder}/flag")
    runlock.release()
    return {"racer": number, "won": True, "is_untouched": is_untouched}


def signature() -> LockHolder:
    """Of this process, now."""
    return LockHolder(ProcessTable().me(), datetime.now(UTC))


SCENARIOS: Mapping[str, Callable[[str, int], dict[str, object]]] = {
    "create": create,
    "create_and_take": create_and_take,
    "take": take,
    "lock": lock,
}


def a_store(folder: str) -> FileLeaseStore:
    return FileLeaseStore(f"{folder}/running", f"{folder}/quarantine")


def main(scenario: str, folder: str, count: int) -> None:
    ready_read, ready_write = os.pipe()
    go_read, go_write = os.pipe()
    results_read, results_write = os.pipe()
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            os.close(go_write)
            os.write(ready_write, b".")
            os.read(go_read, 1)  # The end of the pipe is the starting shot.
            result = SCENARIOS[scenario](folder, number)
            os.write(results_write, json.dumps(result).encode() + b"\n")
            os._exit(0)
        children.append(child)
    os.close(results_write)
    ready = 0
    while ready < count:
        ready += len(os.read(ready_read, count))
    os.close(go_write)
    with open(results_read, encoding="utf-8") as results:
        found = [json.loads(line) for line in results]
    for child in children:
        os.waitpid(child, 0)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
