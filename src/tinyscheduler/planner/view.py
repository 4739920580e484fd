"""A snapshot with the look-ups that the rows about a task need, made once for all tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.hints import BEGINNINGS, NO_HINTS, Hints
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.lease import BrokenLease, Lease
from tinyscheduler.model.ledger import BrokenLedger, Ledger, OpenRun
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Task
from tinyscheduler.planner.capacity import Capacity
from tinyscheduler.planner.gates import GateReason, Gates, gates_of
from tinyscheduler.planner.pauses import in_force
from tinyscheduler.planner.pressure import busy
from tinyscheduler.planner.retry import counted

if TYPE_CHECKING:
    from tinyscheduler.planner.blockers import Blockers
    from tinyscheduler.planner.dependencies import Graph
    from tinyscheduler.planner.depth import Depth
    from tinyscheduler.planner.holdings import Holdings

NOBODY: frozenset[AgentName] = frozenset()


class Finding(NamedTuple):
    """What a row found: the variable parts of a Held."""

    value: str
    lever: str
    hold: Held | None = None
    """Takes the place of everything: the answer was found earlier in this pass, perhaps as another reason."""
    limit: str = ""
    since: datetime | None = None
    next_look_at: datetime | None = None
    """None: the next pass."""
    ends_by_at: datetime | None = None


class View(NamedTuple):
    """What every row is asked with, besides the task."""

    snapshot: StartSnapshot
    leases: Mapping[TaskId, Lease]
    broken: Mapping[TaskId, BrokenLease]
    agents: Mapping[AgentName, Agent]
    serving: Mapping[QueueName, Sequence[Agent]]
    """Enabled agents of a queue, but for those on demand."""
    idle: Mapping[QueueName, Sequence[AgentName]]
    """Disabled agents of a queue that no enabled one serves."""
    gates: Gates
    shut: frozenset[GateReason]
    """Reasons of gates that are shut: what is not among them keeps nobody."""
    pauses: tuple[Pause, ...]
    """Those that hold now."""
    open_parents: frozenset[TaskId]
    met: frozenset[TaskId]
    """Tasks of which something is known by their id: a lease or a ledger, whatever is in it, an open subtask,
    a refusal, a pause, relief. Ten thousand others need not be asked what only these can answer."""
    taken: Capacity
    """By live leases; while a plan is made, also by its starts so far. The one thing here that changes."""
    said: dict[object, Hints]
    """What tasks say about themselves, by the words in which they say it, as far as anybody has asked; see
    ``hints``."""
    able: dict[tuple[object, ...], Sequence[Agent]]
    """Who may be given a task of a kind, as far as anybody has asked; see ``able``."""
    relieved: Mapping[TaskId, int]
    """Tasks that have starved for long, with their steps; see ``starvation``."""
    busy: tuple[str, str, str] | None
    """What the machine has too much of, its limit and the key of the limit; see ``pressure``."""
    depth: Depth | None
    """How full the queues are; None: not so full that anything follows from it."""
    former: frozenset[AgentName]
    """Names that were agents of ours when tasks that still wait were first seen, and are no more."""
    graphs: list[Graph]
    """The one of this snapshot, once somebody has asked; see ``graph``."""
    held: list[Holdings]
    """See ``holdings``."""
    families: list[Mapping[TaskId, Sequence[Task]]]
    """See ``subtasks``."""
    waited_for: list[Blockers]
    """See ``blockers``."""
    critical: list[bool]
    """Whether a critical task could start, once somebody has asked; see ``depth``."""

    def has_room(self) -> bool:
        """A task may start yet, as far as slots and the global cap go; one that starves gets a slot more."""
        return not self.taken.is_full() and (self.taken.has_slots() or bool(self.relieved))

    def hints(self, task: Task) -> Hints:
        """What the task says about itself. The same words are read once, whoever says them."""
        tags, description = task.tags, task.description
        if description[:1] not in BEGINNINGS:
            return (self.said.get(tags) or _read_hints(tags, task, self.said)) if tags else NO_HINTS
        # Of the same words in two files, each has its own line that is told.
        words = (tags, description, task.page)
        return self.said.get(words) or _read_hints(words, task, self.said)

    def graph(self) -> Graph:
        """Which tasks wait for which; made when somebody asks first."""
        if not self.graphs:
            from tinyscheduler.planner.seen_graph import graph_in

            self.graphs.append(graph_in(self))
        return self.graphs[0]

    def subtasks(self) -> Mapping[TaskId, Sequence[Task]]:
        """Those that are not complete, of each open parent; looked for when somebody asks first."""
        if not self.families:
            from tinyscheduler.planner.families import open_subtasks

            self.families.append(open_subtasks(self.snapshot))
        return self.families[0]

    def blockers(self) -> Blockers:
        """What keeps those that others wait for; made when somebody asks first."""
        if not self.waited_for:
            from tinyscheduler.planner.blockers import Blockers

            self.waited_for.append(Blockers(self))
        return self.waited_for[0]

    def holdings(self) -> Holdings:
        """Paths, goals and parts of the machine that are taken now; made when somebody asks first."""
        if not self.held:
            from tinyscheduler.planner.holdings import holdings_of

            self.held.append(holdings_of(self))
        return self.held[0].caught_up(self.taken.started)


def _read_hints(words: object, task: Task, said: dict[object, Hints]) -> Hints:
    # An idle pass has no task to read, and does not load what reads them.
    from tinyscheduler.planner.hints import hints_of

    found = said[words] = hints_of(task)
    return found


def view_of(snapshot: StartSnapshot) -> View:
    """Index the snapshot."""
    leases = {lease.task_id: lease for lease in snapshot.leases}
    broken = {broken.task_id: broken for broken in snapshot.broken}
    backlog = snapshot.backlog
    serving = _serving(snapshot.agents)
    gates, relieved = gates_of(snapshot), _relieved(snapshot)
    pauses = in_force(snapshot.pauses, snapshot.now)
    parents = backlog.value.open_parents if isinstance(backlog, Known) else frozenset()
    return View(
        snapshot,
        leases,
        broken,
        {agent.name: agent for agent in snapshot.agents},
        serving,
        _idle(snapshot.agents, serving),
        gates,
        frozenset(gate.reason for found in gates.values() for gate in found if gate.is_shut),
        pauses,
        parents,
        frozenset().union(
            leases, broken, snapshot.ledgers, parents, snapshot.refused, relieved, _paused(pauses)
        ),
        Capacity(snapshot.agents, snapshot.policy, snapshot.leases, snapshot.broken, gates=gates),
        {},
        {},
        relieved,
        busy(snapshot.machine, snapshot.policy),
        _depth(snapshot),
        frozenset(found.assigned_to for found in snapshot.waiting.values() if found.assigned_to is not None)
        - {agent.name for agent in snapshot.agents},
        [],
        [],
        [],
        [],
        [],
    )


def _paused(pauses: Iterable[Pause]) -> Iterator[TaskId]:
    return (TaskId(pause.name) for pause in pauses if pause.scope == "task")


def _depth(snapshot: StartSnapshot) -> Depth | None:
    if not isinstance(snapshot.backlog, Known) or not snapshot.backlog.value.tasks:
        return None
    from tinyscheduler.planner.depth import depth_of

    return depth_of(snapshot)


def _relieved(snapshot: StartSnapshot) -> Mapping[TaskId, int]:
    if not snapshot.waiting:
        return {}
    from tinyscheduler.planner.starvation import relieved

    return relieved(snapshot)


def _serving(agents: Sequence[Agent]) -> Mapping[QueueName, Sequence[Agent]]:
    serving: dict[QueueName, list[Agent]] = {}
    # By name, so that what is said of several agents does not depend on the order of a file.
    for agent in sorted(agents, key=lambda agent: agent.name):
        # One on demand is asked only for a task that starves.
        for queue in agent.queues if agent.is_enabled and not agent.is_on_demand else ():
            serving.setdefault(queue, []).append(agent)
    return serving


def _idle(
    agents: Sequence[Agent], serving: Mapping[QueueName, Sequence[Agent]]
) -> Mapping[QueueName, Sequence[AgentName]]:
    idle: dict[QueueName, list[AgentName]] = {}
    reserved = {queue for agent in agents if agent.is_enabled for queue in agent.queues}
    for agent in sorted(agents, key=lambda agent: agent.name):
        for queue in agent.queues:
            if queue not in serving and queue not in reserved:
                idle.setdefault(queue, []).append(agent.name)
    return idle


def ledger_of(task: Task, view: View) -> Ledger | BrokenLedger | None:
    """The ledger of this very task; one of a re-created server's namesake is none."""
    found = view.snapshot.ledgers.get(task.id)
    if isinstance(found, Ledger) and (found.source, found.task_created_at) != (
        view.snapshot.source,
        task.created_at,
    ):
        return None
    return found


