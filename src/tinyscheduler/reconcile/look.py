"""Look without touching: what ``status`` and ``explain`` show, of one moment (law 9).

Takes no lock and writes nothing, so a pass may be at work meanwhile: a lease that looks wrong is
read again before anybody is told, because its run may have ended between two readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tinyscheduler.errors import Blind, StateError, TaskNotFound, TaskServerError
from tinyscheduler.model.action import Keep, OddAction, StartPlan, StopOrphan, TendAction, task_of
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.intent import NOTHING_ASKED, Foreseen, IntentAnswer
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import ProcessRef
from tinyscheduler.model.other_server import is_told_by_the_server, other_server
from tinyscheduler.model.past_pass import ParkedTask, PastPass, Shelf
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.model.snapshot import Backlog, LeaseFacts, TendSnapshot
from tinyscheduler.model.waiting import Starving
from tinyscheduler.planner.closed import closed_now
from tinyscheduler.planner.pauses import in_force
from tinyscheduler.planner.ranking import natural_id
from tinyscheduler.planner.start import plan_start
from tinyscheduler.planner.tend import plan_tend
from tinyscheduler.ports import LeaseStore, LedgerStore, Processes, RunFolders, TaskServer, World
from tinyscheduler.ports.reading import Hindsight, RunLogs
from tinyscheduler.reconcile.guard import GuardedServer
from tinyscheduler.reconcile.holding import lock_seen
from tinyscheduler.reconcile.memory import Memory
from tinyscheduler.reconcile.observe import check_asked, check_sight
from tinyscheduler.reconcile.observe_tasks import fetch, observe_start, tended_as_seen, waiting_of
from tinyscheduler.reconcile.second_look import observed_leases
from tinyscheduler.reconcile.unserved import look_for_unserved
from tinyscheduler.views.seen import Problem, RunSeen, Seen

PARKED_ASKED_MAX = 20
"""Calls to the server for parked tasks that no queue of ours shows; beyond it the ledger is believed."""


class ReadSide(NamedTuple):
    """The ports of a command that only looks."""

    world: World
    hindsight: Hindsight
    logs: RunLogs


class LogSide(NamedTuple):
    """The ports of ``logs``, which asks no task server."""

    leases: LeaseStore
    ledgers: LedgerStore
    runs: RunFolders
    processes: Processes
    logs: RunLogs


def look(side: ReadSide) -> Seen:
    """Everything ``status`` shows. Never raises for what the disk or the server does: that is shown."""
    world = side.world
    tend = _tend(world)
    # After the leases: a copy of the embedded store is of the instant of its first call.
    memory = Memory(world)
    server = GuardedServer(world.server, memory)
    tend, backlog, error = _compared(world, server, tend)
    lookout = _Lookout(world, server)
    answers, plan = lookout.next_pass(tend, backlog)
    if plan is not None and _misses_a_lease(plan, tend):
        tend = _tend(world)
        answers, plan = lookout.next_pass(tend, backlog)
    known = None if isinstance(tend, Unknown) else tend
    leased = set() if known is None else {facts.lease.task_id for facts in known.leases}
    lookout.look_around()
    for forgotten in (memory.breakers.trouble, memory.accounts.trouble):
        lookout.note(forgotten)
    last_pass = side.hindsight.last_pass()
    has_past = isinstance(last_pass, PastPass) or bool(leased)
    return Seen(
        now=world.clock.now(),
        configuration=world.configuration,
        runs=tend if isinstance(tend, Unknown) else Known(runs_of(world, tend)),
        broken=() if known is None else known.broken,
        backlog=backlog,
        plan=plan,
        server_hint="" if error is None else error.hint,
        is_estopped=world.state.is_estopped(),
        free_mb=world.state.free_mb(),
        is_copy=has_past and lookout.state_id() == "",
        last_pass=last_pass,
        shelf=_still_parked(side.hindsight.shelf(leased), plan, backlog, server=server),
        state_faults=tuple(lookout.faults),
        closed=closed_now(memory.breakers, memory.accounts, world.clock.now()),
        odd=() if known is None else odd_actions(known),
        estop_note=world.state.estop_note() if world.state.is_estopped() else "",
        pauses=in_force(world.pauses.read(), world.clock.now()),
        intents=answers,
        broken_intents=() if known is None else known.broken_intents,
        starving=_starving(world, server),
        unserved=look_for_unserved(world, server, backlog),
        lock=lock_seen(world),
    )


def _starving(world: World, server: TaskServer) -> Mapping[TaskId, Starving]:
    waiting = waiting_of(world, server)
    if not waiting:
        return {}
    from tinyscheduler.planner.starvation import starving

    return starving(waiting, world.clock.now(), world.configuration.policy)


def _compared(
    world: World, server: GuardedServer, tend: TendSnapshot | Unknown
) -> tuple[TendSnapshot | Unknown, Known[Backlog] | Unknown, TaskServerError | None]:
    """What runs, beside what the server shows of it; and why the server is unknown, if it is."""
    leases = [] if isinstance(tend, Unknown) else [facts.lease for facts in tend.leases]
    if not isinstance(tend, Unknown):
        server.meet(tend)
    backlog, error = fetch(world, server)
    if leases and not isinstance(tend, Unknown):
        from tinyscheduler.reconcile.desired import as_desired

        tend = as_desired(world, server, tend, backlog=backlog)
    if server.trouble is not None:
        return tend, Unknown(server.trouble.message), server.trouble
    return tend, backlog, error


def runs_of(world: World, snapshot: TendSnapshot) -> tuple[RunSeen, ...]:
    """Every lease with what the next pass does about it, by task."""
    actions = {task_of(a): a for a in plan_tend(snapshot).actions if not isinstance(a, StopOrphan)}
    runs = [_run(world, facts, actions[facts.lease.task_id]) for facts in snapshot.leases]
    return tuple(sorted(runs, key=lambda run: natural_id(run.facts.lease.task_id)))


def odd_actions(snapshot: TendSnapshot) -> tuple[OddAction, ...]:
    """What a pass does about leases that nobody can read, and about runs without one."""
    if not snapshot.broken and not snapshot.tagged:
        return ()
    return tuple(action for action in plan_tend(snapshot).actions if isinstance(action, OddAction))


class _Lookout:
    """What the next pass would do, as far as the disk lets us look; and what it did not."""

    def __init__(self, world: World, server: TaskServer) -> None:
        self._world = world
        self._server = server
        self.faults: list[Problem] = []

    def next_pass(
        self, tend: TendSnapshot | Unknown, backlog: Known[Backlog] | Unknown
    ) -> tuple[tuple[IntentAnswer, ...], StartPlan | None]:
        """What becomes of intents, and of the tasks. Neither where the leases are unknown, no plan where
        the ledgers are: nobody can tell."""
        if isinstance(tend, Unknown):
            return (), None
        foreseen = self._foreseen(tend)
        answers = foreseen.answers
        try:
            tended = tended_as_seen(tend, backlog, foreseen)
            return answers, plan_start(observe_start(self._world, self._server, tended))
        except StateError as error:
            self._add(error)
            return answers, None

    def state_id(self) -> str | None:
        """None: it cannot be read."""
        try:
            return self._world.state.state_id()
        except StateError as error:
            self._add(error)
            return None

    def look_around(self) -> None:
        """What runs is shown as unknown where nobody can look, and why is said here; and what keeps passes
        and wrappers from writing down what has become of it."""
        try:
            check_sight(self._world)
        except Blind as error:
            self._add(error)
        places, server = self._world.configuration.places, self._world.configuration.connection
        is_ours = server.endpoint is None and server.folder is None
        files = (places.lock_file, places.tasks_db) if is_ours else (places.lock_file,)
        for obstacle, hint in self._world.state.obstacles(files):
            self.faults.append(Problem("problem", "state", obstacle, hint))

    def note(self, forgotten: str) -> None:
        """What failed before cannot be read; empty: it can."""
        if forgotten:
            hint = "the next pass puts it into quarantine and goes on without it"
            self.faults.append(Problem("problem", "breakers-unreadable", forgotten, hint))

    def _foreseen(self, tend: TendSnapshot) -> Foreseen:
        try:
            check_asked(tend)
            if not tend.intents:
                return NOTHING_ASKED
            from tinyscheduler.reconcile.intent_look import foresee

            return foresee(self._world, self._server, tend)
        except StateError as error:
            self._add(error)
            return NOTHING_ASKED

    def _add(self, error: StateError) -> None:
        self.faults.append(Problem("problem", error.reference, error.message, error.hint))


def _tend(world: World) -> TendSnapshot | Unknown:
    try:
        return observed_leases(world)
    except StateError as error:
        return Unknown(error.message)


def _run(world: World, facts: LeaseFacts, action: TendAction) -> RunSeen:
    lease = facts.lease
    is_stopped = lease.wrapper is not None and world.processes.is_stopped(lease.wrapper)
    source = world.server.source
    elsewhere = None if is_told_by_the_server(lease, source) else other_server(lease, source)
    run = RunSeen(facts, action, is_wrapper_stopped=is_stopped, elsewhere=elsewhere)
    if isinstance(action, Keep) or lease.state == "finished":
        return run
    stop, is_alive = world.leases.stop_order(lease.task_id), _is_agent_alive(world, facts)
    return run._replace(stop=stop, is_agent_alive=is_alive)


def _is_agent_alive(world: World, facts: LeaseFacts) -> bool:
    lease = facts.lease
    if facts.wrapper != "dead" or lease.agent_pid is None or lease.agent_start is None:
        return False
    agent = ProcessRef(lease.agent_pid, lease.agent_start, lease.boot_id, lease.pid_namespace)
    return world.processes.liveness(agent) == "alive"


def _misses_a_lease(plan: StartPlan, tend: TendSnapshot | Unknown) -> bool:
    """A ledger was opened after the leases were read: a pass starts something right now."""
    leased = set() if isinstance(tend, Unknown) else {facts.lease.task_id for facts in tend.leases}
    return any(held.reason == "settling" and held.task_id not in leased for held in plan.held)


def _still_parked(
    shelf: Shelf, plan: StartPlan | None, backlog: Known[Backlog] | Unknown, *, server: TaskServer
) -> Shelf:
    """Without those that a person has released or finished since: the ledger learns of it only when the
    task comes up again."""
    if not isinstance(backlog, Known):
        return shelf
    seen = {task.id for task in backlog.value.tasks}
    held: Mapping[TaskId, HeldReason] = (
        {} if plan is None else {held.task_id: held.reason for held in plan.held}
    )
    kept: list[ParkedTask] = []
    asked = 0
    for entry in shelf.parked:
        if entry.task_id in seen:
            is_parked = plan is None or held.get(entry.task_id) == "parked"
        else:
            asked += 1
            is_parked = asked > PARKED_ASKED_MAX or _is_open(entry.task_id, server)
        if is_parked:
            kept.append(entry)
    return shelf._replace(parked=tuple(kept))


def _is_open(task_id: TaskId, server: TaskServer) -> bool:
    try:
        task = server.get(task_id).task
    except TaskNotFound:
        return False
    except TaskServerError:
        # Unknown: shown rather than hidden.
        return True
    return task.status != "complete" and task.archived_at is None
