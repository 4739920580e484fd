"""One lease, one order and a real wrapper process over them, in a folder of the test's own."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.integration.cgroup_litter import remove_cgroups
from tests.waiting import BUSY_MACHINE_S, wait_until
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.adapters.records import FileLeaseStore
from tinyscheduler.adapters.runs import RunFolderStore
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.lease import LEASE_VARIABLE, Claim, Lease, Outcome, lease_tag
from tinyscheduler.model.order import Limits, Order

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = "tinyscheduler/__main__.py"
RESULT = "$(dirname $PWD)/runs/task_7/1/result.json"
"""Where an agent of task 7 in its workspace finds its result file."""
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def is_alive(pid: int) -> bool:
    """A zombie is dead."""
    return ProcessTable().identify(pid) is not None


class Stage:
    """The state folder as a pass leaves it when it has just started a wrapper."""

    def __init__(self, folder: Path, task_id: str = "7", lease_id: str = "00c0ffee00c0ffee") -> None:
        self.folder = folder
        self.task_id = TaskId(task_id)
        self.lease_id = LeaseId(lease_id)
        # Workers of one test run give their folders the same names; clear() ends by tag.
        self.tag = lease_tag(os.urandom(4).hex(), self.task_id, self.lease_id)
        self.leases = FileLeaseStore(str(folder / "running"), str(folder / "quarantine"))
        self.runs = RunFolderStore(str(folder / "runs"), redact=lambda text: text)
        self.run_folder = Path(self.runs.path_for(self.task_id, 1))
        self.source = REPOSITORY / "src"
        self.workspace = folder / "workspace"
        self.workspace.mkdir(exist_ok=True)
        self.wrappers: list[subprocess.Popen[bytes]] = []

    def order(self, *argv: str, **changes: object) -> Order:
        """An agent that may run for a minute and whose exit status counts; ``changes`` may also
        name fields of the limits."""
        limits = Limits(60, None, 1, None, 1_000_000, 5)
        own = {name: changes.pop(name) for name in Limits._fields if name in changes}
        order = Order(
            task_id=self.task_id,
            lease_id=self.lease_id,
            agent=AgentName("dev"),
            tag=self.tag,
            argv=argv,
            env_names=("PATH",),
            secret_names=(),
            prompt_file=f"{self.run_folder}/prompt.md",
            stdin="prompt",
            cwd=str(self.workspace),
            log=f"{self.run_folder}/output.log",
            result=f"{self.run_folder}/result.json",
            inbox=f"{self.run_folder}/inbox.md",
            limits=limits._replace(**own),  # type: ignore[arg-type]
            heartbeat_s=1,
            profile="command",
            success="exit_code",
            engine="local",
            estop_file=str(self.folder / "ESTOP"),
            running_folder=str(self.folder / "running"),
            after_argv=(),
        )
        return order._replace(**changes)  # type: ignore[arg-type]

    def lay(self, order: Order, prompt: str = "do it\n") -> str:
        """Order and lease on disk; the path of the order."""
        path = self.runs.prepare(order, prompt)
        assert self.leases.create(self.new_lease())
        return path

    def new_lease(self) -> Lease:
        """``starting``: the claim is won, nobody has adopted it."""
        host = ProcessTable().host()
        return Lease(
            task_id=self.task_id,
            lease_id=self.lease_id,
            generation=3,
            attempt=1,
            state="starting",
            agent=AgentName("dev"),
            queue=None,
            source="embedded:test",
            claim=Claim(None, None, AT, "exchange"),
            host=host.name,
            machine_id=host.machine_id,
            created_at=AT,
            heartbeat_at=AT,
            start_monotonic=1.0,
            heartbeat_monotonic=1.0,
            boot_id=host.boot_id,
            pid_namespace=host.pid_namespace,
            workspace=str(self.workspace),
            run_folder=str(self.run_folder),
        )

    def wrap(
        self, order_path: str, environ: Mapping[str, str] | None = None, *, leaked: tuple[int, ...] = ()
    ) -> "subprocess.Popen[bytes]":
        """Start a wrapper as the local engine does; ``leaked`` descriptors stay open in it."""
        whole = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(self.source),
            LEASE_VARIABLE: self.tag,
            **(environ or {}),
        }
        with open(self.run_folder / "wrapper.log", "ab") as log:
            wrapper = subprocess.Popen(
                [sys.executable, "-P", str(self.source / PROGRAM), "wrap", order_path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=whole, start_new_session=True,
                pass_fds=leaked,
            )  # fmt: skip
        self.wrappers.append(wrapper)
        return wrapper

    def start(self, order: Order, environ: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
        """Lay and wrap."""
        return self.wrap(self.lay(order), environ)

    def run(self, order: Order, environ: Mapping[str, str] | None = None) -> Outcome:
        """From order to outcome."""
        self.start(order, environ).wait(BUSY_MACHINE_S)
        return self.outcome()

    def sh(self, script: str, **changes: object) -> Order:
        """An agent that is a line of shell."""
        return self.order("/bin/sh", "-c", script, **changes)

    def py(self, script: str, **changes: object) -> Order:
        """An agent that is a piece of Python."""
        return self.order(sys.executable, "-I", "-S", "-c", script, **changes)

    def lease(self) -> Lease:
        """As it is on disk now."""
        found = self.leases.read(self.task_id)
        assert isinstance(found, Lease), found
        return found

    def outcome(self) -> Outcome:
        """Of a finished lease."""
        lease = self.lease()
        assert lease.state == "finished", self.words()
        assert lease.outcome is not None
        return lease.outcome

    def wait_for_agent(self) -> int:
        """The agent's pid, once the lease names it."""
        wait_until(self._has_agent, "the lease names an agent")
        pid = self.lease().agent_pid
        assert pid is not None
        return pid

    def wait_for_beat(self) -> None:
        """Until the lease is beaten once more."""
        before = self.lease().heartbeat_monotonic
        wait_until(lambda: self.lease().heartbeat_monotonic > before, "a beat")

    def wait_for_output(self, text: str) -> None:
        """Until the agent has said it."""
        wait_until(lambda: text in self.output(), f"the output {text!r}")

    def output(self) -> str:
        """What was captured, newest part."""
        path = self.run_folder / "output.log"
        return path.read_text() if path.exists() else ""

    def words(self) -> str:
        """What the wrapper said itself."""
        return (self.run_folder / "wrapper.log").read_text()

    def pid_in(self, name: str) -> int:
        """A pid that an agent wrote into its workspace."""
        path = self.workspace / name
        wait_until(lambda: path.exists() and path.read_text().strip(), f"a pid in {name}")
        return int(path.read_text())

    def cpu_ticks(self) -> int:
        """Hundredths of a second that the wrapper has used so far."""
        stat = Path(f"/proc/{self.wrappers[0].pid}/stat").read_text()
        return sum(map(int, stat.rpartition(")")[2].split()[11:13]))

    def run_seconds(self) -> float:
        """From adoption to outcome, by the lease."""
        lease = self.lease()
        return lease.heartbeat_monotonic - lease.start_monotonic

    def tree(self) -> tuple[int, ...]:
        """Every living process of the run."""
        return tuple(process.pid for process in ProcessTable().tree(self.tag, ()))

    def clear(self) -> None:
        """Leave no process behind, however the test ended."""
        for process in ProcessTable().tree(self.tag, ()):
            ProcessTable().signal(process, signal.SIGKILL)
        for wrapper in self.wrappers:
            if wrapper.poll() is None:
                wrapper.kill()
            wrapper.wait(BUSY_MACHINE_S)
        remove_cgroups(self.tag.split(":")[0])

    def _has_agent(self) -> bool:
        found = self.leases.read(self.task_id)
        return isinstance(found, Lease) and found.agent_pid is not None
