"""What a base folder and the machine show of a scene: files, locks, processes. Reads only."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path

from tinyscheduler.taskstore.rows import TaskFilter
from tinyscheduler.taskstore.store import Store

Json = dict[str, object]
Tree = dict[str, tuple[object, ...]]


class Disk:
    """One base folder as it is now."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.state = base / "state"
        self.work = base / "work.log"
        """A line for each time that a ``gated`` agent was begun: task, attempt, agent, pid."""

    def is_locked(self) -> bool:
        """Somebody holds the pass lock at this moment. Read from the kernel's table: trying it would
        turn passes away."""
        inode = (self.state / "tinyscheduler.lock").stat().st_ino
        rows = Path("/proc/locks").read_text().splitlines()
        return any(" FLOCK " in row and f":{inode} " in row and " -> " not in row for row in rows)

    def leases(self) -> list[str]:
        """Ids of the tasks in flight, by the files."""
        names = os.listdir(self.state / "running") if (self.state / "running").exists() else []
        found = [match[1] for name in names if (match := re.fullmatch(r"task_(.+)\.json", name))]
        return sorted(found, key=lambda name: (len(name), name))

    def lease(self, task_id: str) -> Json:
        found = json.loads((self.state / "running" / f"task_{task_id}.json").read_text())
        assert isinstance(found, dict)
        return found

    def working(self) -> list[str]:
        """Tasks whose leases name an agent's process."""
        found = []
        for task_id in self.leases():
            with suppress(FileNotFoundError):
                found += [task_id] if self.lease(task_id).get("agent_pid") is not None else []
        return found

    def ledger(self, task_id: str) -> Json:
        found = json.loads((self.state / "ledger" / f"task_{task_id}.json").read_text())
        assert isinstance(found, dict)
        return found

    def outcomes(self, task_id: str) -> list[str]:
        """Classes of the runs that have been settled."""
        if not (self.state / "ledger" / f"task_{task_id}.json").exists():
            return []
        found = self.ledger(task_id)["outcomes"]
        assert isinstance(found, list)
        return [past["class"] for past in found]

    def journal(self) -> list[Json]:
        """Every fact so far, in order."""
        paths = sorted((self.state / "journal").glob("journal_*.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]

    def events(self, name: str) -> list[Json]:
        """The facts of one name."""
        return [fact for fact in self.journal() if fact["event"] == name]

    def passes(self) -> int:
        """How many looks have ended."""
        return len(self.events("pass_ended")) if (self.state / "journal").exists() else 0

    def lease_count_max(self) -> int:
        """The most leases there have been at any time, by the journal."""
        facts = self.journal()
        return max(len(replayed(facts[:end])) for end in range(len(facts) + 1))

    def statuses_by_store(self) -> dict[str, str]:
        """Of every task of the embedded store, also when the settings are broken and no command works."""
        store = Store(str(self.state / "tasks.db"), read_only=True)
        try:
            return {str(row.id): row.status for row in store.tasks(TaskFilter())}
        finally:
            store.close()

    def begun(self) -> list[str]:
        """Tasks in the order in which ``gated`` agents began them; one entry for each run."""
        if not self.work.exists():
            return []
        return [line.split()[0] for line in self.work.read_text().splitlines()]

    def tagged(self) -> list[int]:
        """Living processes with the tag of this state folder: wrappers, agents, what these started."""
        return processes_with(*self.marks())

    def marks(self) -> list[bytes]:
        """What tagged processes have in their environment; nothing before the first pass."""
        path = self.state / "format.json"
        if not path.exists():
            return []
        state_id = json.loads(path.read_text())["state_id"]
        return [f"TINYSCHEDULER_LEASE={state_id}:".encode()]

    def tree(self, *, times: bool = True) -> Tree:
        """Every file and folder with its content, mode and (``times``) time of change."""
        found: Tree = {}
        for folder, _, names in os.walk(self.base):
            for path in (folder, *(os.path.join(folder, name) for name in names)):
                status = os.lstat(path)
                content = Path(path).read_bytes() if os.path.isfile(path) else b""
                stamp = (status.st_mtime_ns, status.st_ctime_ns) if times else ()
                found[os.path.relpath(path, self.base)] = (status.st_mode, status.st_ino, content, *stamp)
        return found


def processes_with(*texts: bytes) -> list[int]:
    """Living processes that have one of these in their environment or arguments; never this one."""
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        # A zombie has neither, and a process that ends meanwhile is none of those that are looked for.
        with suppress(OSError):
            known = _content(f"/proc/{pid}/environ") + _content(f"/proc/{pid}/cmdline")
            if any(text in known for text in texts) and pid != os.getpid():
                found.append(pid)
    return found


def _content(path: str) -> bytes:
    """Read without pathlib and its layers: there are hundreds of processes, and many who look."""
    file = os.open(path, os.O_RDONLY)
    try:
        parts = []
        while part := os.read(file, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(file)


def replayed(journal: list[Json]) -> dict[str, str]:
    """The leases that there are after these facts: lease_id by task."""
    leases: dict[str, str] = {}
    for fact in journal:
        event, task_id = fact["event"], str(fact.get("task_id"))
        if event == "day_opened":
            opening = fact["leases"]
            assert isinstance(opening, list)
            leases = {str(lease["task_id"]): lease["lease_id"] for lease in opening}
        elif event == "lease_created":
            leases[task_id] = str(fact["lease_id"])
        elif event in ("task_settled", "lease_undone", "claim_lost"):
            leases.pop(task_id, None)
    return leases


def looks(journal: list[Json]) -> list[list[Json]]:
    """The facts between pass_began and pass_ended; fails where another pass's fact stands there."""
    found: list[list[Json]] = []
    holder = None
    for fact in journal:
        if fact["event"] == "day_opened":
            continue
        if fact["event"] == "pass_began":
            assert holder is None, f"{fact['pass']} began while {holder} was at work"
            holder = fact["pass"]
            found.append([])
        assert fact["pass"] == holder, f"{fact} while {holder} was at work"
        found[-1].append(fact)
        if fact["event"] == "pass_ended":
            holder = None
    assert holder is None
    return found
