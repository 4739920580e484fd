"""What every task server does for schedules: make a task, and find what was made."""

from tests.contract.task_server.implementations import House
from tests.contract.task_server.test_reading import DEV, backlog, ids
from tinyscheduler.model.desk import TaskDraft, TaskQuery

EVERYTHING = TaskQuery(created_by="tinyscheduler", includes_archived=True, limit=1000)


def test_a_task_that_is_made_is_as_it_was_asked_for(house: House) -> None:
    draft = TaskDraft(
        "Tidy up", "tinyscheduler", "All of it.", "dev", "bob", priority=3, tags=("schedule:a:2026", "b")
    )

    made = house.server.add(draft)

    assert (made.title, made.created_by, made.description) == ("Tidy up", "tinyscheduler", "All of it.")
    assert (made.queue, made.assigned_to, made.priority, made.status) == ("dev", "bob", 3, "idle")
    assert made.tags == ("schedule:a:2026", "b")
    assert house.server.get(made.id).task == made
    assert ids(backlog(house, DEV)) == [made.id]


def test_two_of_the_same_are_two(house: House) -> None:
    draft = TaskDraft("Tidy up", "tinyscheduler", queue="dev")

    assert house.server.add(draft).id != house.server.add(draft).id


def test_what_was_made_is_found_whatever_became_of_it(house: House) -> None:
    made = [
        house.server.add(TaskDraft("x", "tinyscheduler", queue="dev", tags=(f"schedule:a:{number}",)))
        for number in range(3)
    ]
    house.server.update(made[1].id, status="complete", assigned_to="sue")
    house.arrange.archive(made[2].id)
    house.arrange.create(queue="dev", tags=("schedule:a:9",))

    found = house.another().find(EVERYTHING)

    assert {task.tags for task in found.tasks} == {task.tags for task in made}
    assert not found.is_cut