def has_open_run(snapshot: StartSnapshot) -> bool:
    """A ledger has an open run of a task without a lease: ``planner.lost`` has something to judge."""
    leased = {lease.task_id for lease in snapshot.leases}
    return any(
        isinstance(ledger, Ledger) and ledger.open is not None and task_id not in leased
        for task_id, ledger in snapshot.ledgers.items()
    )


def is_foreign(run: OpenRun, task: Task, snapshot: StartSnapshot) -> bool:
    """It is of the folder that this one was copied from, which has it in hand, perhaps on another
    machine. What that one has given back is anybody's."""
    is_copied = snapshot.state_id != "" and not run.tag.startswith(f"{snapshot.state_id}:")
    return is_copied and task.status == "working"


def candidates(task: Task, view: View) -> Sequence[Agent]:
    """Agents that may run the task, capacity aside: its assignee, or those who serve its queue; and, when it
    has starved for long enough, those who come to its relief."""
    agents = regulars(task, view)
    if task.id not in view.relieved or task.assigned_to is not None:
        return agents
    from tinyscheduler.planner.starvation import relief

    return relief(task, view, agents)


def regulars(task: Task, view: View) -> Sequence[Agent]:
    """Its assignee, or those who serve its queue."""
    if task.assigned_to is not None:
        agent = view.agents.get(task.assigned_to)
        return (agent,) if agent is not None and agent.is_enabled else ()
    return view.serving.get(task.queue, ()) if task.queue is not None else ()


def cooling(task: Task, view: View) -> frozenset[AgentName]:
    """Agents that had this task a moment ago: the same pair meets again after the base delay at the
    earliest, also after outcomes that cost nothing (features D16), or a task that is handed to and
    fro would go round for ever."""
    ledger = ledger_of(task, view)
    if not isinstance(ledger, Ledger):
        return NOBODY
    base_s, now = view.snapshot.policy.retry_base_s, view.snapshot.now
    recent = takewhile(lambda past: abs((now - past.at).total_seconds()) < base_s, reversed(counted(ledger)))
    return frozenset(past.agent for past in recent if past.kind != "denied")


def failed_to_start(task: Task, view: View) -> frozenset[AgentName]:
    """Agents that the last tries of this task could not start: another one is better (features C6)."""
    ledger = ledger_of(task, view)
    if not isinstance(ledger, Ledger):
        return NOBODY
    tries = takewhile(lambda past: past.kind == "start_failed", reversed(counted(ledger)))
    return frozenset(past.agent for past in tries)
