"""A disk that is full, or read-only, at any moment: the pass says so, nothing is lost, and when there is room
again everything goes on (features B13)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene
from tests.integration.commands import an_agent
from tests.integration.faults.figures import Figures
from tests.integration.faults.house import House
from tests.integration.faults.trials import Tally
from tests.integration.wrapping import is_alive
from tests.rigs.mounts import PAGE, SmallDisk, Switch, a_small_disk, a_switch
from tests.waiting import wait_until

FULL_FOR_A_START = (0, 2, 5, 9)
"""Free pages; a start takes about a dozen: folders, prompt, order, lease, ledger, the store's log."""
EVERY_STEP = range(24)
EXIT_UNWRITTEN = 1
"""contracts.md: something of ours failed."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with a_small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def house(small_disk: SmallDisk) -> Iterator[House]:
    """One whose base folder is all on the small disk."""
    yield from a_house(Scene(small_disk.path / "base"))


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Switch]:
    (tmp_path / "base").mkdir()
    with a_switch(tmp_path / "base") as switch:
        yield switch


@pytest.fixture
def switched(switch: Switch, tmp_path: Path) -> Iterator[House]:
    """A house that can be made read-only."""
    yield from a_house(Scene(tmp_path / "base"))


def a_house(scene: Scene) -> Iterator[House]:
    house = House(scene)
    task_id = house.idle()
    assert house.recover(task_id) == []
    yield house
    scene.close()


# --- full -------------------------------------------------------------------------------------------


def start_on_full_disk(house: House, disk: SmallDisk, pages: int) -> list[str]:
    """Whatever a start had got done when the room was used up."""
    task_id = house.idle()
    disk.fill(room=pages * PAGE)
    answers = [house.scene.call("run", "--once") for _ in range(2)]
    disk.free()
    bad = [answer.err for answer in answers if answer.code not in (0, 1, 3) or "Traceback" in answer.err]
    return bad + house.recover(task_id)


def end_on_full_disk(house: House, disk: SmallDisk, pages: int) -> list[str]:
    """Whatever a wrapper and the pass that it becomes had got done when the room was used up."""
    task_id = house.running()
    disk.fill(room=pages * PAGE)
    (house.scene.gates / task_id).touch()
    house.scene.call("run", "--once")
    disk.free()
    return house.recover(task_id)


@pytest.mark.slow
def test_start_on_a_disk_that_fills_up_loses_nothing(house: House, small_disk: SmallDisk) -> None:
    assert [start_on_full_disk(house, small_disk, pages) for pages in FULL_FOR_A_START] == [[], [], [], []]


@pytest.mark.slow
def test_run_that_ends_on_a_full_disk_loses_nothing(house: House, small_disk: SmallDisk) -> None:
    """Its lease cannot be written: the wrapper goes on beating, and says how the run ended when it can."""
    assert [end_on_full_disk(house, small_disk, pages) for pages in (1, 4)] == [[], []]


def test_full_disk_is_called_so_also_by_the_store(house: House, small_disk: SmallDisk) -> None:
    """SQLite itself says "unable to open" or "I/O error"."""
    task_id = house.idle()
    small_disk.fill(room=0)

    answer = house.scene.call("run", "--once")
    small_disk.free()

    assert answer.code in (1, 3)
    assert "disk is full" in answer.err or "No space left" in answer.err
    assert "I/O error" not in answer.err.replace("(disk I/O error)", "")
    assert "free some" in answer.err
    assert house.recover(task_id) == []


def test_emergency_stop_needs_no_room(house: House, small_disk: SmallDisk) -> None:
    """The agent that has filled the disk is the one that has to be stopped. Whoever asks for it waits for the
    processes, and not for the room that it would take to write down how they ended."""
    task_id = house.running()
    agent = int(str(house.scene.disk.lease(task_id)["agent_pid"]))
    small_disk.fill(room=0)

    answer = house.scene.call("estop", "--reason", "an agent fills the disk")
    is_left = is_alive(agent)
    small_disk.free()
    house.scene.once()
    outcomes = house.scene.disk.outcomes(task_id)
    house.scene.well("estop", "--clear")

    assert (answer.code, answer.err, is_left) == (EXIT_UNWRITTEN, "", False)
    assert f"could not be written down for task {task_id} (" in answer.out
    assert "No space left on device" in answer.out
    assert outcomes == ["interrupted"]
    assert house.recover(task_id) == []


def test_nothing_starts_without_the_room_that_the_settings_ask_for(
    house: House, small_disk: SmallDisk
) -> None:
    """MIN_FREE_MB is looked at before anything is written."""
    house.scene.configure(MIN_FREE_MB=2)
    task_id = house.idle()
    small_disk.fill(room=1_000_000)

    told = house.scene.once_json()
    small_disk.free()

    assert house.scene.held(told) == {task_id: "disk"}
    assert house.recover(task_id) == []


@pytest.mark.soak
def test_disk_that_fills_up_at_any_page_loses_nothing(
    house: House, small_disk: SmallDisk, figures: Figures
) -> None:
    troubles = []
    for pages in EVERY_STEP:
        troubles += [f"start: {pages}: {text}" for text in start_on_full_disk(house, small_disk, pages)]
        troubles += [f"end: {pages}: {text}" for text in end_on_full_disk(house, small_disk, pages)]
    figures.add("disk", Tally(2 * len(EVERY_STEP), tuple(troubles)))

    assert troubles == []


# --- read-only --------------------------------------------------------------------------------------


def test_read_only_disk_is_one_line_and_starts_nothing(switched: House, switch: Switch) -> None:
    task_id = switched.idle()
    switch.read_only()

    answer = switched.scene.call("run", "--once")
    switch.writable()

    assert answer.code == 1
    assert "Read-only file system" in answer.err
    assert "mount it writable" in answer.err
    assert switched.recover(task_id) == []


def test_disk_that_turns_read_only_during_a_run_costs_no_run(switched: House, switch: Switch) -> None:
    """The agent works on, its wrapper cannot beat; a beat that is not stale yet is enough."""
    task_id = switched.running()
    switch.read_only()
    answer = switched.scene.call("run", "--once")
    wait_until(lambda: beat_age_s(switched, task_id) > 2.5, "two beats have failed")
    switch.writable()

    assert answer.code == 1
    assert switched.recover(task_id) == []
    assert switched.scene.disk.begun().count(task_id) == 1


def beat_age_s(house: House, task_id: str) -> float:
    """By the clock that both sides use."""
    return time.monotonic() - float(str(house.scene.disk.lease(task_id)["heartbeat_monotonic"]))


def test_store_that_may_not_be_written_is_told_by_status(tmp_path: Path) -> None:
    """Looking at it goes well, and no pass could start or settle anything."""
    scene = Scene(tmp_path / "base")
    scene.control(an_agent("dev-1"))
    scene.add("a task", queue="dev")
    with a_switch(scene.state / "tasks.db") as store:
        store.read_only()
        told = scene.call("status")
    again = scene.call("status")
    scene.close()

    assert (told.code, again.code) == (1, 0)
    assert "tasks.db may not be read and written by this user" in told.out
