"""The demo's course: set the stage, let cron run, kill a wrapper, wait for the end, gather evidence."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Final

from tinyscheduler.bootstrap import desk, load, wire
from tinyscheduler.cli import demo_script as script
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.demo_checks import Evidence, Kill
from tinyscheduler.cli.demo_stage import Stage
from tinyscheduler.cli.demo_story import Entry, Follower, Line, act, sentence
from tinyscheduler.errors import TaskServerError, TinySchedulerError
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import Lease
from tinyscheduler.model.ledger import Ledger
from tinyscheduler.model.task import TaskDetail
from tinyscheduler.ports import World
from tinyscheduler.views.past_runs import runs_of

PLAY_S: Final = 38.0
"""From the first moment; it takes 15. The ways out after it are limited too, and add up to less than
the rest of the minute."""
TICK_S: Final = 0.05
KILL_AFTER_S: Final = 1.0
"""In the middle of the work: the agent runs, and is far from done."""
REST_S: Final = 3.0
"""How long the failing task still has to wait at the end, so that it is seen waiting."""


class Play:
    """One performance. ``tell`` gets each line as it happens; ``is_stopped`` is asked all the time."""

    def __init__(
        self, stage: Stage, context: Context, *, tell: Callable[[Line], None], is_stopped: Callable[[], bool]
    ) -> None:
        self.entries: list[Entry] = []
        self.began_at = datetime.now(UTC)
        self._stage = stage
        self._context = context
        self._tell = tell
        self._is_stopped = is_stopped
        self._began = time.monotonic()
        self._follower = Follower(f"{stage.folder}/state/journal")
        self._kill: Kill | None = None
        self._prey_seen_at: float | None = None

    def perform(self) -> Evidence:
        """From an empty folder to what is known at the end.

        Raises KeyboardInterrupt when it is stopped, WorldError when there is no stage to play on.
        """
        world = self._set_the_stage()
        try:
            trouble = self._until_over(world)
            restless = self._stage.settle()
            self._follow()
            return self._evidence(world, trouble, restless)
        finally:
            world.server.close()

    def _set_the_stage(self) -> World:
        folder = self._stage.folder
        try:
            script.write_agents(folder, self._stage.environ)
            endpoint = self._stage.start_server(self._tick)
            script.write_settings(folder, endpoint)
        except OSError as error:
            raise TinySchedulerError(
                f"{folder} cannot be written: {error}", hint="free some space"
            ) from error
        context = self._context._replace(
            environ=self._stage.environ, overrides={"BASE_PATH": folder}, env_file=None
        )
        configuration = load(context, write_cache=False)
        with closing(desk(configuration, context)) as tasks:
            script.add_tasks(tasks)
        return wire(configuration, context, is_read_only=True)

    def _until_over(self, world: World) -> str:
        """Why it was broken off; empty when it was not."""
        while not self._is_over(world):
            if time.monotonic() > self._began + PLAY_S:
                return f"it was not over after {PLAY_S:.0f} s"
            if not self._stage.has_server():
                return "the task server ended in the middle"
            self._stage.cron()
            self._follow()
            self._hunt(world)
            self._tick()
        return ""

    def _tick(self) -> None:
        if self._is_stopped():
            raise KeyboardInterrupt
        time.sleep(TICK_S)

    def _follow(self) -> None:
        for entry in self._follower.fresh():
            self.entries.append(entry)
            line = sentence(entry.fact)
            if line is not None:
                self._tell(line)

    def _hunt(self, world: World) -> None:
        """Kill one wrapper, once, as a crash would: without a word, its agent alive."""
        if self._kill is not None:
            return
        lease = world.leases.read(script.KILLED)
        if not isinstance(lease, Lease) or lease.wrapper is None or lease.agent_pid is None:
            return
        self._prey_seen_at = self._prey_seen_at or time.monotonic()
        if time.monotonic() < self._prey_seen_at + KILL_AFTER_S:
            return
        if world.processes.signal(lease.wrapper, signal.SIGKILL):
            pid, agent = lease.wrapper.pid, lease.agent_pid
            self._kill = Kill(lease.task_id, lease.lease_id, pid, agent)
            what = f"kill -9 {pid}, the wrapper of task {lease.task_id}; its agent {agent} lives on alone"
            self._tell(act(datetime.now(UTC), what))

    def _is_over(self, world: World) -> bool:
        facts = [entry.fact for entry in self.entries]
        if any(run.ended_at is None for run in runs_of(facts)):
            return False
        told = {fact.task_id: fact.reason for fact in facts if fact.event == "task_settled"}
        done = [told.get(task_id) == "completed" for task_id in script.TASK_IDS if task_id != script.FAILING]
        return all(done) and told.get(script.FAILING) == "requeued" and self._is_resting(world)

    def _is_resting(self, world: World) -> bool:
        ledger = world.ledgers.read([script.FAILING]).get(script.FAILING)
        not_before = ledger.not_before if isinstance(ledger, Ledger) else None
        return not_before is not None and not_before > datetime.now(UTC) + timedelta(seconds=REST_S)

    def _evidence(self, world: World, trouble: str, restless: list[int]) -> Evidence:
        from tinyscheduler.reconcile.preview import preview

        facts = tuple(entry.fact for entry in self.entries)
        tasks = _tasks(world)
        held = {held.task_id: held for held in preview(world).start.held}
        left = self._stage.end_server()
        found = world.ledgers.read(script.TASK_IDS)
        return Evidence(
            facts=facts,
            runs=runs_of(facts),
            tasks=tasks,
            ledgers={task_id: ledger for task_id, ledger in found.items() if isinstance(ledger, Ledger)},
            held=held,
            kill=self._kill,
            leases=_leased(world),
            restless=tuple(restless),
            left=tuple(left),
            server_code=self._stage.server_code,
            pass_codes=tuple(self._stage.pass_codes),
            cron_log=self._stage.cron_log(),
            trouble=trouble,
            seconds=time.monotonic() - self._began,
        )


def _tasks(world: World) -> dict[TaskId, TaskDetail]:
    """Those of which the server tells; a check says so of the others."""
    found: dict[TaskId, TaskDetail] = {}
    for task_id in script.TASK_IDS:
        try:
            found[task_id] = world.server.get(task_id)
        except TaskServerError:
            break
    return found


def _leased(world: World) -> tuple[TaskId, ...]:
    scan = world.leases.scan()
    return (*(lease.task_id for lease in scan.leases), *(broken.task_id for broken in scan.broken))
