"""Many clients at once, and a server that is killed under them: nothing is given twice, nor lost."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.contract.task_server.serving import ROOT, START_TIMEOUT_S, Serving, serving
from tests.waiting import wait_until
from tinyscheduler.taskstore.rows import NewTask, TaskFilter
from tinyscheduler.taskstore.store import Store

RACERS = 8
TASKS = 100
CLIENTS = 16
LIMIT_S = 120.0
"""For some hundred writes; a machine that is busy with other tests has slow disks."""


@contextmanager
def racing(deed: str, server: Serving, folder: Path, *, count: int) -> Iterator[Callable[[], None]]:
    """So many processes, which write what they are told into files of the folder; none outlives the test.
    Gives a function that waits for all of them."""
    argv = [sys.executable, "-m", "tests.integration.task_racers", deed, server.endpoint]
    racers: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(count):
            with open(folder / f"told-{number}", "wb") as file:
                racers.append(subprocess.Popen([*argv, f"racer-{number}"], cwd=ROOT, stdout=file))
        yield partial(_wait, racers)
    finally:
        for racer in racers:
            racer.kill()
            racer.wait(timeout=START_TIMEOUT_S)


def _wait(racers: list[subprocess.Popen[bytes]]) -> None:
    for racer in racers:
        racer.wait(timeout=50)


def told(folder: Path, count: int) -> list[list[str]]:
    """Line by line; what a killed process had not written to its end was not told."""
    return [(folder / f"told-{number}").read_text().split("\n")[:-1] for number in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize(("deed", "agent"), [("claim", None), ("sign_up", "team")])
def test_eight_racers_take_each_of_a_hundred_tasks_once(tmp_path: Path, deed: str, agent: str | None) -> None:
    with serving(tmp_path) as server:
        store = Store(server.database)
        store.create_tasks(
            [NewTask(f"task {n}", "me", queue_name="race", assigned_to=agent) for n in range(TASKS)]
        )
        with racing(deed, server, tmp_path, count=RACERS) as wait:
            wait()
        taken = told(tmp_path, RACERS)
        tasks = store.tasks(TaskFilter())
        store.close()

    assert sorted(int(number) for numbers in taken for number in numbers) == list(range(1, TASKS + 1))
    assert {task.status for task in tasks} == {"working"}
    if deed == "claim":
        owner = {int(number): f"racer-{place}" for place, numbers in enumerate(taken) for number in numbers}
        assert {task.id: task.assigned_to for task in tasks} == owner


def lost_of(database: str, acknowledged: list[list[str]]) -> list[str]:
    """What clients were told and the file has not."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        owner = dict(connection.execute("SELECT id, assigned_to FROM tasks WHERE status = 'working'"))
        tasks = {number for (number,) in connection.execute("SELECT id FROM tasks")}
        comments = {number for (number,) in connection.execute("SELECT id FROM comments")}
    lost = []
    for place, lines in enumerate(acknowledged):
        for line in lines:
            what, _, number = line.partition(" ")
            is_there = {
                "task": int(number) in tasks,
                "claim": owner.get(int(number)) == f"racer-{place}",
                "comment": int(number) in comments,
            }[what]
            if not is_there:
                lost.append(f"racer-{place}: {line}")
    return lost


def kill_under_load(folder: Path, after: int) -> list[str]:
    """What was acknowledged and is gone, of a server that is killed after so many acknowledgements."""
    with serving(folder) as server, racing("write", server, folder, count=CLIENTS) as wait:
        wait_until(lambda: sum(map(len, told(folder, CLIENTS))) >= after, "enough is told", LIMIT_S)
        server.process.kill()
        wait()
    return lost_of(server.database, told(folder, CLIENTS))


@pytest.mark.slow
def test_a_server_that_is_killed_under_sixteen_clients_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    assert kill_under_load(tmp_path, after=60) == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(40))
def test_it_loses_nothing_wherever_it_is_killed(tmp_path: Path, seed: int) -> None:
    """Also near where the log is put into the file, after some hundred writes."""
    assert kill_under_load(tmp_path, after=random.Random(seed).randrange(1, 1500)) == []
