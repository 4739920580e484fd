"""What holds of every plan for tasks that wait for others (features D10)."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from tests.laws.needy_worlds import needy_worlds
from tinyscheduler.model.knowledge import Known
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.planner.hints import hints_of
from tinyscheduler.planner.start import plan_start


@given(needy_worlds())
def test_nothing_starts_before_what_it_waits_for_is_complete(snapshot: StartSnapshot) -> None:
    complete = {found.task_id for found in snapshot.prerequisites.values() if found.state == "complete"}
    for start in plan_start(snapshot).starts:
        assert set(hints_of(start.task).after) <= complete
        assert not start.task.is_blocked


@given(needy_worlds())
def test_rings_are_named_whole_and_begin_at_their_smallest_id(snapshot: StartSnapshot) -> None:
    """Also those by way of a parent, which waits for its subtasks."""
    waits, parts = waits_of(snapshot), parts_of(snapshot)
    whole = {task_id: waits[task_id] | parts.get(task_id, set()) for task_id in waits}
    for held in plan_start(snapshot).held:
        if held.reason == "cycle":
            named, _, by_parts = held.value.partition("; ")
            ring = named.split(" -> ")
            assert ring[0] == ring[-1] == min(ring)
            assert held.task_id in ring
            assert all(there in whole[here] for here, there in pairwise(ring))
            assert bool(by_parts) == any(there not in waits[here] for here, there in pairwise(ring))
            here, there = held.lever.partition(": task ")[2].split(" need not wait for ")
            assert (here, there) in pairwise(ring)
            assert there in waits[here]
        if held.reason in ("blocked", "dependency_failed"):
            assert held.task_id not in reached(held.task_id, whole)
        if held.reason == "parent_open" and any(waits.values()):
            assert ("waits for itself" in held.value) == (held.task_id in reached(held.task_id, whole))


@given(needy_worlds())
def test_a_failed_prerequisite_is_one_that_is_waited_for(snapshot: StartSnapshot) -> None:
    waits, parts = waits_of(snapshot), parts_of(snapshot)
    whole = {task_id: waits[task_id] | parts.get(task_id, set()) for task_id in waits}
    lost = {found.task_id for found in snapshot.prerequisites.values() if found.state in ("gone", "archived")}
    for held in plan_start(snapshot).held:
        if held.reason == "blocked":
            assert not reached(held.task_id, waits) & lost or in_a_ring_on_the_way(held.task_id, waits, whole)
        if held.reason == "dependency_failed":
            root = held.value.partition(", which")[0].rpartition("task ")[2]
            assert root in reached(held.task_id, waits)


def waits_of(snapshot: StartSnapshot) -> dict[str, set[str]]:
    assert isinstance(snapshot.backlog, Known)
    done = {found.task_id for found in snapshot.prerequisites.values() if found.state == "complete"}
    return {
        task.id: {*([task.blocked_by] if task.blocked_by else []), *hints_of(task).after} - done
        for task in snapshot.backlog.value.tasks
    }


def parts_of(snapshot: StartSnapshot) -> dict[str, set[str]]:
    assert isinstance(snapshot.backlog, Known)
    found: dict[str, set[str]] = {}
    for task in snapshot.backlog.value.tasks:
        if task.parent_id is not None and task.parent_id != task.id:
            found.setdefault(task.parent_id, set()).add(task.id)
    return found


def reached(start: str, waits: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    front = [start]
    while front:
        for other in waits.get(front.pop(), ()):
            if other not in found:
                found.add(other)
                front.append(other)
    return found


def in_a_ring_on_the_way(start: str, waits: dict[str, set[str]], whole: dict[str, set[str]]) -> bool:
    """Failure stops at rings: they are told first."""
    return any(other in reached(other, whole) for other in reached(start, waits))
