"""Which processes belong to a run: by tag, parent, group and session, and never another run's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.nursery import OTHER, PLAIN, TAG, TAGGED, Nursery, parent_of, pids
from tests.rigs.tools import without_rights
from tests.waiting import wait_until
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.model.lease import LEASE_VARIABLE, containment_name
from tinyscheduler.ports import RunRef

SOURCE = Path(__file__).resolve().parents[2] / "src"


def test_the_tree_of_nobody_is_empty(table: ProcessTable) -> None:
    assert table.tree(TAG, ()) == ()


def test_a_process_with_the_tag_belongs_to_the_run(table: ProcessTable, nursery: Nursery) -> None:
    tagged, stranger = nursery.sleeper(env=TAGGED), nursery.sleeper()

    assert pids(table.tree(TAG, ())) == {tagged.pid}
    assert table.liveness(stranger) == "alive"


def test_a_grandchild_in_a_session_of_its_own_is_found_by_its_tag(
    table: ProcessTable, nursery: Nursery
) -> None:
    """Features B8: double fork and setsid, as daemons do; its parent is init now."""
    root = nursery.script("(setsid sh -c 'echo $$ > daemon; exec sleep 60' &) ; sleep 60")
    daemon = nursery.named("daemon")

    assert {root.pid, daemon.pid} <= pids(table.tree(TAG, ()))
    assert daemon in table.tree(TAG, [root])


def test_a_daemon_is_found_after_all_its_ancestors_are_gone(table: ProcessTable, nursery: Nursery) -> None:
    root = nursery.script("(setsid sh -c 'echo $$ > daemon; exec sleep 60' &)")
    nursery.reap(root)
    daemon = nursery.named("daemon")

    assert table.tree(TAG, [root]) == (daemon,)


def test_a_descendant_that_cleared_its_environment_is_found_by_its_parent(
    table: ProcessTable, nursery: Nursery
) -> None:
    root = nursery.script("env -i setsid sh -c 'echo $$ > cleared; sleep 60' ; :")
    cleared = nursery.named("cleared")

    tree = table.tree(TAG, [root])
    assert {root.pid, cleared.pid} <= pids(tree)


def test_the_child_of_a_cleared_process_is_found_too(table: ProcessTable, nursery: Nursery) -> None:
    root = nursery.script("env -i sh -c 'sh -c \"echo \\$\\$ > deep; exec sleep 60\" ; :' ; :")
    deep = nursery.named("deep")

    assert deep in table.tree(TAG, [root])


def test_a_member_of_the_group_is_found_though_its_parent_is_gone(
    table: ProcessTable, nursery: Nursery
) -> None:
    """Reparented to init, environment cleared: only the group and the session tell."""
    root = nursery.script("(env -i sh -c 'echo $$ > orphan; exec sleep 60' &) ; exec sleep 60")
    orphan = nursery.named("orphan")
    wait_until(lambda: parent_of(orphan.pid) != root.pid)

    assert orphan in table.tree(TAG, [root])


def test_a_zombie_leader_still_names_its_group(table: ProcessTable, nursery: Nursery) -> None:
    """The agent has ended and its wrapper has not reaped it yet; what it left behind is found."""
    root = nursery.script("(env -i sh -c 'echo $$ > left; exec sleep 60' &)")
    left = nursery.named("left")
    os.waitid(os.P_PID, root.pid, os.WEXITED | os.WNOWAIT)

    assert table.tree(TAG, [root]) == (left,)


def test_a_process_with_another_tag_belongs_to_another_run(table: ProcessTable, nursery: Nursery) -> None:
    """An agent may run a pass, and that pass start wrappers of its own."""
    root = nursery.script(
        f"{LEASE_VARIABLE}={OTHER} setsid sh -c '"
        'echo $$ > other; env -i sh -c "echo \\$\\$ > below; exec sleep 60"; :\' ; :'
    )
    other, below = nursery.named("other"), nursery.named("below")

    tree = table.tree(TAG, [root])
    assert root in tree
    assert other not in tree
    assert below not in tree
    assert {other.pid, below.pid} <= pids(table.tree(OTHER, ()))


def test_several_runs_looked_at_together_are_the_same_trees_in_their_order(
    table: ProcessTable, nursery: Nursery
) -> None:
    one, other = nursery.sleeper(env=TAGGED), nursery.sleeper(env={**PLAIN, LEASE_VARIABLE: OTHER})
    plain = nursery.sleeper()

    runs = [RunRef(OTHER), RunRef(TAG, [one]), RunRef("nobody"), RunRef("nobody", [plain])]
    trees = table.trees(runs)

    assert trees == ((other,), (one,), (), (plain,))


def test_a_root_that_was_recycled_is_no_root(table: ProcessTable, nursery: Nursery) -> None:
    """Features B2: the stranger is not touched, nor are its children."""
    stranger = nursery.script("sh -c 'echo $$ > child; exec sleep 60' ; :", env=PLAIN)
    nursery.named("child")

    assert table.tree(TAG, [stranger._replace(start=stranger.start - 1)]) == ()


@pytest.mark.parametrize("change", [{"boot_id": "another"}, {"pid_namespace": "pid:[1]"}])
def test_a_root_of_elsewhere_is_no_root(
    table: ProcessTable, nursery: Nursery, change: dict[str, str]
) -> None:
    sleeper = nursery.sleeper()

    assert table.tree(TAG, [sleeper._replace(**change)]) == ()  # type: ignore[arg-type]


def test_the_tree_never_contains_who_asks(table: ProcessTable, nursery: Nursery) -> None:
    """The pass may be a child of the run it ends: a wrapper becomes a pass."""
    child = nursery.sleeper(env=TAGGED, session=False)

    tree = table.tree(TAG, [table.me()])
    assert child in tree
    assert os.getpid() not in pids(tree)


def test_a_wrapper_and_its_agent_in_two_sessions_are_one_tree(table: ProcessTable, nursery: Nursery) -> None:
    wrapper = nursery.script("setsid env -i sh -c 'echo $$ > agent; sleep 60; :' ; :")
    agent = nursery.named("agent")
    os.kill(wrapper.pid, signal.SIGKILL)
    nursery.reap(wrapper)

    tree = table.tree(TAG, [wrapper, agent])
    assert agent in tree
    assert len(tree) == 2, "the agent and its sleep"


HIDDEN = f"""
import ctypes, sys
sys.path.insert(0, {str(SOURCE)!r})
from tinyscheduler.kit.marks import mark_of, wear
wear(mark_of({containment_name(TAG)!r}))
assert ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) == 0
print("hidden", flush=True)
sys.stdin.read()
"""
"""PR_SET_DUMPABLE 0, as ssh-agent, gpg-agent and whatever is set-id."""
LOOK = f"""
import sys
sys.path.insert(0, {str(SOURCE)!r})
from tinyscheduler.adapters.processes import ProcessTable
from tinyscheduler.adapters.processes.proc import read_tag
print(read_tag(int(sys.argv[1])), [process.pid for process in ProcessTable().tree({TAG!r}, ())])
"""


def test_a_process_that_may_not_be_asked_for_its_environment_is_found_by_its_mark() -> None:
    """It carries the tag, and nobody without the rights of a debugger can read it (law 4)."""
    program = [sys.executable, "-I", "-c"]
    with subprocess.Popen(
        [*program, HIDDEN], env=TAGGED, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as hidden:
        assert hidden.stdin is not None
        assert hidden.stdout is not None
        try:
            hidden.stdout.readline()
            look = [*without_rights(), *program, LOOK, str(hidden.pid)]
            said = subprocess.run(look, capture_output=True, text=True, check=True).stdout
        finally:
            hidden.stdin.close()

    assert said == f"None [{hidden.pid}]\n"
