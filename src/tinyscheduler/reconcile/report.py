"""What one pass did, collected as it happens: counts and ids, results, faults, and the exit code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from tinyscheduler.errors import TaskServerError, TinySchedulerError
from tinyscheduler.model.action import ActionKind, Keep, StartPlan, TendAction, TendPlan
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.intent import IntentAnswer
from tinyscheduler.model.pass_result import FaultSeen, Result, ScheduledTask

if TYPE_CHECKING:
    from tinyscheduler.model.reason import Held
    from tinyscheduler.views.holding import LockSeen

IDS_MAX = 20
"""Per kind in a pass record: enough to look one up, small enough to read (features A7)."""

EXIT_OK, EXIT_FAILED, EXIT_SERVER, EXIT_LOCKED = 0, 1, 3, 75


class Report:
    """Grows during a pass; owned by ``run``."""

    def __init__(self, pass_id: str, began_at: datetime) -> None:
        self.pass_id = pass_id
        self.began_at = began_at
        self.ended_at = began_at
        self.duration_s = 0.0
        self.tend: tuple[TendAction, ...] = ()
        self.start = StartPlan((), ())
        self._unstarted: set[TaskId] = set()
        self.results: list[Result] = []
        self.faults: list[FaultSeen] = []
        self.limits: list[str] = []
        self.notes: list[str] = []
        self.basis: Mapping[str, str] = {}
        """Of a preview: what its plan rests on (``reconcile.basis``)."""
        self.answers: list[IntentAnswer] = []
        """What became of intents; of a preview, what will."""
        self.unnoted: set[TaskId] = set()
        """Whose ledger has not taken what a person wants once their run has been stopped."""
        self.scanned: list[TaskId] = []
        """Tasks of all leases that were looked at."""
        self.fetched = 0
        self.starved: list[TaskId] = []
        """Tasks of which people were told in this pass that nobody serves them."""
        self.scheduled: list[ScheduledTask] = []
        """Tasks that have come due by the clock, in the order in which they were seen to."""
        self.swept: dict[str, int] = {}
        """Old files that were removed, by kind; empty in nearly all passes."""
        self.is_lock_busy = False
        self.lock: LockSeen | None = None
        """Who holds it, where it is busy and somebody can be named."""

    def tended(self, plan: TendPlan) -> None:
        """What tending planned; leases that are merely kept are no action."""
        self.tend += tuple(action for action in plan.actions if not isinstance(action, Keep))

    def planned(self, plan: StartPlan) -> None:
        """What starting planned, on top of what it planned before lost claims were known; the tasks it
        started then are leased now, and not held."""
        begun = {start.task.id for start in self.start.starts} - self._unstarted
        held = tuple(h for h in plan.held if h.reason != "leased" or h.task_id not in begun)
        self.start = plan._replace(starts=self.start.starts + plan.starts, held=held)
        for limit in plan.limits_reached:
            self.limit(limit)

    def not_started(self, found: Mapping[TaskId, Held]) -> None:
        """Planned, and come to nothing: held like all others that do not run."""
        if not found:
            return
        from tinyscheduler.planner.ranking import natural_id

        self._unstarted |= found.keys()
        others = (held for held in self.start.held if held.task_id not in found)
        held = sorted((*others, *found.values()), key=lambda held: natural_id(held.task_id))
        self.start = self.start._replace(held=tuple(held))

    def absorb(self, earlier: Report) -> Report:
        """This report with what an earlier look of the same pass did; itself."""
        self.began_at = earlier.began_at
        self.duration_s += earlier.duration_s
        self.tend = earlier.tend + self.tend
        runs = {r.task_id for r in earlier.results if (r.kind, r.result) == ("start", "done")}
        held = tuple(h for h in self.start.held if h.reason != "leased" or h.task_id not in runs)
        self.start = self.start._replace(starts=earlier.start.starts + self.start.starts, held=held)
        self.results = earlier.results + self.results
        self.faults = list(dict.fromkeys(earlier.faults + self.faults))
        self.limits = list(dict.fromkeys(earlier.limits + self.limits))
        self.notes = list(dict.fromkeys(earlier.notes + self.notes))
        self.answers = earlier.answers + self.answers
        self.starved = list(dict.fromkeys(earlier.starved + self.starved))
        self.scheduled = earlier.scheduled + self.scheduled
        kinds = (*earlier.swept, *self.swept)
        self.swept = {kind: earlier.swept.get(kind, 0) + self.swept.get(kind, 0) for kind in kinds}
        return self

    def add(self, result: Result) -> None:
        """One more action carried out."""
        self.results.append(result)

    def fault(self, error: TinySchedulerError, *, task_id: TaskId | None = None) -> None:
        """Law 12: counted, recorded, and in the exit code."""
        where = f"task {task_id}: " if task_id is not None else ""
        seen = FaultSeen(
            error.reference, where + error.message, error.hint, isinstance(error, TaskServerError)
        )
        if seen not in self.faults:
            self.faults.append(seen)

    def server_fault(self, error: TaskServerError) -> None:
        """The server is unknown: said once, whichever task met it first."""
        if not any(fault.is_server and error.message in fault.message for fault in self.faults):
            self.fault(error)

    def trouble(self, message: str, *, hint: str, reference: str) -> None:
        """A fault that is no exception: an unreadable lease, a tree that survived."""
        seen = FaultSeen(reference, message, hint, is_server=False)
        # A pass that plans again says a thing once.
        if seen not in self.faults:
            self.faults.append(seen)

    def limit(self, what: str) -> None:
        """A limit was reached: reported, never silent (law 10)."""
        if what not in self.limits:
            self.limits.append(what)

    @property
    def exit_code(self) -> int:
        """As in contracts.md: 3 beats 1. How agents end never changes it."""
        if self.is_lock_busy:
            return EXIT_LOCKED
        if any(fault.is_server for fault in self.faults):
            return EXIT_SERVER
        return EXIT_FAILED if self.faults else EXIT_OK

    def counts(self) -> Mapping[str, int]:
        """The numbers of the pass record and of the canonical log line."""
        return {
            "fetched": self.fetched,
            **{name: len(ids) for name, ids in self.ids().items()},
            "held": len(self.start.held),
            "faults": len(self.faults),
            **({"scheduled": self._made()} if self.scheduled else {}),
            **({"swept": sum(self.swept.values())} if self.swept else {}),
        }

    def ids(self) -> Mapping[str, list[TaskId]]:
        """Task ids by what happened to them."""
        return {
            "scanned": self.scanned,
            "planned": [start.task.id for start in self.start.starts],
            "reclaimed": self._ids_of("reclaim", "revoke", "undo"),
            "settled": self._ids_of("settle"),
            "started": self._ids_of("start"),
            "failed": [r.task_id for r in self.results if r.result == "failed"],
            "blocked": self._held_as("blocked"),
            "starved": self.starved,
            "parked": self._held_as("parked"),
        }

    def held_by_reason(self) -> Mapping[str, list[TaskId]]:
        """Reasons in the order in which they were met."""
        found: dict[str, list[TaskId]] = {}
        for held in self.start.held:
            found.setdefault(held.reason, []).append(held.task_id)
        return found

    def _made(self) -> int:
        return sum(line.came == "made" for line in self.scheduled)

    def _ids_of(self, *kinds: ActionKind) -> list[TaskId]:
        return [r.task_id for r in self.results if r.kind in kinds and r.result == "done"]

    def _held_as(self, reason: str) -> list[TaskId]:
        return [held.task_id for held in self.start.held if held.reason == reason]
