"""A real wrapper ends its agent: limits, orders, signals. Nothing of the tree may be left."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.integration.wrapping import Stage, is_alive
from tests.waiting import wait_until
from tinyscheduler.model.ids import LeaseId
from tinyscheduler.model.lease import OutcomeClass, StopOrder

NOW = datetime(2026, 1, 2, tzinfo=UTC)
STUBBORN = "trap '' TERM; while :; do sleep 0.1; done"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.clear()


def test_an_agent_that_ignores_term_is_killed_after_the_grace(stage: Stage) -> None:
    outcome = stage.run(stage.sh(STUBBORN, hard_s=1, grace_s=1))

    assert (outcome.kind, outcome.signal) == ("timed_out", signal.SIGKILL)
    assert "hard limit of 1 s" in outcome.summary
    assert 2.0 <= stage.run_seconds() < 4.0
    assert stage.tree() == ()


def test_an_agent_that_obeys_term_has_no_grace_to_wait_for(stage: Stage) -> None:
    outcome = stage.run(stage.sh("sleep 99", hard_s=1, grace_s=30))

    assert (outcome.kind, outcome.signal) == ("timed_out", signal.SIGTERM)
    assert stage.run_seconds() < 5.0


def test_the_soft_limit_asks_and_the_hard_limit_ends(stage: Stage) -> None:
    order = stage.sh("trap 'echo asked' TERM; while :; do sleep 0.1; done", soft_s=1, hard_s=2, grace_s=0)

    outcome = stage.run(order)

    assert outcome.kind == "timed_out"
    assert stage.output().count("asked") >= 1
    assert 2.0 <= stage.run_seconds() < 4.0


def test_an_agent_that_leaves_at_the_soft_limit_has_timed_out(stage: Stage) -> None:
    outcome = stage.run(stage.sh("trap 'exit 0' TERM; while :; do sleep 0.1; done", soft_s=1))

    assert (outcome.kind, outcome.code) == ("timed_out", 0)
    assert "soft limit" in outcome.summary


@pytest.mark.parametrize("reason", ["cancelled", "timed_out"])
def test_a_stop_order_is_obeyed_at_the_next_beat(stage: Stage, reason: OutcomeClass) -> None:
    stage.start(stage.sh("sleep 99"))
    agent = stage.wait_for_agent()

    stage.leases.ask_stop(stage.task_id, StopOrder(stage.lease_id, reason, "anna", NOW))
    stage.wrappers[0].wait(20)

    assert (stage.outcome().kind, stage.outcome().summary) == (reason, "stopped by anna")
    assert not is_alive(agent)


def test_a_stop_order_for_an_older_lease_is_not_ours(stage: Stage) -> None:
    stage.start(stage.sh("sleep 99"))
    stage.wait_for_agent()

    stage.leases.ask_stop(stage.task_id, StopOrder(LeaseId("older"), "cancelled", "anna", NOW))
    stage.wait_for_beat()
    stage.wait_for_beat()

    assert stage.lease().state == "running"


def test_a_pass_that_ends_the_agent_itself_is_believed(stage: Stage) -> None:
    """It writes the stop file and sends TERM to everybody: the agent may be dead before we look."""
    stage.start(stage.sh("sleep 99", heartbeat_s=60))
    agent = stage.wait_for_agent()

    stage.leases.ask_stop(stage.task_id, StopOrder(stage.lease_id, "cancelled", "anna", NOW))
    os.kill(agent, signal.SIGTERM)
    stage.wrappers[0].wait(20)

    assert stage.outcome().kind == "cancelled"


def test_estop_interrupts(stage: Stage) -> None:
    stage.start(stage.sh("sleep 99"))
    agent = stage.wait_for_agent()

    (stage.folder / "ESTOP").touch()
    stage.wrappers[0].wait(20)

    assert (stage.outcome().kind, stage.outcome().summary) == ("interrupted", "stopped by ESTOP")
    assert not is_alive(agent)


def test_an_order_under_estop_starts_nothing(stage: Stage) -> None:
    (stage.folder / "ESTOP").touch()

    outcome = stage.run(stage.sh("touch started"))

    assert outcome.kind == "interrupted"
    assert not (stage.workspace / "started").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_wrapper_that_is_asked_to_leave_takes_its_agent_along(stage: Stage, number: int) -> None:
    """A shutdown costs the task no attempt, and the sleep until the next beat does not delay it."""
    stage.start(stage.sh("sleep 99", heartbeat_s=60))
    agent = stage.wait_for_agent()

    stage.wrappers[0].send_signal(number)
    stage.wrappers[0].wait(20)

    assert stage.outcome().kind == "interrupted"
    assert signal.Signals(number).name in stage.outcome().summary
    assert not is_alive(agent)


@pytest.mark.parametrize("first", ["agent", "wrapper"])
def test_a_shutdown_that_signals_both_interrupts_the_run_whoever_is_signalled_first(
    stage: Stage, first: str
) -> None:
    """It is not the task's fault: no attempt is spent."""
    wrapper = stage.start(stage.sh("exec sleep 99"))
    agent = stage.wait_for_agent()
    pids = (agent, wrapper.pid) if first == "agent" else (wrapper.pid, agent)

    os.kill(pids[0], signal.SIGTERM)
    if first == "agent":
        wait_until(lambda: not is_alive(agent), "the agent has ended")
    os.kill(pids[1], signal.SIGTERM)
    wrapper.wait(20)

    assert stage.outcome().kind == "interrupted"


