"""The demo's play: three agents, seven tasks, and the settings under which it is played.

Everything here is what a user would write: an agent-control file, a ``.env``, tasks.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Final, NamedTuple

from tinyscheduler.kit import files
from tinyscheduler.model.desk import TaskDraft
from tinyscheduler.model.ids import TaskId
from tinyscheduler.ports.reading import TaskDesk

MINUTE_S: Final = 3.0
"""How long cron's minute lasts in the demo: an orphan has to be seen being one, and nobody likes to
wait."""
RETRY_BASE_S: Final = 4
"""Instead of 60: the killed task is to run again while somebody watches."""
ATTEMPTS_MAX: Final = 10
"""On a slow machine the failing task has time to fail more often than three times; it is to wait at
the end, not to be parked. Its delay doubles, so it comes to wait anyway."""


class Part(NamedTuple):
    """One task of the play. Ids are given in this order, from 1."""

    title: str
    queue: str
    priority: int
    words: str
    """For the agent; see ``demo_agent.sh``."""
    blocked_by: int | None = None


PARTS: Final = (
    Part("Fix the parser", "dev", 6, "work: 2"),
    Part("Migrate the database", "dev", 9, "work: 25\nagain: 1.5"),
    Part("Document the parser", "dev", 8, "work: 1.5", blocked_by=1),
    Part("Build the login page", "dev", 7, "work: 2\nhandoff: qa"),
    Part("Publish the release", "dev", 5, "work: 1.5\nfail: 3"),
    Part("Speed up the search", "dev", 3, "work: 2"),
    Part("Smoke-test the site", "qa", 1, "work: 2"),
)
BLOCKER: Final = TaskId("1")
KILLED: Final = TaskId("2")
BLOCKED: Final = TaskId("3")
HANDED_OVER: Final = TaskId("4")
FAILING: Final = TaskId("5")
TASK_IDS: Final = tuple(TaskId(str(number)) for number in range(1, len(PARTS) + 1))
FIRST_STARTS: Final = (BLOCKER, KILLED, HANDED_OVER, FAILING, TaskId("6"))
"""The dev tasks that could start at once, in the order they should: in the band of urgent ones
first what blocks others, then by priority."""
FAIL_CODE: Final = 3
TESTER: Final = "qa-1"
TESTED: Final = "tested, all well"
"""What the tester says on the task it was handed."""
AGENTS: Final = (("dev-1", "dev"), ("dev-2", "dev"), (TESTER, "qa"))
"""Name and queue; each has one slot."""


def title_of(task_id: TaskId) -> str:
    """Of one of the seven; of any other task its id."""
    return PARTS[int(task_id) - 1].title if task_id in TASK_IDS else f"task {task_id}"


def write_agents(folder: str, environ: Mapping[str, str]) -> None:
    """The agents' program and agent-control. ``environ`` is that of the passes. Raises OSError."""
    source = f"{os.path.dirname(os.path.abspath(__file__))}/demo_agent.sh"
    program = f"{folder}/agents/demo-agent"
    files.make_folder(f"{folder}/agents")
    files.replace(program, files.read_limited(os.path.realpath(source), 100_000))
    control = [_agent(name, queue, program, environ=environ) for name, queue in AGENTS]
    files.replace(f"{folder}/agent-control.json", (json.dumps(control, indent=2) + "\n").encode())


def write_settings(folder: str, endpoint: str) -> None:
    """The folder's ``.env``. Raises OSError."""
    settings = {
        "MCP_ENDPOINT": endpoint,
        # A server that has just been started on a busy machine may be slow; one that hangs may not
        # take the time in which the demo has to clean up.
        "MCP_TIMEOUT_SEC": "5",
        "MCP_BUDGET_SEC": "8",
        "RETRY_BASE_SEC": str(RETRY_BASE_S),
        "MAX_ATTEMPTS": str(ATTEMPTS_MAX),
        # Seven logs of a few lines need no half a gigabyte, and /tmp is often small.
        "MIN_FREE_MB": "0",
    }
    lines = [f"TINYSCHEDULER_{name}={value}\n" for name, value in settings.items()]
    files.replace(f"{folder}/.env", "".join(lines).encode())
    # It is to be seen on a busy machine, too.
    files.replace(f"{folder}/tinyscheduler.toml", b"[pressure]\nenabled = false\n")


def add_tasks(desk: TaskDesk) -> None:
    """All seven, over the protocol that everybody else uses. Raises TaskServerError."""
    for part in PARTS:
        blocker = None if part.blocked_by is None else TaskId(str(part.blocked_by))
        desk.add(
            TaskDraft(
                part.title,
                "demo",
                description=part.words,
                queue=part.queue,
                priority=part.priority,
                blocked_by=blocker,
            )
        )


def _agent(name: str, queue: str, program: str, *, environ: Mapping[str, str]) -> dict[str, object]:
    # By its shell: temporary folders are often mounted noexec. Braces would be read as a template's.
    path = program.replace("{", "{{").replace("}", "}}")
    return {
        "agentName": name,
        "agentType": queue,
        "maxConcurrency": 1,
        "command": ["/bin/sh", path, "{queue}"],
        # Agents call "tinyscheduler task", which from a source tree needs the way to its libraries.
        "env": {name: environ[name] for name in ("PYTHONPATH",) if name in environ},
        "success": "result",
    }
