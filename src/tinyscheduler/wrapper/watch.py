"""The agent from its start until nothing of it is left: one loop that sleeps in ``poll``.

It wakes for output, for a signal (the agent's end is SIGCHLD) and for the nearest deadline; between
beats a silent agent costs no CPU. What is due when, and what is looked for, stands in ``course``; what an
event means, in ``states``. An agent that floods its output is read in bounded turns, so it delays no beat.
"""

from __future__ import annotations

import math
import os
import select
import signal
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.kit.fields import instant_text
from tinyscheduler.ports import RunRef
from tinyscheduler.wrapper import limits
from tinyscheduler.wrapper.agent import reap_others
from tinyscheduler.wrapper.course import Course
from tinyscheduler.wrapper.outside import outside_cause
from tinyscheduler.wrapper.silence import Silence
from tinyscheduler.wrapper.tree import RunTree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tinyscheduler.model.lease import ProcessRef
    from tinyscheduler.wrapper.agent import AgentProcess, Exit
    from tinyscheduler.wrapper.capture import Capture
    from tinyscheduler.wrapper.outcomes import Cause
    from tinyscheduler.wrapper.states import Event
    from tinyscheduler.wrapper.world import Run

READ_BYTES = 16_384
"""Short lines grow fourteenfold by their stamps; bigger reads would show in our memory."""
READS_PER_TURN = 16
READS_TO_DRAIN = 64
"""1 MiB: the most that an unprivileged process can make of a pipe (pipe(7))."""
UNFINISHED_LINE_S = 0.5
"""After this a line without its end is shown: somebody may be waiting for it."""


class Watched(NamedTuple):
    """How the watch ended; the tree is gone."""

    exit: Exit
    cause: Cause | None
    limit: limits.LimitName | None
    is_lease_lost: bool
    """Then nothing more may be written."""


class Watch:
    """One agent, and ``course.Sight`` of it. Owns the agent's pipe from here on; the caller reaps the agent
    afterwards."""

    def __init__(self, run: Run, agent: AgentProcess, capture: Capture) -> None:
        self._order, self._world, self._held = run
        self._agent = agent
        self._capture = capture
        self._exit: Exit | None = None
        self._course = Course(self._order, self.now_s())
        self._silence = Silence(self._order, self.now_s(), self._world.clock.now())
        self._flush_due_s = math.inf
        self._poller = select.poll()
        self._is_output_open = True
        self._agent_ref = self._world.processes.identify(agent.pid)
        self._tree = RunTree(self._world.processes, self._run_ref())

    def run(self) -> Watched:
        """Returns when the tree is proven gone, however long that takes: until then the slot and
        the task must stay held, and they are, because the lease goes on beating (law 1)."""
        self._poller.register(self._world.wakeup.handle, select.POLLIN)
        self._poller.register(self._agent.output, select.POLLIN)
        if self._held.set_agent(self._agent.pid, self._agent_ref) == "lost":
            self._take(self._course.lose_lease())
        while self._course.state != "gone":
            self._wait()
            for event in self._course.events(self):
                self._take(event)
        self._drain()
        assert self._exit is not None, "a tree is not gone before its agent has ended"
        return Watched(self._exit, self._course.cause, self._course.limit, self._course.is_lease_lost)

    # --- what is seen ---------------------------------------------------------------------------

    def now_s(self) -> float:
        """See ``Sight``."""
        return self._world.clock.monotonic()

    def quiet_s(self) -> float:
        """See ``Sight``."""
        return self._silence.quiet_s(self.now_s())

    def has_agent_ended(self) -> bool:
        """See ``Sight``."""
        self._exit = self._exit or self._agent.poll()
        return self._exit is not None

    def is_asked(self) -> bool:
        """See ``Sight``."""
        return self._world.wakeup.asked_by is not None

    def outside_cause(self) -> Cause | None:
        """See ``Sight``."""
        return outside_cause(self._order, self._world)

    def beat(self) -> bool:
        """See ``Sight``; an agent that writes files has done something."""
        self._look_for_signs()
        return self._held.beat() != "lost"

    def note_silence(self) -> bool:
        """See ``Sight``. Not before a last look for signs."""
        notices = self._silence.notices_due(self.now_s())
        is_ended = self.quiet_s() >= limits.stall_end_s(self._order.limits)
        if notices <= self._silence.notices and not is_ended:
            return True
        if self._look_for_signs(is_urgent=True) or notices <= self._silence.notices:
            return True
        self._silence.notices = notices
        self.say(f"nothing heard of the agent for {self.quiet_s():.0f} s, notice {notices}")
        return self._held.note_silence(notices) != "lost"

    def survivors(self) -> Sequence[ProcessRef]:
        """See ``Sight``."""
        return self._tree.survivors()

    def say(self, text: str) -> None:
        """See ``Sight``."""
        self._world.log.say(text)

    # --- what is done ---------------------------------------------------------------------------

    def _wait(self) -> None:
        due_s = min(self._flush_due_s, self._course.next_due_s(self.now_s(), quiet_s=self.quiet_s()))
        timeout_s = max(0.0, due_s - self.now_s())
        # Rounded up: waking a moment too early would mean turning on the spot until it is time.
        for handle, _ in self._poller.poll(math.ceil(timeout_s * 1000)):
            if handle == self._agent.output:
                self._read(READS_PER_TURN)
            else:
                self._world.wakeup.drain()
                if self._world.containment.inherits_orphans():
                    reap_others(self._agent.pid)
        if self.now_s() >= self._flush_due_s:
            self._flush_due_s = math.inf
            self._capture.flush(stamp=self._stamp())

    def _take(self, event: Event) -> None:
        match self._course.take(event, self.now_s()):
            case "nothing":
                pass
            case "warn" | "terminate":
                self._tree.signal(signal.SIGTERM)
            case "kill":
                self._tree.signal(signal.SIGKILL)

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
        has_signs = self._silence.has_signs(self.now_s(), is_urgent=is_urgent)
        if has_signs:
            self._note_progress(self._world.clock.now())
        return has_signs

    def _note_progress(self, at: datetime) -> None:
        self._silence.hear(self.now_s(), at)
        self._held.note_progress(at)

    def _run_ref(self) -> RunRef:
        """Whoever this process inherits is found as its descendant, whatever it has left behind."""
        roots = [] if self._agent_ref is None else [self._agent_ref]
        if self._world.containment.inherits_orphans():
            roots.append(self._world.processes.me())
        return RunRef(self._order.tag, roots, self._held.lease.cgroup)

    def _stamp(self) -> str:
        return instant_text(self._world.clock.now())
