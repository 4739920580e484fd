"""Processes that race and die: what was acknowledged stays, and every call happens at one instant."""

import os
import signal
import subprocess

import pytest

from tests.unit.taskstore.builders import Hands, StartPython
from tinyscheduler.taskstore.rows import TaskFilter
from tinyscheduler.taskstore.store import Store

_RACER = """
import sys
from tinyscheduler.errors import NotAssigned
from tinyscheduler.taskstore.store import Store
path, name = sys.argv[1:]
store = Store(path)
print("ready", flush=True)
for line in sys.stdin:
    verb, task_id = line.split()
    if verb == "take":
        print(store.update_task(int(task_id), {"assigned_to": name}).previous_assigned_to, flush=True)
    elif verb == "claim":
        claimed = store.sign_up("pool")
        print(claimed.task.id if claimed else None, flush=True)
store.close()
"""
RACERS = 8


@pytest.mark.slow
def test_of_eight_processes_exactly_one_takes_an_open_task(
    path: str, store: Store, hands: Hands, start: StartPython
) -> None:
    """The exchange is what a claim is built on."""
    racers = [start(_RACER, path, f"racer-{n}") for n in range(RACERS)]
    assert [read_line(racer) for racer in racers] == ["ready"] * RACERS
    for _ in range(20):
        made = hands.task(queue="dev")
        for racer in racers:
            say(racer, f"take {made.id}")

        replaced = [read_line(racer) for racer in racers]

        assert replaced.count("None") == 1
        assert len(set(replaced)) == RACERS
    end(racers)


@pytest.mark.slow
def test_eight_processes_claim_a_hundred_tasks_each_once(
    path: str, store: Store, hands: Hands, start: StartPython
) -> None:
    made = [hands.task(assigned_to="pool") for _ in range(100)]
    racers = [start(_RACER, path, f"racer-{n}") for n in range(RACERS)]
    assert [read_line(racer) for racer in racers] == ["ready"] * RACERS
    for racer in racers:
        say(racer, "claim 0\n" * 15)

    claimed = [read_line(racer) for racer in racers for _ in range(15)]
    end(racers)

    assert sorted(int(c) for c in claimed if c != "None") == [task.id for task in made]
    assert claimed.count("None") == RACERS * 15 - 100


@pytest.mark.slow
def test_killing_a_writer_loses_nothing_it_acknowledged(path: str, start: StartPython) -> None:
    code = """
import sys
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store
store = Store(sys.argv[1])
while True:
    made = store.create_task(NewTask("t", "me"))
    store.update_task(made.id, {"status": "working", "assigned_to": "bob"})
    print(made.id, flush=True)
"""
    acknowledged: set[int] = set()
    for kill_after in (1, 7, 40, 200):
        writer = start(code, path)
        acknowledged.update(int(read_line(writer)) for _ in range(kill_after))
        writer.send_signal(signal.SIGKILL)
        # Not by communicate alone: it forgets what readline has taken from the pipe beforehand.
        assert writer.stdout is not None
        acknowledged.update(int(line) for line in writer.stdout.read().split("\n")[:-1])
        writer.communicate(timeout=50)

        store = Store(path)
        working = {task.id for task in store.tasks(TaskFilter(assigned_to="bob", statuses=("working",)))}
        left = len(store.tasks(TaskFilter()))
        store.close()
        assert acknowledged <= working
        assert left - len(acknowledged) <= 4, "at most the one that was under way, each time"
    assert os.path.getsize(path) > 0


def say(racer: subprocess.Popen[str], line: str) -> None:
    assert racer.stdin is not None
    racer.stdin.write(line.rstrip("\n") + "\n")
    racer.stdin.flush()


def read_line(racer: subprocess.Popen[str]) -> str:
    assert racer.stdout is not None
    return racer.stdout.readline().rstrip("\n")


def end(racers: list[subprocess.Popen[str]]) -> None:
    for racer in racers:
        _, complaint = racer.communicate(timeout=50)
        assert (racer.returncode, complaint) == (0, "")
