"""Worlds in which a task waits for what it needs, and what people are told; and the words for them."""

from __future__ import annotations

from tests.builders import a_broken_lease, a_lease, a_ledger, a_start_snapshot, a_task, ago, an_agent
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.ledger import Approval
from tinyscheduler.model.prerequisite import Prerequisite, PrerequisiteState
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.model.waiting import Waiting
from tinyscheduler.planner.approval import approval_mark

MACHINE = Resources(8, 16_000, 1)
TWO_AGENTS = (an_agent(), an_agent("dev-2"))


def asked_for(
    task_id: str, state: PrerequisiteState, *, why: str = "", task: Task | None = None
) -> Prerequisite:
    """A task that is in no list of ours."""
    return Prerequisite(TaskId(task_id), state, why, task)


def an_approval(task: Task, *, by: str = "sue") -> Approval:
    """Of the task as it is."""
    return Approval(by, "looks good", ago(60), approval_mark(task))


def a_wait(*, reason: HeldReason = "resources", waited_s: float = 3600, task: Task | None = None) -> Waiting:
    """Of ``a_task``, seen by the passes before this one."""
    found = task or a_task()
    return Waiting(
        found.created_at, found.queue, found.assigned_to, reason, ago(waited_s), since=ago(waited_s)
    )


def one_wants_approval(description: str = "") -> Task:
    return a_task(description=description, tags=["needs-approval"])


EXAMPLES_OF_NEEDS: list[tuple[str, StartSnapshot, HeldReason, str]] = [
    (
        "it comes after an archived one",
        a_start_snapshot(a_task(tags=["after:7"]), prerequisites=[asked_for("7", "archived")]),
        "dependency_failed",
        "waits for task 7, which was archived without being complete",
    ),
    (
        "it comes after one that is gone",
        a_start_snapshot(a_task(tags=["after:7"]), prerequisites=[asked_for("7", "gone")]),
        "dependency_failed",
        "waits for task 7, which does not exist",
    ),
    (
        "it comes after itself",
        a_start_snapshot(a_task(tags=["after:1"])),
        "cycle",
        "1 -> 1",
    ),
    (
        "it comes after one that was not looked at",
        a_start_snapshot(a_task(tags=["after:7"])),
        "blocked",
        "waits for task 7, which was not looked at yet",
    ),
    (
        "the server does not say how that one is",
        a_start_snapshot(
            a_task(tags=["after:7"]), prerequisites=[asked_for("7", "unknown", why="no answer")]
        ),
        "blocked",
        "could not be asked for: no answer",
    ),
    ("it is to be approved", a_start_snapshot(one_wants_approval()), "needs_approval", "nobody has"),
    (
        "it was approved as something else",
        a_start_snapshot(
            one_wants_approval("new"), ledgers=[a_ledger(approvals=[an_approval(one_wants_approval("old"))])]
        ),
        "needs_approval",
        "it was changed since sue approved it",
    ),
    (
        "its tag means nothing",
        a_start_snapshot(a_task(tags=["write:/etc"])),
        "bad_task",
        "its tag write:/etc: /etc",
    ),
    (
        "its front matter means nothing",
        a_start_snapshot(a_task(description="---\napproval: perhaps\n---\n")),
        "bad_task",
        "approval in line 2 of its description: perhaps",
    ),
    (
        "nobody can do it",
        a_start_snapshot(a_task(tags=["cap:gpu", "cap:x86"]), agents=[an_agent(capabilities=["x86"])]),
        "no_capability",
        "dev-1 cannot: gpu",
    ),
    (
        "nobody can do all of it",
        a_start_snapshot(
            a_task(tags=["cap:gpu", "cap:x86"]),
            agents=[an_agent(capabilities=["x86"]), an_agent("dev-2", capabilities=["gpu"])],
        ),
        "no_capability",
        "none of dev-1, dev-2 has all of gpu, x86",
    ),
    (
        "nobody may do it",
        a_start_snapshot(a_task(tags=["scope:web/shop"]), agents=[an_agent(scope=["web/blog", "api"])]),
        "out_of_scope",
        "web/shop is outside of what its agents may do (dev-1: web/blog, api)",
    ),
    (
        "another writes there",
        a_start_snapshot(
            a_task(tags=["write:src/a"]), agents=TWO_AGENTS, leases=[a_lease("2", writes=["src"])]
        ),
        "path_held",
        "it is to write src/a, and task 2 on dev-1 writes src",
    ),
    (
        "another reads there",
        a_start_snapshot(
            a_task(tags=["write:src"]), agents=TWO_AGENTS, leases=[a_lease("2", reads=["src/{}/a"])]
        ),
        "path_held",
        "it is to write src, and task 2 on dev-1 reads src/{}/a",
    ),
    (
        "another writes what it reads",
        a_start_snapshot(
            a_task(tags=["read:src/*.py"]), agents=TWO_AGENTS, leases=[a_lease("2", writes=["src/?.py"])]
        ),
        "path_held",
        "it is to read src/*.py",
    ),
    (
        "nobody knows what another writes",
        a_start_snapshot(a_task(tags=["write:src"]), agents=TWO_AGENTS, broken=[a_broken_lease("2")]),
        "path_held",
        "task 2, whose lease cannot be read",
    ),
    (
        "another has its goal",
        a_start_snapshot(a_task(tags=["goal:ship"]), agents=TWO_AGENTS, leases=[a_lease("2", goal="ship")]),
        "goal_held",
        "goal ship is worked on by task 2 on dev-1",
    ),
    (
        "its agent takes too much",
        a_start_snapshot(
            a_task(),
            agents=[an_agent(), an_agent("dev-2", resources=Resources(cpu=4))][1:],
            leases=[a_lease("2", resources=Resources(cpu=5))],
            totals=MACHINE,
        ),
        "resources",
        "it takes cpu 4; cpu 5 of cpu 8 is taken",
    ),
    (
        "it takes too much itself",
        a_start_snapshot(
            a_task(description="resources: {gpu: 1}"),
            agents=TWO_AGENTS,
            leases=[a_lease("2", resources=Resources(gpu=1))],
            totals=MACHINE,
        ),
        "resources",
        "it takes gpu 1; gpu 1 of",
    ),
    (
        "there is not so much at all",
        a_start_snapshot(a_task(description="resources: {gpu: 2}"), totals=MACHINE),
        "resources",
        "it takes gpu 2, and there is cpu 8, memory 16000 MB, gpu 1 in all",
    ),
]
