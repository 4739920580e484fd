"""One base folder that lives through fault after fault, and what must be true of it after each.

A fault is made in one traced process (a pass, or a wrapper); then nothing but ordinary passes run, as cron
would start them, until all is quiet. ``troubles`` is the verdict: each sentence is a broken promise.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.acceptance.disk import processes_with
from tests.acceptance.program import CALL_TIMEOUT_S
from tests.acceptance.scene import Scene
from tests.integration.commands import Answer, an_agent
from tests.integration.wrapping import is_alive
from tests.rigs.strace import Call, Fault, changes, has_happened, injecting, recording
from tests.waiting import comes_true, wait_until

PASSES_MAX = 12
"""After a fault. Three runs of a task, each with a pass that ends and one that starts it, and as many again
because a wrapper that has just become a pass may hold the lock."""
PAUSE_S = 0.6
"""Between two passes while something is still to be waited for, such as START_TIMEOUT_SEC."""
LOCKED = 75
CODES = (0, 1, 3, LOCKED)
"""What a pass may end with beside a fault; anything else is one of its own."""
QUICK = {"START_TIMEOUT_SEC": 1, "RETRY_BASE_SEC": 0, "RETRY_MAX_SEC": 0, "MIN_FREE_MB": 0}
START_UNDER = str(Path(__file__).resolve().parents[2] / "rigs" / "start_under.py")

AGENT = """
base='{witness}' run="$TINYSCHEDULER_TASK_ID $TINYSCHEDULER_ATTEMPT"
exec 9>>"$base/alive-$TINYSCHEDULER_TASK_ID"
flock -n 9 || echo "$run began beside another run" >>"$base/doubled"
for done in "${{TINYSCHEDULER_RESULT_FILE%/*/result.json}}"/*/result.json; do
    [ ! -s "$done" ] || echo "$run began after $done was written" >>"$base/doubled"
done
echo "$run" >>"$base/work.log"
sleep 0.15
gates=$TINYSCHEDULER_BASE_PATH/gates
until [ -e "$gates/$TINYSCHEDULER_TASK_ID" ] || [ -e "$gates/all" ]; do sleep 0.05; done
echo '{{"status": "success", "summary": "done"}}' >"$TINYSCHEDULER_RESULT_FILE.new"
mv "$TINYSCHEDULER_RESULT_FILE.new" "$TINYSCHEDULER_RESULT_FILE"
"""
"""Notes each of its runs, and whether it was begun beside another run of its task or after its work was
done; an empty result was written on a full disk and is no work. The lock is on a file that its children
inherit, so it is held as long as anybody of the run lives."""


class House:
    """``scene`` may be served by ``tinyscheduler serve`` or use the store in process. ``witness`` is a folder
    for what agents note, which no fault may take away."""

    def __init__(self, scene: Scene, witness: Path | None = None) -> None:
        self.scene = scene
        self._witness = witness or scene.base
        self._injected = self._witness / "injected"
        scene.control(
            an_agent("dev-1", script=AGENT.replace("{witness}", str(self._witness)), success="result")
        )
        scene.configure(**QUICK)

    # --- the moments at which a fault may come ---

    def idle(self) -> str:
        """A task that the next pass starts. Its agent waits at a gate."""
        for gate in self.scene.gates.iterdir():
            gate.unlink()
        (task_id,) = self.scene.seed(1)
        return task_id

    def running(self) -> str:
        """A task whose agent works until its gate is open."""
        task_id = self.idle()
        self.scene.once()
        self.scene.wait_for_running(task_id)
        wait_until(lambda: task_id in self._begun(), "the agent has begun")
        return task_id

    def ended(self) -> str:
        """A run that the next pass settles."""
        task_id = self.running()
        self.scene.end_unsettled(task_id)
        return task_id

    def bereft(self) -> str:
        """An agent that works on while its wrapper is dead: the next pass reclaims the lease."""
        task_id = self.running()
        wrapper = int(str(self.scene.disk.lease(task_id)["pid"]))
        os.kill(wrapper, signal.SIGKILL)
        wait_until(lambda: not is_alive(wrapper), "the wrapper is dead")
        return task_id

    def unwanted(self) -> str:
        """A run that a person wants stopped and tried again: the next pass does that."""
        task_id = self.running()
        self.scene.well("stop", task_id, "--requeue")
        return task_id

    def unadopted(self, strace: str) -> str:
        """A lease whose wrapper never came: the next pass revokes it."""
        task_id = self.idle()
        self._killed_pass(strace, Call("clone3", 1, ""), task_id)
        lease = self.scene.disk.lease(task_id)
        assert lease["state"] == "starting", lease
        began = float(str(lease["start_monotonic"]))
        wait_until(lambda: time.monotonic() > began + 1.1, "START_TIMEOUT_SEC is over")
        return task_id

    def unclaimed(self, strace: str, claimed: Call) -> str:
        """A claim that was sent, and no more: the next pass undoes it. ``claimed`` is the call that writes
        the lease after the claim."""
        task_id = self.idle()
        self._killed_pass(strace, claimed, task_id)
        assert self.scene.disk.lease(task_id)["state"] == "claiming"
        self._let_claims_age(task_id)
        return task_id

    def _killed_pass(self, strace: str, call: Call, task_id: str) -> None:
        self.one_pass(self.injecting(strace, Fault(call, "signal=KILL"), task_id))
        assert self.has_happened(), call

    # --- the traced process ---

    def injecting(self, strace: str, fault: Fault, task_id: str) -> tuple[str, ...]:
        """See the rig."""
        self._injected.unlink(missing_ok=True)
        return injecting(strace, fault, self._injected, task_id)

    def has_happened(self) -> bool:
        """The last fault that was asked for."""
        self.wait_for_tracer()
        return has_happened(self._injected)

    def record(self, strace: str, trace: Callable[[tuple[str, ...]], object]) -> list[Call]:
        """What a clean run changes."""
        output = self._witness / "trace"
        trace(recording(strace, output))
        self.wait_for_tracer()
        return changes(output.read_text(), self.scene.base)

    def wait_for_tracer(self) -> None:
        """It writes its last line after its program has ended."""
        base = f"={self.scene.base}\0".encode()
        wait_until(lambda: not [pid for pid in processes_with(base) if _is_tracer(pid)], "no tracer")

    def one_pass(self, prefix: tuple[str, ...]) -> str:
        """A pass below the tracer; what it said on stderr."""
        return self.scene.call("run", "--once", prefix=prefix).err

    def one_wrapper(self, prefix: tuple[str, ...]) -> str:
        """A pass that starts its wrapper below the tracer, and the wrapper's whole life."""
        self.scene.open_gate()
        done = subprocess.run(
            [sys.executable, "-I", START_UNDER, *prefix],
            env=self.scene.environment(),
            cwd="/",
            capture_output=True,
            text=True,
            timeout=CALL_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        # Otherwise the next pass would settle the run, and not the pass that the wrapper becomes.
        self.wait_for_tracer()
        return done.stderr

    # --- afterwards ---

    def recover(self, task_id: str) -> list[str]:
        """Ordinary passes until all is quiet; the sentences of what is wrong then."""
        said = []
        for _ in range(PASSES_MAX):
            answer = self.scene.call("run", "--once")
            if answer.code not in CODES or "Traceback" in answer.err:
                said.append(f"a pass ended with {answer.code}: {last_line(answer.err)}")
            # Its gate opens after the first pass has seen it as the fault has left it.
            self.scene.open_gate(task_id)
            if said or comes_true(lambda: self._is_quiet(task_id), PAUSE_S):
                break
            self._let_claims_age(task_id)
        return said + self.troubles(task_id)

    def troubles(self, task_id: str) -> list[str]:
        """Every promise that does not hold although all faults are over."""
        disk = self.scene.disk
        last = self._last_pass()
        restless = self._restless()
        outcomes = disk.outcomes(task_id)
        found = [
            (last != (0, "", ""), f"the last pass ended with {last.code}: {last_line(last.err)}"),
            (disk.statuses_by_store().get(task_id) != "complete", "lost: the task is not complete"),
            (task_id not in self._begun(), "lost: nobody has worked on the task"),
            (outcomes.count("succeeded") != 1, f"the ledger has {outcomes}"),
            (bool(os.listdir(disk.state / "running")), f"left: {os.listdir(disk.state / 'running')}"),
            (bool(disk.tagged()), f"orphan: {disk.tagged()}"),
            (self._has_open_run(task_id), "the ledger has an open run"),
            (self._doubled() != "", f"doubled: {self._doubled()}"),
            (restless != "", f"left: {restless}"),
        ]
        litter = [f"litter: {path}" for path in self._litter()]
        return [sentence for is_wrong, sentence in found if is_wrong] + litter

    def _restless(self) -> str:
        """That somebody is still at work, or a lease still there; it waits for them to leave."""
        try:
            self.scene.wait_for_rest()
        except AssertionError as error:
            return str(error)
        return ""

    def _last_pass(self) -> Answer:
        """When nobody holds the lock any more: a wrapper may still be the pass that it has become."""
        answer = self.scene.call("run", "--once")
        for _ in range(PASSES_MAX):
            if answer.code != LOCKED:
                break
            wait_until(lambda: not self.scene.disk.is_locked(), "nobody holds the lock")
            answer = self.scene.call("run", "--once")
        return answer

    def _is_quiet(self, task_id: str) -> bool:
        if os.listdir(self.scene.state / "running") or self.scene.disk.tagged():
            return False
        return self.scene.disk.statuses_by_store().get(task_id) == "complete"

    def _let_claims_age(self, task_id: str) -> None:
        """A claim whose answer was lost may take effect for a minute; let that minute be over."""
        path = self.scene.state / "ledger" / f"task_{task_id}.json"
        with self.scene.pass_lock():
            run = json.loads(path.read_text()).get("open") if path.exists() else None
            if run and run.get("unclear_since"):
                self.scene.past.claims_are_old(task_id)

    def _has_open_run(self, task_id: str) -> bool:
        path = self.scene.state / "ledger" / f"task_{task_id}.json"
        return not path.exists() or bool(json.loads(path.read_text()).get("open"))

    def _begun(self) -> list[str]:
        path = self._witness / "work.log"
        return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []

    def _doubled(self) -> str:
        path = self._witness / "doubled"
        return path.read_text().strip() if path.exists() else ""

    def _litter(self) -> list[str]:
        """Temp files in folders that every pass sweeps, and anything in quarantine."""
        state = self.scene.state
        swept = [state, state / "ledger", state / "passes", state / "cache"]
        found = [str(path) for folder in swept for path in folder.glob(".*.tmp")]
        return found + [str(path) for path in (state / "quarantine").glob("*")]


def _is_tracer(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text() == "strace\n"
    except OSError:
        return False


def last_line(text: str) -> str:
    """Of a traceback the one that says what it was."""
    return (text.strip().splitlines() or [""])[-1]
