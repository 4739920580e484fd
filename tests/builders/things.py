"""The moment and the machine that all times and processes hang on; tasks and agents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.lease import (
    Claim,
    ProcessRef,
)
from tinyscheduler.model.pause import Pause, PauseScope
from tinyscheduler.model.resources import NO_RESOURCES, Resources
from tinyscheduler.model.task import Status, Task
from tinyscheduler.ports import Host

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MONOTONIC = 5_000.0
"""CLOCK_MONOTONIC at NOW."""
SOURCE = "fake:1"
HOST = Host("build-1", "machine-1", "boot-1", "pid:[1]")


def ago(seconds: float) -> datetime:
    """That long before NOW."""
    return NOW - timedelta(seconds=seconds)


def a_task(
    task_id: str = "1",
    *,
    queue: str | None = "dev",
    assigned_to: str | None = None,
    status: Status = "idle",
    priority: float = 0.0,
    age_s: float = 3600,
    title: str = "a task",
    description: str = "",
    tags: Iterable[str] = (),
    blocked_by: str | None = None,
    parent_id: str | None = None,
    is_archived: bool = False,
) -> Task:
    """An idle task in queue ``dev`` that nobody has; ``blocked_by`` also makes it blocked."""
    return Task(
        id=TaskId(task_id),
        title=title,
        status=status,
        assigned_to=None if assigned_to is None else AgentName(assigned_to),
        queue=None if queue is None else QueueName(queue),
        priority=priority,
        created_at=ago(age_s),
        updated_at=ago(age_s),
        description=description,
        tags=tuple(tags),
        parent_id=None if parent_id is None else TaskId(parent_id),
        blocked_by=None if blocked_by is None else TaskId(blocked_by),
        is_blocked=blocked_by is not None,
        archived_at=NOW if is_archived else None,
    )


def an_agent(
    name: str = "dev-1",
    *,
    queues: Iterable[str] = ("dev",),
    slots: int = 1,
    is_enabled: bool = True,
    weight: float = 1.0,
    account: str | None = None,
    command: tuple[str, ...] = ("agent", "{task_id}"),
    workspace: str | None = None,
    capabilities: Iterable[str] = (),
    scope: Iterable[str] = (),
    resources: Resources = NO_RESOURCES,
    is_on_demand: bool = False,
) -> Agent:
    """An enabled agent of queue ``dev`` with one slot and something to run."""
    return Agent(
        AgentName(name),
        tuple(QueueName(queue) for queue in queues),
        slots,
        "maxConcurrency",
        is_enabled=is_enabled,
        weight=weight,
        account=account,
        command=command,
        workspace=workspace,
        capabilities=tuple(capabilities),
        scope=tuple(scope),
        resources=resources,
        is_on_demand=is_on_demand,
    )


def a_claim(
    *, before: str | None = None, queue: str | None = "dev", task_created_at: datetime | None = None
) -> Claim:
    """Of a task from the pool; ``before`` makes it one of an assigned task."""
    return Claim(
        None if before is None else AgentName(before),
        None if queue is None else QueueName(queue),
        task_created_at or ago(3600),
        "exchange" if before is None else "move",
    )


def a_pause(
    scope: PauseScope = "all", name: str = "", *, reason: str = "", until_s: float | None = None
) -> Pause:
    """Given by a person a minute ago; ``until_s``: its end, in seconds from now."""
    until = None if until_s is None else NOW + timedelta(seconds=until_s)
    return Pause(scope, name, "sue", ago(60), reason, until)


def a_process(pid: int = 4711, *, start: int = 1, host: Host = HOST) -> ProcessRef:
    """A process of that host."""
    return ProcessRef(pid, start, host.boot_id, host.pid_namespace)
