"""What every task server shows of the tasks that somebody works on."""

from tests.contract.task_server.implementations import House
from tests.contract.task_server.test_reading import BOB, DEV, QA, backlog, ids


def test_tasks_that_are_worked_on_are_shown_apart_each_once(house: House) -> None:
    """What a run is compared with (features B7), at no further call."""
    idle = house.arrange.create(queue="dev")
    of_queue = house.arrange.create(queue="dev", assigned_to="a-person", priority=1)
    of_agent = house.arrange.create(queue="foreign", assigned_to="bob", priority=2)
    foreign = house.arrange.create(queue="foreign", assigned_to="sue")
    for working in (of_queue, of_agent, foreign):
        house.server.update(working, status="working")

    found = backlog(house, DEV, QA, agents=(BOB,))

    assert ids(found) == [idle]
    assert [task.id for task in found.working] == [of_agent, of_queue]
    assert found.working[0] == house.server.get(of_agent).task


def test_tasks_that_are_worked_on_crowd_out_none_that_wait(house: House) -> None:
    busy = [house.arrange.create(queue="dev", priority=9) for _ in range(4)]
    for task_id in busy:
        house.server.update(task_id, status="working")
    waiting = [house.arrange.create(queue="dev") for _ in range(3)]

    found = backlog(house, DEV, limit=3)

    assert (ids(found), found.is_cut) == (waiting, False)


def test_a_parent_whose_child_is_worked_on_is_open_and_shows_as_its_child_does(house: House) -> None:
    parent = house.arrange.create(queue="dev")
    child = house.arrange.create(queue="dev", parent=parent)
    house.server.update(child, status="working")

    found = backlog(house, DEV)

    assert {task.id for task in found.working} == {parent, child}
    assert parent in found.open_parents
