"""One base folder with agents and tasks, worked from outside: commands as a person types them, passes
as cron starts them, agents that are real processes.

Everything goes through the command line; only ``seed`` writes tasks into the store by hand, because two
hundred of them would be two hundred processes.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import select
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.acceptance.disk import Disk, Json, processes_with
from tests.acceptance.past import Past
from tests.acceptance.program import CALL_TIMEOUT_S, PROGRAM, cron_environment
from tests.integration.cgroup_litter import remove_cgroups, state_id_of
from tests.integration.commands import NO_PRESSURE, ROOT, Answer, an_agent, compile_settings
from tests.integration.wrapping import is_alive
from tests.waiting import wait_until
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store

SCRIPTED_AGENT = str(ROOT / "examples/agent-control/agents/scripted-agent")

QUICK = {"HEARTBEAT_SEC": 1, "GRACE_SEC": 1}
"""Settings of every scene, unless it says something else."""


def gated(
    name: str = "dev-1",
    *,
    queue: str = "dev",
    slots: int = 1,
    before: str = "true",
    after: str = "true",
    **more: object,
) -> Json:
    """An agent that notes that it works, and works until its gate is open. ``before`` and ``after`` are
    lines of shell."""
    folder = '"$TINYSCHEDULER_BASE_PATH"'
    note = f'echo "$TINYSCHEDULER_TASK_ID $TINYSCHEDULER_ATTEMPT $TKO_AGENT $$" >>{folder}/work.log'
    is_open = f'[ -e {folder}/gates/all ] || [ -e {folder}/gates/"$TINYSCHEDULER_TASK_ID" ]'
    script = f"{note}; {before}; until {is_open}; do sleep 0.1; done; {after}"
    return {**an_agent(name, queue=queue, slots=slots, script=script), **more}


class Scene:
    """``base`` is what ``--base-path`` would be; made if it is missing."""

    def __init__(self, base: Path, *agents: Mapping[str, object], **settings: object) -> None:
        self.base = base
        self.state = base / "state"
        self.disk = Disk(base)
        self.past = Past(self.state)
        self.gates = base / "gates"
        self._children: list[subprocess.Popen[str]] = []
        base.mkdir(exist_ok=True)
        self.gates.mkdir(exist_ok=True)
        self.tables("")
        if agents:
            self._write_control(agents)
        self.configure(**{**QUICK, **settings})

    # --- what it is made of ---

    def control(self, *agents: Mapping[str, object]) -> None:
        """Write agent-control."""
        self._write_control(agents)
        compile_settings(self.environment())

    def tables(self, text: str) -> None:
        """Write tinyscheduler.toml."""
        (self.base / "tinyscheduler.toml").write_text(NO_PRESSURE + text)

    def configure(self, **settings: object) -> None:
        """Write these settings over the older ones in ``.env``; None takes one away."""
        path = self.base / ".env"
        lines = path.read_text().splitlines() if path.exists() else []
        values = dict(line.removeprefix("TINYSCHEDULER_").split("=", 1) for line in lines)
        values.update({name: str(value) for name, value in settings.items() if value is not None})
        kept = {name: value for name, value in values.items() if settings.get(name, "") is not None}
        text = "".join(f"TINYSCHEDULER_{name}={value}\n" for name, value in kept.items())
        path.write_text(text)
        compile_settings(self.environment())

    def open_gate(self, task_id: str = "all") -> None:
        """Let the agent of one task go on, or of all."""
        (self.gates / task_id).touch()

    def add(self, title: str, **flags: object) -> str:
        """By the command line; the new id."""
        words = [
            word for name, value in flags.items() for word in (f"--{name.replace('_', '-')}", str(value))
        ]
        return self.well("task", "add", title, *words).strip()

    def seed(self, count: int, *, minutes_ago: int = 0, **fields: Any) -> list[str]:
        """As many tasks of one kind, straight into the embedded store; fields as in ``NewTask``."""
        made_at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        store = Store(str(self.state / "tasks.db"), now=lambda: f"{made_at:%Y-%m-%dT%H:%M:%SZ}")
        try:
            fields = {"queue_name": "dev", **fields}
            made = store.create_tasks([NewTask(f"task {n}", "alice", **fields) for n in range(count)])
        finally:
            store.close()
        return [str(row.id) for row in made]

    # --- what is done with it ---

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {**cron_environment(str(self.base)), **(more or {})}

    def call(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        stdin: str = "",
        prefix: tuple[str, ...] = (),
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> Answer:
        """One command from beginning to end; ``prefix`` is a program that starts it."""
        done = subprocess.run(
            [*prefix, *PROGRAM, *arguments],
            env=self.environment(environ),
            # cron stands in the home folder; nothing may depend on it.
            cwd="/",
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def well(self, *arguments: str) -> str:
        """The output of a command that has to succeed without a word on stderr."""
        answer = self.call(*arguments)
        assert (answer.code, answer.err) == (0, ""), answer
        return answer.out

    def once(self, *flags: str) -> None:
        """A pass that is well, and therefore silent."""
        assert self.well("run", "--once", *flags) == ""

    def once_json(self, *flags: str) -> Json:
        """What a pass says that it did, whatever its exit code."""
        answer = self.call("run", "--once", "--json", *flags)
        told = answer.json()
        assert (told["exit"], answer.err) == (answer.code, ""), answer
        return told

    def start(self, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """A command that stays; ended with the scene at the latest."""
        child = subprocess.Popen(
            [*PROGRAM, *arguments],
            env=self.environment(environ),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._children.append(child)
        return child

    def serve(self, port: int = 0) -> subprocess.Popen[str]:
        """``serve``, ready; the endpoint is put into ``.env``."""
        child = self.start("serve", "--port", str(port))
        assert child.stdout is not None
        ready, _, _ = select.select([child.stdout], [], [], CALL_TIMEOUT_S)
        line = child.stdout.readline() if ready else ""
        found = re.fullmatch(r"serving (http://\S+/mcp) \(database .+\)\n", line)
        assert found is not None, (line, child.poll())
        self.configure(MCP_ENDPOINT=found[1])
        return child

    @contextmanager
    def pass_lock(self) -> Iterator[None]:
        """Held by somebody else for as long as the block lasts."""
        with open(self.state / "tinyscheduler.lock", "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # --- what can be seen of it ---

    def setting(self, name: str) -> str:
        """As it stands in ``.env``."""
        lines = (self.base / ".env").read_text().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith(f"TINYSCHEDULER_{name}="))

    def task(self, task_id: str) -> Json:
        """As the task server has it."""
        found = json.loads(self.well("task", "show", task_id, "--json"))["task"]
        assert isinstance(found, dict)
        return found

    def comments(self, task_id: str) -> list[str]:
        """Texts, oldest first."""
        told = json.loads(self.well("task", "show", task_id, "--json"))
        return [str(comment["text"]) for comment in told["comments"]]

    def statuses(self) -> dict[str, str]:
        """Of every task, by its id; by a command only where the tasks are a server's."""
        if "MCP_ENDPOINT=" not in (self.base / ".env").read_text():
            return self.disk.statuses_by_store()
        told = json.loads(self.well("task", "list", "--all", "--limit", "1000", "--json"))
        return {str(task["id"]): task["status"] for task in told["tasks"]}

    def held(self, told: Json) -> dict[str, str]:
        """Reasons by task id, of a plan or a status."""
        rows = told["held"]
        assert isinstance(rows, list)
        return {str(row["task_id"]): row["reason"] for row in rows}

    # --- waiting ---

    def wait_for_running(self, *task_ids: str) -> None:
        """Until the agents of these tasks are named in their leases."""
        wanted = set(task_ids)
        wait_until(lambda: wanted <= set(self.disk.working()), f"tasks {', '.join(task_ids)} run")

    def end_unsettled(self, task_id: str) -> None:
        """Let an agent end while somebody else holds the pass lock, and forget that it asked for a look:
        its lease stays ``finished`` until the next pass."""
        wrapper = int(str(self.disk.lease(task_id)["pid"]))
        with self.pass_lock():
            self.open_gate(task_id)
            wait_until(lambda: self.disk.lease(task_id)["state"] == "finished", f"task {task_id} has ended")
            # It becomes a pass, which finds the lock busy, under the same pid.
            wait_until(lambda: not is_alive(wrapper), "the pass of the wrapper has left")
            (self.state / "poke").unlink(missing_ok=True)

    def wait_for_rest(self) -> None:
        """Until nobody is left who could change anything: no agent, no wrapper, no pass. Servers that
        the scene has started may go on. Processes are looked at first: they could make leases."""

        def rests() -> bool:
            # A lease is cheaper to see than a process, so it is also looked for first.
            return not self.disk.leases() and not self._strangers() and not self.disk.leases()

        wait_until(rests, "rest", 30)

    def close(self) -> None:
        """Leave no process behind, however the test ended."""
        for child in self._children:
            if child.poll() is None:
                child.kill()
            child.communicate()
        # Wrappers become passes, and passes start wrappers. Twice, because a process shows neither its
        # arguments nor its environment for an instant while it becomes another program.
        for _ in range(2):
            wait_until(lambda: not [_kill(pid) for pid in self._mine()], "every process of the scene is gone")
        remove_cgroups(state_id_of(self.state))

    def _write_control(self, agents: Sequence[Mapping[str, object]]) -> None:
        (self.base / "agent-control.json").write_text(json.dumps(agents), encoding="utf-8")

    def _strangers(self) -> set[int]:
        return set(self._mine()) - {child.pid for child in self._children}

    def _mine(self) -> list[int]:
        places = (f"={self.base}\0".encode(), f"{self.base}/".encode())
        return processes_with(*self.disk.marks(), *places)


def _kill(pid: int) -> int:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return pid


def scenes_in(folder: Path) -> Iterator[Callable[..., Scene]]:
    """One factory, and at the end no process of its scenes."""
    scenes: list[Scene] = []

    def make(*agents: dict[str, object], name: str = "base", **settings: object) -> Scene:
        scenes.append(Scene(folder / name, *agents, **settings))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.close()
