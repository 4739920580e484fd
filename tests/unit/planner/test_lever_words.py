"""A lever is a sentence, or a command or setting that may be copied as it stands."""

from __future__ import annotations

import tomllib

import pytest

from tests.builders import a_lease, a_start_snapshot, a_task, an_agent
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held
from tinyscheduler.model.resources import Resources
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.start import plan_start


def held_of(world: StartSnapshot, task_id: str = "1") -> Held:
    return next(held for held in plan_start(world).held if held.task_id == task_id)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("{memory_mb: 99999999}", {"memory_mb": 99_999_999}),
        ("{memory_mb: 100000000}", {"memory_mb": 100_000_000}),
        ("{cpu: 0.5, memory_mb: 1234567}", {"memory_mb": 1_234_567}),
        ("{cpu: 2.5}", {"cpu": 2.5}),
    ],
)
def test_the_setting_that_would_make_room_can_be_copied_into_the_file(
    asked: str, wanted: dict[str, float]
) -> None:
    """A lever once said 1e+08, and with it in the file every pass stopped."""
    task = a_task("1", description=f"---\nresources: {asked}\n---\nwork")
    world = a_start_snapshot(task, totals=Resources(2, 1000, 0))

    lever = held_of(world).lever

    copied = tomllib.loads(lever.partition("set [resources] ")[2].replace(", ", "\n"))
    assert copied == wanted
    assert {name: type(copied[name]) for name in copied} == {name: type(wanted[name]) for name in wanted}


@pytest.mark.parametrize(
    ("source", "lever"),
    [
        ("maxConcurrency", "set maxConcurrency of dev-1 to 2 in agent-control"),
        ("omitted", "set maxConcurrency of dev-1 to 2 in agent-control"),
        ("AGENT_LIMITS", "write dev-1:2 into TINYSCHEDULER_AGENT_LIMITS"),
        ("--agent-limit", "--agent-limit dev-1=2"),
    ],
)
def test_slots_are_raised_where_they_come_from(source: str, lever: str) -> None:
    agent = an_agent("dev-1", slots=1)._replace(slots_source=source)
    world = a_start_snapshot(a_task("1"), leases=[a_lease("2", agent="dev-1")], agents=[agent])

    assert held_of(world).lever == f"wait for one to end, or {lever}"


@pytest.mark.parametrize(
    ("policy", "lever"),
    [
        (Policy(max_parallel=0), "raise with TINYSCHEDULER_MAX_PARALLEL=1"),
        (Policy(queue_caps=(("dev", 0),)), "raise with TINYSCHEDULER_QUEUE_LIMITS=dev:1"),  # type: ignore[arg-type]
    ],
)
def test_where_nothing_may_run_nobody_is_told_to_wait_for_an_end(policy: Policy, lever: str) -> None:
    assert held_of(a_start_snapshot(a_task("1"), policy=policy)).lever == lever


def test_the_disk_lever_leaves_room_for_what_is_written_meanwhile() -> None:
    world = a_start_snapshot(a_task("1"), free_mb=96, policy=Policy(min_free_mb=500))

    assert held_of(world).lever == "free disk space, or TINYSCHEDULER_MIN_FREE_MB=48"


def test_a_missing_capability_names_where_it_is_written() -> None:
    world = a_start_snapshot(a_task("1", tags=("cap:tpu",)), agents=[an_agent("dev-1")])

    where = "add tpu to the capabilities of dev-1 in agent-control"
    assert held_of(world).lever == f"{where}, or take it out of what the task asks for"


def test_who_waits_for_one_task_is_told_how_to_complete_it() -> None:
    waits = a_task("1", blocked_by="2")

    lever = held_of(a_start_snapshot(waits, a_task("2"))).lever

    assert lever == "wait for it, or if it is done: tinyscheduler task done 2"


def test_who_waits_for_several_is_told_that_one_is_not_enough() -> None:
    waits = a_task("1", tags=("after:2", "after:3"))

    lever = held_of(a_start_snapshot(waits, a_task("2"), a_task("3"))).lever

    assert lever.startswith("all of them have to be complete; of task 2: wait for it")


