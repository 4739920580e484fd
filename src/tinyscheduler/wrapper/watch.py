"""The agent from its start until nothing of it is left: one loop that sleeps in ``poll``.

It wakes for output, for a signal (the agent's end is SIGCHLD) and for the nearest deadline; between
beats a silent agent costs no CPU. What an event means stands in ``states``; when a limit is reached,
in ``limits``. An agent that floods its output is read in bounded turns, so it delays no beat.
"""

from __future__ import annotations

import math
import os
import select
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.kit.fields import instant_text
from tinyscheduler.ports import RunRef
from tinyscheduler.wrapper import limits
from tinyscheduler.wrapper.agent import reap_others
from tinyscheduler.wrapper.outside import outside_cause
from tinyscheduler.wrapper.silence import Silence
from tinyscheduler.wrapper.states import Event, State, step
from tinyscheduler.wrapper.tree import RunTree

if TYPE_CHECKING:
    from datetime import datetime

    from tinyscheduler.wrapper.agent import AgentProcess, Exit
    from tinyscheduler.wrapper.capture import Capture
    from tinyscheduler.wrapper.outcomes import Cause
    from tinyscheduler.wrapper.world import Run

READ_BYTES = 16_384
"""Short lines grow fourteenfold by their stamps; bigger reads would show in our memory."""
READS_PER_TURN = 16
READS_TO_DRAIN = 64
"""1 MiB: the most that an unprivileged process can make of a pipe (pipe(7))."""
UNFINISHED_LINE_S = 0.5
"""After this a line without its end is shown: somebody may be waiting for it."""
LOOK_PAUSE_S_MIN = 0.01
LOOK_PAUSE_S_MAX = 0.25
"""Between looks at a tree that is being ended: quick for the many, cheap for the stubborn."""
VERIFY_S = 5.0
"""KILL needs milliseconds; who lives after this hangs in the kernel or is not ours to kill."""


class Watched(NamedTuple):
    """How the watch ended; the tree is gone."""

    exit: Exit
    cause: Cause | None
    limit: limits.LimitName | None
    is_lease_lost: bool
    """Then nothing more may be written."""