def test_an_agent_that_is_ended_by_term_alone_was_killed(stage: Stage) -> None:
    wrapper = stage.start(stage.sh("exec sleep 99"))
    os.kill(stage.wait_for_agent(), signal.SIGTERM)
    wrapper.wait(20)

    assert (stage.outcome().kind, stage.outcome().signal) == ("killed", signal.SIGTERM)


def test_output_goes_on_while_the_agent_says_goodbye(stage: Stage) -> None:
    """A full pipe must not hold an agent that uses its grace to write what it knows."""
    order = stage.py(
        "import signal, sys, time\n"
        "def leave(*_):\n"
        "    for n in range(20000): print('goodbye', n)\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, leave)\n"
        "print('ready', flush=True); time.sleep(99)",
        grace_s=10,
    )
    stage.start(order)
    stage.wait_for_output("ready")

    stage.wrappers[0].terminate()
    stage.wrappers[0].wait(20)

    assert (stage.outcome().kind, stage.outcome().code) == ("interrupted", 0)
    assert stage.output().endswith("goodbye 19999\n")


def test_children_that_fork_under_the_kill_are_gone_too(stage: Stage) -> None:
    """A tree that changes while it is ended: looks are repeated until two in a row find nobody."""
    order = stage.sh(f"for i in 1 2 3 4 5 6; do ({STUBBORN}) & done; {STUBBORN}", hard_s=1, grace_s=0)

    assert stage.run(order).kind == "timed_out"
    assert stage.tree() == ()


def test_a_wrapper_killed_outright_leaves_a_tree_that_its_tag_finds(stage: Stage) -> None:
    """SIGKILL is the pass's business: the lease says running, the tag says where (design 6)."""
    stage.start(stage.sh("sleep 99"))
    agent = stage.wait_for_agent()

    stage.wrappers[0].kill()
    stage.wrappers[0].wait(20)

    assert stage.lease().state == "running"
    assert agent in stage.tree()


def test_the_agents_pid_is_held_until_its_tree_is_gone(stage: Stage) -> None:
    """As a zombie it keeps its group from becoming a stranger's."""
    child_script = 'trap "" TERM; echo $$ > child; while :; do sleep 0.1; done'
    leave = "while [ ! -s child ]; do sleep 0.02; done; exit 0"
    stage.start(stage.sh(f"sh -c '{child_script}' & {leave}", grace_s=2))
    agent = stage.wait_for_agent()
    child = stage.pid_in("child")

    wait_until(lambda: not is_alive(agent), "the agent has ended")
    assert is_alive(child)
    state = Path(f"/proc/{agent}/stat").read_text().rpartition(")")[2].split()[0]
    stage.wrappers[0].wait(20)

    assert state == "Z"
    assert stage.outcome().kind == "succeeded"
    assert not is_alive(child)
