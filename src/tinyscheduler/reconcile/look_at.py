"""Look at one task: what ``explain`` shows (features H2). Takes no lock and writes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from tinyscheduler.errors import StateError, TaskNotFound, TaskServerError
from tinyscheduler.model.action import OddAction, StopOrphan, task_of
from tinyscheduler.model.explanation import Explanation
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.intent import NOTHING_ASKED, Foreseen
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.lease import BrokenLease
from tinyscheduler.model.past_pass import PastPass
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import Backlog, StartSnapshot, TendSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.explain import explain, with_task
from tinyscheduler.ports import TaskServer, World
from tinyscheduler.reconcile.desired import as_desired
from tinyscheduler.reconcile.done_first import done_first
from tinyscheduler.reconcile.guard import GuardedServer
from tinyscheduler.reconcile.look import ReadSide, odd_actions, runs_of
from tinyscheduler.reconcile.memory import Memory
from tinyscheduler.reconcile.observe_tasks import (
    Tended,
    fetch,
    observe_start,
    tended_as_seen,
    waiting_of,
)
from tinyscheduler.reconcile.second_look import observed_leases
from tinyscheduler.views.explain import Subject
from tinyscheduler.views.odd import mending_text
from tinyscheduler.views.run_trouble import what_comes
from tinyscheduler.views.seen import RunSeen


def look_at(side: ReadSide, task_id: TaskId) -> Subject:
    """Everything known of one task, which need not exist. Raises StateError when leases or ledgers
    cannot be read at all."""
    world = side.world
    tend = observed_leases(world)
    server = GuardedServer(world.server, Memory(world))
    server.meet(tend)
    question = _Question(world, server, task_id)
    asked = _asked(question, tend)
    explanation, why = _explained(question, tend, asked)
    if _misses_a_lease(explanation, tend):
        # A claim between the reading of the leases and the server's answer: now there is a lease.
        tend = observed_leases(world)
        asked = _asked(question, tend)
        explanation, why = _explained(question, tend, asked)
    mine = _compared(question, tend)
    run = next((run for run in runs_of(world, mine) if run.facts.lease.task_id == task_id), None)
    last = side.hindsight.last_pass()
    interval_s = world.configuration.loop_interval_s
    broken = next((broken for broken in tend.broken if broken.task_id == task_id), None)
    odd = tuple(action for action in odd_actions(tend) if task_of(action) == task_id)
    return Subject(
        now=world.clock.now(),
        task_id=task_id,
        explanation=_with_lever(explanation, _lever(run, broken, odd)),
        server_unknown=why,
        run=run,
        broken=broken,
        ledger=world.ledgers.read([task_id]).get(task_id),
        attempts_max=world.configuration.policy.max_attempts,
        log=_log(side, task_id),
        intents=tuple(answer for answer in asked.answers if answer.intent.task_id == task_id),
        odd=odd,
        done_first=done_first(world, tend),
        known_here=_known_here(question, tend) if why is not None and run is None else (),
        unknown_since=_unknown_since(world) if why is not None else None,
        slip=_slip(world, explanation),
        next_pass_at=last.next_at(interval_s) if isinstance(last, PastPass) else None,
    )


def _known_here(question: _Question, tend: TendSnapshot) -> tuple[Held, ...]:
    """Of a task that the server says nothing of. Raises StateError."""
    from tinyscheduler.planner.known_here import known_here
    from tinyscheduler.reconcile.hours import closed_hours

    world, server, task_id = question
    snapshot = _snapshot(question, tended_as_seen(tend, Unknown(""), NOTHING_ASKED))
    hours = closed_hours(world.configuration, snapshot.now)
    waiting = waiting_of(world, server)
    return known_here(task_id, snapshot._replace(waiting=waiting, closed_hours=hours))


def _unknown_since(world: World) -> datetime | None:
    breaker = world.breakers.read().servers.get(world.configuration.connection.name)
    return None if breaker is None else breaker.since


def _lever(run: RunSeen | None, broken: BrokenLease | None, odd: tuple[OddAction, ...]) -> str:
    """What the plan of starts cannot know: what this pass would do with the lease first."""
    if broken is not None:
        mending = next((action for action in odd if not isinstance(action, StopOrphan)), None)
        return mending_text(broken, mending)
    coming = what_comes(run) if run is not None else None
    return "" if coming is None else coming[1]


def _with_lever(explanation: Explanation | None, lever: str) -> Explanation | None:
    held = explanation.held if explanation is not None else None
    if explanation is None or held is None or held.reason != "leased" or not lever:
        return explanation
    rows = tuple(row._replace(lever=lever) if row.name == "leased" else row for row in explanation.rows)
    return explanation._replace(held=held._replace(lever=lever), rows=rows)


def _slip(world: World, explanation: Explanation | None) -> str:
    """What was probably meant, of a task that is held because nobody knows its queue or its assignee."""
    held = explanation.held if explanation is not None else None
    if explanation is None or held is None or held.reason not in ("no_agent", "not_ours"):
        return ""
    from tinyscheduler.kit.nearest import nearest

    task, configuration = explanation.task, world.configuration
    agents = [agent.name for agent in configuration.agents]
    command = f"tinyscheduler task update {task.id}"
    if task.assigned_to is not None:
        near = None if task.assigned_to in agents else nearest(task.assigned_to, agents)
        return f"{command} --assign {near}" if near is not None else ""
    if task.queue is None or task.queue in configuration.queues:
        return ""
    near = nearest(task.queue, configuration.queues)
    return f"{command} --queue {near}" if near is not None else ""


class _Question(NamedTuple):
    world: World
    server: TaskServer
    task_id: TaskId


def _asked(question: _Question, tend: TendSnapshot) -> Foreseen:
    """Requests, and what becomes of them; also those about other tasks, which take its slot or let it go."""
    if not tend.intents:
        return NOTHING_ASKED
    from tinyscheduler.reconcile.intent_look import foresee

    return foresee(question.world, question.server, tend)


def _compared(question: _Question, tend: TendSnapshot) -> TendSnapshot:
    """With what the server shows of the run of this task."""
    world, server, task_id = question
    mine = tend._replace(leases=tuple(facts for facts in tend.leases if facts.lease.task_id == task_id))
    return as_desired(world, server, mine, backlog=Known(Backlog(())))


def _misses_a_lease(explanation: Explanation | None, tend: TendSnapshot) -> bool:
    held = explanation.held if explanation is not None else None
    if held is None or held.reason not in ("settling", "working_elsewhere"):
        return False
    return all(facts.lease.task_id != held.task_id for facts in tend.leases)


def _explained(
    question: _Question, tend: TendSnapshot, foreseen: Foreseen
) -> tuple[Explanation | None, str | None]:
    """The explanation, or why the server is unknown; neither for a task that it does not have."""
    world, server, task_id = question
    backlog, _ = fetch(world, server)
    task = _in_backlog(task_id, backlog)
    if task is None:
        try:
            task = server.get(task_id).task
            backlog = _joined(world, task, _with_children(server, task, backlog))
        except TaskNotFound:
            return None, None
        except TaskServerError as error:
            return None, error.message
    return explain(task, _snapshot(question, tended_as_seen(tend, backlog, foreseen))), None


def _in_backlog(task_id: TaskId, backlog: Known[Backlog] | Unknown) -> Task | None:
    tasks = backlog.value.tasks if isinstance(backlog, Known) else ()
    return next((task for task in tasks if task.id == task_id), None)


def _joined(world: World, task: Task, backlog: Known[Backlog] | Unknown) -> Known[Backlog] | Unknown:
    """So that what it waits for is asked for, as for any task that a pass fetches."""
    if not isinstance(backlog, Known):
        return backlog
    configuration = world.configuration
    agents, policy = configuration.agents, configuration.policy
    return Known(with_task(task, backlog.value, agents=agents, policy=policy))


def _with_children(
    server: TaskServer, task: Task, backlog: Known[Backlog] | Unknown
) -> Known[Backlog] | Unknown:
    """A backlog knows which of its own tasks are parents; this one may not be among them."""
    if not isinstance(backlog, Known) or task.status == "complete" or not server.has_open_children(task.id):
        return backlog
    return Known(backlog.value._replace(open_parents=backlog.value.open_parents | {task.id}))


def _snapshot(question: _Question, tended: Tended) -> StartSnapshot:
    world, server, task_id = question
    snapshot = observe_start(world, server, tended)
    if task_id in snapshot.ledgers:
        return snapshot
    return snapshot._replace(ledgers={**world.ledgers.read([task_id]), **snapshot.ledgers})


def _log(side: ReadSide, task_id: TaskId) -> str | None:
    try:
        attempts = side.logs.attempts(task_id)
    except StateError:
        # ``logs`` says what is wrong with them.
        return None
    return side.logs.path(task_id, attempts[-1]) if attempts else None