class Watch:
    """One agent. Owns the agent's pipe from here on; the caller reaps the agent afterwards."""

    def __init__(self, run: Run, agent: AgentProcess, capture: Capture) -> None:
        self._order, self._world, self._held = run
        self._agent = agent
        self._capture = capture
        self._state: State = "running"
        self._exit: Exit | None = None
        self._cause: Cause | None = None
        self._limit: limits.LimitName | None = None
        self._is_lease_lost = False
        self._started_s = self._now_s()
        self._silence = Silence(self._order, self._started_s, self._world.clock.now())
        self._beat_due_s = self._started_s + self._order.heartbeat_s
        self._flush_due_s = math.inf
        self._grace_over_s = math.inf
        self._killing_since_s = math.inf
        self._look_due_s = math.inf
        self._look_pause_s = LOOK_PAUSE_S_MIN
        self._poller = select.poll()
        self._is_output_open = True
        self._agent_ref = self._world.processes.identify(agent.pid)
        self._tree = RunTree(self._world.processes, self._run_ref())

    def run(self) -> Watched:
        """Returns when the tree is proven gone, however long that takes: until then the slot and
        the task must stay held, and they are, because the lease goes on beating (law 1)."""
        self._poller.register(self._world.wakeup.handle, select.POLLIN)
        self._poller.register(self._agent.output, select.POLLIN)
        for event in self._introduce():
            self._take(event)
        while self._state != "gone":
            self._wait()
            for event in self._events():
                self._take(event)
        self._drain()
        assert self._exit is not None, "a tree is not gone before its agent has ended"
        return Watched(self._exit, self._cause, self._limit, self._is_lease_lost)

    def _introduce(self) -> Iterator[Event]:
        if self._held.set_agent(self._agent.pid, self._agent_ref) == "lost":
            self._is_lease_lost = True
            yield "lease_lost"

    def _wait(self) -> None:
        timeout_s = max(0.0, self._next_due_s() - self._now_s())
        # Rounded up: waking a moment too early would mean turning on the spot until it is time.
        for handle, _ in self._poller.poll(math.ceil(timeout_s * 1000)):
            if handle == self._agent.output:
                self._read(READS_PER_TURN)
            else:
                self._world.wakeup.drain()
                if self._world.containment.inherits_orphans():
                    reap_others(self._agent.pid)
        if self._now_s() >= self._flush_due_s:
            self._flush_due_s = math.inf
            self._capture.flush(stamp=self._stamp())

    def _next_due_s(self) -> float:
        due = min(self._beat_due_s, self._flush_due_s, self._look_due_s, self._grace_over_s)
        if self._state not in ("running", "warned"):
            return due
        now_s = self._now_s()
        return min(due, now_s + limits.next_in_s(self._order.limits, self._ages(now_s)))

    def _events(self) -> Iterator[Event]:
        """Lazily: each is looked for in the state that the one before it led to."""
        yield from self._agent_events()
        yield from self._outside_events()
        yield from self._limit_events()
        yield from self._tree_events()

    def _agent_events(self) -> Iterator[Event]:
        if self._exit is None:
            self._exit = self._agent.poll()
            if self._exit is not None:
                self._look_due_s = min(self._look_due_s, self._now_s())
                yield "agent_ended"

    def _outside_events(self) -> Iterator[Event]:
        is_beat_due = self._now_s() >= self._beat_due_s
        if self._cause is None and (is_beat_due or self._world.wakeup.asked_by):
            self._cause = outside_cause(self._order, self._world)
            if self._cause is not None:
                self._world.log.say(f"stopping: {self._cause.kind}, {self._cause.why}")
                yield "stop"
        if is_beat_due:
            yield from self._beat()

    def _beat(self) -> Iterator[Event]:
        self._beat_due_s = self._now_s() + self._order.heartbeat_s
        self._look_for_signs()
        if not self._is_lease_lost and self._held.beat() == "lost":
            self._is_lease_lost = True
            yield "lease_lost"

    def _limit_events(self) -> Iterator[Event]:
        if self._state not in ("running", "warned"):
            return
        yield from self._silence_events()
        limit = limits.reached(self._order.limits, self._ages(self._now_s()))
        if limit is not None:
            self._limit = limit
            self._world.log.say(f"ending the agent: {limits.describe(limit, self._order.limits)}")
            yield "soft_limit" if limit == "soft" else "stop"

    def _silence_events(self) -> Iterator[Event]:
        notices = self._silence.notices_due(self._now_s())
        is_ended = self._silence.quiet_s(self._now_s()) >= limits.stall_end_s(self._order.limits)
        if notices <= self._silence.notices and not is_ended:
            return
        if self._look_for_signs(is_urgent=True) or notices <= self._silence.notices:
            return
        self._silence.notices = notices
        self._world.log.say(
            f"nothing heard of the agent for {self._silence.quiet_s(self._now_s()):.0f} s, notice {notices}"
        )
        if not self._is_lease_lost and self._held.note_silence(notices) == "lost":
            self._is_lease_lost = True
            yield "lease_lost"

    def _tree_events(self) -> Iterator[Event]:
        now_s = self._now_s()
        if now_s >= self._grace_over_s:
            self._grace_over_s = math.inf
            yield "grace_over"
        if now_s >= self._look_due_s:
            yield self._look(now_s)

    def _look(self, now_s: float) -> Event:
        survivors = self._tree.survivors()
        if not survivors and self._exit is not None:
            self._look_due_s = math.inf
            return "emptied"
        self._look_due_s = now_s + self._look_pause_s
        self._look_pause_s = min(2 * self._look_pause_s, LOOK_PAUSE_S_MAX)
        if now_s - self._killing_since_s > VERIFY_S:
            self._look_due_s = now_s + self._order.heartbeat_s
            pids = ", ".join(str(process.pid) for process in survivors)
            self._world.log.say(f"SIGKILL did not end {pids}; the task and its slot stay held")
        return "survived"

    def _take(self, event: Event) -> None:
        following = step(self._state, event)
        self._state = following.state
        match following.action:
            case "nothing":
                pass
            case "warn":
                self._tree.signal(signal.SIGTERM)
            case "terminate":
                self._tree.signal(signal.SIGTERM)
                self._look_due_s = self._now_s()
                self._grace_over_s = self._look_due_s + self._order.limits.grace_s
            case "kill":
                self._kill()

    def _kill(self) -> None:
        now_s = self._now_s()
        self._tree.signal(signal.SIGKILL)
        if now_s < self._killing_since_s:
            self._killing_since_s = now_s
            self._grace_over_s = math.inf
            self._look_pause_s = LOOK_PAUSE_S_MIN
            self._look_due_s = now_s + self._look_pause_s

    def _read(self, reads_max: int) -> None:
        for _ in range(reads_max):
            try:
                data = os.read(self._agent.output, READ_BYTES)
            except BlockingIOError:
                # Nothing more for now; poll says when there is.
                return
            if not data:
                self._close_output()
                return
            self._hear(data)

    def _hear(self, data: bytes) -> None:
        now = self._world.clock.now()
        self._note_progress(now)
        self._capture.feed(data, stamp=instant_text(now))
        if self._capture.has_pending and self._flush_due_s == math.inf:
            self._flush_due_s = self._silence.heard_s + UNFINISHED_LINE_S

    def _close_output(self) -> None:
        """The agent has closed its end, or is gone; a pipe at its end would wake us for ever."""
        if self._is_output_open:
            self._is_output_open = False
            self._poller.unregister(self._agent.output)
            os.close(self._agent.output)

    def _drain(self) -> None:
        """What is left in the pipe. Not until its end: whoever escaped the tree may hold it open."""
        if self._is_output_open:
            self._read(READS_TO_DRAIN)
        self._close_output()
        self._capture.close(stamp=self._stamp())

    def _look_for_signs(self, *, is_urgent: bool = False) -> bool:
        """An agent that writes files has done something, even if it says nothing."""
        has_signs = self._silence.has_signs(self._now_s(), is_urgent=is_urgent)
        if has_signs:
            self._note_progress(self._world.clock.now())
        return has_signs

    def _note_progress(self, at: datetime) -> None:
        self._silence.hear(self._now_s(), at)
        self._held.note_progress(at)

    def _run_ref(self) -> RunRef:
        """Whoever this process inherits is found as its descendant, whatever it has left behind."""
        roots = [] if self._agent_ref is None else [self._agent_ref]
        if self._world.containment.inherits_orphans():
            roots.append(self._world.processes.me())
        return RunRef(self._order.tag, roots, self._held.lease.cgroup)

    def _ages(self, now_s: float) -> limits.Ages:
        quiet_s = self._silence.quiet_s(now_s)
        return limits.Ages(now_s - self._started_s, quiet_s, self._state != "running")

    def _now_s(self) -> float:
        return self._world.clock.monotonic()

    def _stamp(self) -> str:
        return instant_text(self._world.clock.now())