def test_a_ring_by_way_of_a_parent_is_named_by_all_who_are_in_it() -> None:
    """A parent is complete when its subtasks are: one that waits for it waits for itself."""
    parent, child = a_task("3"), a_task("1", parent_id="3", tags=["after:3"])
    other = a_task("5", tags=["after:3"])
    world = a_start_snapshot(parent, child, other, open_parents=["3"])

    held = {str(held.task_id): held for held in plan_start(world).held}

    ring, lever = "1 -> 3 -> 1; 1 is a subtask of 3", "take one of them out: task 1 need not wait for 3"
    assert (held["1"].reason, held["1"].value, held["1"].lever) == ("cycle", ring, lever)
    assert (held["3"].reason, held["3"].lever) == ("parent_open", lever)
    assert held["3"].value == f"it has subtasks that are not complete, and waits for itself: {ring}"
    assert (held["5"].value, held["5"].lever) == (f"waits for task 3, which waits for itself: {ring}", lever)


def test_a_ring_over_a_parent_and_a_task_beside_it_is_named() -> None:
    parent, child = a_task("1"), a_task("2", parent_id="1", blocked_by="3")
    beside = a_task("3", blocked_by="1")

    held = held_of(a_start_snapshot(parent, child, beside, open_parents=["1"]), "3")

    assert (held.reason, held.value) == ("cycle", "1 -> 2 -> 3 -> 1; 2 is a subtask of 1")
    assert held.lever == "take one of them out: task 3 need not wait for 1"


def test_two_that_are_each_others_subtasks_stop_nobody() -> None:
    """No server allows it, and a row of a file may say it all the same."""
    two = a_task("1", parent_id="2"), a_task("2", parent_id="1")
    other = a_task("4", tags=["after:1"])

    lever = held_of(a_start_snapshot(*two, other, open_parents=["1", "2"])).lever

    assert lever == "take one of them out: tinyscheduler task move 1 --top"


def test_a_parent_names_its_subtasks_and_how_they_stand() -> None:
    family = [a_task("1"), *(a_task(str(n), parent_id="1") for n in range(10, 2, -1))]

    held = held_of(a_start_snapshot(*family, open_parents=["1"]))

    names = "3 (idle), 4 (idle), 5 (idle), 6 (idle), 7 (idle) and 3 more"
    assert held.value == f"it has subtasks that are not complete: {names}"
    assert held.lever == "complete its subtasks; what keeps the first one: tinyscheduler explain 3"


def test_who_waits_for_a_ring_is_told_how_to_open_it_and_not_to_wait() -> None:
    """Alone or among others, the ring stays shut however long anybody waits."""
    ring = [a_task(one, tags=[f"after:{other}"]) for one, other in (("1", "3"), ("3", "2"), ("2", "1"))]
    alone, among = a_task("5", tags=["after:3"]), a_task("6", tags=["after:3", "after:5"])

    levers = {
        str(held.task_id): held.lever for held in plan_start(a_start_snapshot(*ring, alone, among)).held
    }

    assert levers["5"] == levers["1"] == "take one of them out: task 2 need not wait for 1"
    assert levers["6"] == f"all of them have to be complete; of task 3: {levers['1']}"


def test_the_capability_that_is_to_be_added_is_one_that_the_agent_lacks() -> None:
    agents = [an_agent("dev-1", capabilities=["x"]), an_agent("dev-2", capabilities=["x", "y"])]
    snapshot = a_start_snapshot(a_task(tags=["cap:x", "cap:y", "cap:z"]), agents=agents)

    held = held_of(snapshot)

    assert held.reason == "no_capability"
    assert held.lever.startswith("add z to the capabilities of dev-2 in agent-control")


def test_room_is_that_of_an_agent_on_which_it_could_run() -> None:
    """The other one asks for less processors, and for more memory than there is."""
    agents = [
        an_agent("dev-1", resources=Resources(cpu=1, memory_mb=8_000)),
        an_agent("dev-2", resources=Resources(cpu=2, memory_mb=100)),
    ]
    lease = a_lease("2", agent="dev-3", resources=Resources(cpu=3))
    snapshot = a_start_snapshot(
        a_task("1"), agents=agents, leases=[lease], totals=Resources(cpu=4, memory_mb=4_000)
    )

    held = held_of(snapshot)

    assert held.reason == "resources"
    assert held.lever.startswith("wait for a run to end")
