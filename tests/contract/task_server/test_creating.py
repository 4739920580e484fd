"""What every task server does for schedules: make a task, and find what was made."""

from concurrent.futures import ThreadPoolExecutor

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


def test_what_is_made_once_is_made_once(house: House) -> None:
    """By its title and all of these tags, whatever became of it."""
    draft = TaskDraft("Tidy up", "tinyscheduler", queue="dev", tags=("a", "b", "c"), once_by=("a", "b"))
    made = house.server.add(draft)
    house.server.update(made.id, status="complete", tags=("b", "a", "own"))
    house.arrange.archive(made.id)

    again = house.another().add(draft._replace(created_by="sue", tags=("a", "b", "z")))
    others = (draft._replace(title="Tidy"), draft._replace(once_by=("a", "c")), draft._replace(once_by=()))

    if house.makes_once:
        assert (again.id, again.status, again.tags) == (made.id, "complete", ("b", "a", "own"))
    assert len({house.server.add(other).id for other in others} | {made.id}) == 4


def test_two_that_make_the_same_at_once_make_one(house: House) -> None:
    draft = TaskDraft("Tidy up", "tinyscheduler", queue="dev", tags=("a",), once_by=("a",))
    clients = [house.another() for _ in range(4)]

    with ThreadPoolExecutor(len(clients)) as pool:
        made = list(pool.map(lambda client: client.add(draft).id, clients))

    if house.makes_once:
        assert len(set(made)) == 1


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
