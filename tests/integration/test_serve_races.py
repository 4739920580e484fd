"""Many clients at once, and a server that is killed under them: nothing is given twice, nor lost."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.contract.task_server.serving import ROOT, START_TIMEOUT_S, Serving, serving
from tests.waiting import wait_until
from tinyscheduler.taskstore.rows import NewTask, TaskFilter
from tinyscheduler.taskstore.store import Store

RACERS = 8
TASKS = 100
CLIENTS = 16


@contextmanager
def racing(deed: str, server: Serving, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """So many processes; none outlives the test."""
    argv = [sys.executable, "-m", "tests.integration.task_racers", deed, server.endpoint]
    racers = [
        subprocess.Popen([*argv, f"racer-{number}"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for number in range(count)
    ]
    try:
        yield racers
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate(timeout=START_TIMEOUT_S)


def told(racers: list[subprocess.Popen[str]]) -> list[list[str]]:
    return [racer.communicate(timeout=50)[0].split("\n")[:-1] for racer in racers]


@pytest.mark.parametrize(("deed", "agent"), [("claim", None), ("sign_up", "team")])
def test_eight_racers_take_each_of_a_hundred_tasks_once(tmp_path: Path, deed: str, agent: str | None) -> None:
    with serving(tmp_path) as server:
        store = Store(server.database)
        store.create_tasks(
            [NewTask(f"task {n}", "me", queue_name="race", assigned_to=agent) for n in range(TASKS)]
        )
        with racing(deed, server, RACERS) as racers:
            taken = told(racers)
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


def kill_under_load(folder: Path, after_bytes: int) -> tuple[int, list[str]]:
    """How much was acknowledged, and what of it is gone."""
    with serving(folder) as server:
        log = Path(server.database + "-wal")
        enough_bytes = log.stat().st_size + after_bytes
        with racing("write", server, CLIENTS) as racers:
            wait_until(lambda: log.stat().st_size > enough_bytes, "the clients write")
            server.process.kill()
            acknowledged = told(racers)
    return sum(map(len, acknowledged)), lost_of(server.database, acknowledged)


def test_a_server_that_is_killed_under_sixteen_clients_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    count, lost = kill_under_load(tmp_path, 200_000)

    assert lost == []
    assert count > 50


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(40))
def test_it_loses_nothing_wherever_it_is_killed(tmp_path: Path, seed: int) -> None:
    """Also near where the log is put into the file, which begins at four megabytes."""
    after_bytes = random.Random(seed).randrange(10_000, 4_500_000)

    _, lost = kill_under_load(tmp_path, after_bytes)

    assert lost == []
