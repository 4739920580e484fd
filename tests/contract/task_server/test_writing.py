"""What every task server does when told, and what it refuses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar

import pytest

from tests.contract.task_server.implementations import House
from tinyscheduler.errors import NotAssigned, ServerRefused
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.task import Status, TagChange, Task
from tinyscheduler.ports import TaskServer

T = TypeVar("T")

BOB, SUE = AgentName("bob"), AgentName("sue")
RACERS = 8
ROUNDS = 5


def test_an_update_writes_only_the_fields_given(house: House) -> None:
    made = house.arrange.create(queue="dev", assigned_to="bob", priority=3, description="text", tags=("a",))

    answer = house.server.update(made, status="working")
    shown = house.server.get(made).task

    assert answer == shown
    assert (shown.status, shown.queue, shown.assigned_to) == ("working", "dev", "bob")
    assert (shown.priority, shown.description, shown.tags) == (3, "text", ("a",))


def test_an_update_can_set_everything_at_once(house: House) -> None:
    made = house.arrange.create(queue="dev")

    task = house.server.update(made, status="working", assigned_to="bob", queue=QueueName("qa"))

    assert (task.status, task.assigned_to, task.queue) == ("working", "bob", "qa")


def test_tags_are_replaced_as_a_whole_and_nothing_else_is(house: House) -> None:
    made = house.arrange.create(queue="dev", assigned_to="bob", tags=("a", "b"))

    more = house.server.update(made, tags=("b", "parked"))
    none = house.server.update(made, assigned_to="", tags=())

    assert (more.tags, more.assigned_to, more.status) == (("b", "parked"), "bob", "idle")
    assert (none.tags, none.assigned_to, house.server.get(made).task.tags) == ((), None, ())


def test_tags_are_added_and_taken_away_among_those_that_are_there_then(house: House) -> None:
    made = house.arrange.create(queue="dev", assigned_to="bob", tags=("a", "b"))

    more = house.server.update(made, tags=TagChange(added=("parked",)))
    less = house.server.update(made, status="working", tags=TagChange(removed=("a",)))

    assert (more.tags, less.tags, less.status) == (("a", "b", "parked"), ("b", "parked"), "working")


def test_an_update_of_nothing_changes_nothing(house: House) -> None:
    made = house.arrange.create(queue="dev")
    before = house.server.get(made).task

    assert house.server.update(made) == before


@pytest.mark.parametrize("after", ["idle", "working", "complete"])
@pytest.mark.parametrize("before", ["idle", "working", "complete"])
def test_any_status_may_follow_any_status(house: House, before: Status, after: Status) -> None:
    made = house.arrange.create()
    house.server.update(made, status=before)

    assert house.server.update(made, status=after).status == after


def test_a_change_of_assignee_shows_what_it_replaced(house: House) -> None:
    """A claim learns from it whether the task was still open when it was written."""
    made = house.arrange.create(queue="dev")

    first = house.server.update(made, assigned_to="bob")
    second = house.server.update(made, assigned_to="sue")

    assert (first.assigned_to, first.previous_assigned_to) == ("bob", None)
    assert (second.assigned_to, second.previous_assigned_to) == ("sue", "bob")


def test_writing_the_same_assignee_again_leaves_the_trace_as_it_was(house: House) -> None:
    made = house.arrange.create(assigned_to="sue")
    house.server.update(made, assigned_to="bob")

    again = house.server.update(made, assigned_to="bob", status="working")

    assert (again.assigned_to, again.previous_assigned_to) == ("bob", "sue")


def test_an_empty_assignee_gives_the_task_to_nobody(house: House) -> None:
    made = house.arrange.create(queue="dev", assigned_to="bob")

    task = house.server.update(made, assigned_to="")

    assert (task.assigned_to, task.previous_assigned_to) == (None, "bob")
    assert house.server.update(made, assigned_to="sue").previous_assigned_to is None


def test_the_word_null_as_assignee_is_nobody(house: House) -> None:
    """The public manual tells people to write it."""
    made = house.arrange.create(queue="dev", assigned_to="bob")

    house.server.update(made, assigned_to="null")

    assert house.server.get(made).task.assigned_to is None


def test_a_move_hands_over_idle_with_a_comment_of_the_old_holder(house: House) -> None:
    made = house.arrange.create(queue="dev", assigned_to="bob")
    house.server.update(made, status="working")

    answer = house.server.move(made, current=BOB, new=SUE, comment="please test")
    shown = house.server.get(made)

    assert answer == shown.task
    assert (answer.status, answer.assigned_to, answer.previous_assigned_to) == ("idle", "sue", "bob")
    assert answer.queue == "dev"
    assert [(said.author, said.text) for said in shown.comments] == [("bob", "please test")]


def test_a_move_to_the_holder_itself_gives_back_with_a_reason(house: House) -> None:
    made = house.arrange.create(assigned_to="bob")
    house.server.update(made, status="working")

    task = house.server.move(made, current=BOB, new=BOB, comment="the agent was killed")

    assert (task.status, task.assigned_to, task.previous_assigned_to) == ("idle", "bob", "bob")


@pytest.mark.parametrize("holder", ["sue", None])
def test_a_move_by_somebody_who_does_not_have_the_task_changes_nothing(
    house: House, holder: str | None
) -> None:
    made = house.arrange.create(assigned_to=holder)
    house.server.update(made, status="working")
    before = house.server.get(made)

    with pytest.raises(NotAssigned):
        house.server.move(made, current=BOB, new=SUE, comment="mine")

    assert house.server.get(made) == before


def test_a_move_in_nobodys_name_is_refused(house: House) -> None:
    made = house.arrange.create()

    with pytest.raises(NotAssigned):
        house.server.move(made, current=AgentName(""), new=SUE, comment="")


def test_a_complete_task_is_not_moved(house: House) -> None:
    made = house.arrange.create(assigned_to="bob")
    house.server.update(made, status="complete")
    before = house.server.get(made)

    with pytest.raises(NotAssigned):
        house.server.move(made, current=BOB, new=SUE, comment="too late")

    assert house.server.get(made) == before


def test_a_comment_is_shown_and_leaves_the_task_alone(house: House) -> None:
    made = house.arrange.create(queue="dev", assigned_to="bob")
    before = house.server.get(made).task

    said = house.server.comment(made, "attempt 1 failed: exit 2", "tinyscheduler")

    assert (said.text, said.author) == ("attempt 1 failed: exit 2", "tinyscheduler")
    after = house.server.get(made)
    told = before if house.has_times else before._replace(updated_at=after.task.updated_at)
    assert (after.task, after.comments, after.links) == (told, (said,), ())


def test_a_long_comment_arrives_whole(house: House) -> None:
    made = house.arrange.create()
    text = "x" * 60_000

    house.server.comment(made, text, "bob")

    assert house.server.get(made).comments[0].text == text


def test_a_blank_comment_is_refused_and_nothing_is_said(house: House) -> None:
    made = house.arrange.create()

    with pytest.raises(ServerRefused):
        house.server.comment(made, "  \n", "bob")

    assert house.server.get(made).comments == ()


def test_the_last_child_that_completes_completes_its_parent(house: House) -> None:
    parent = house.arrange.create()
    first, last = house.arrange.create(parent=parent), house.arrange.create(parent=parent)

    house.server.update(first, status="complete")
    meanwhile = house.server.get(parent).task.status
    house.server.update(last, status="working")
    busy = house.server.get(parent).task.status
    house.server.update(last, status="complete")

    assert (meanwhile, busy, house.server.get(parent).task.status) == ("idle", "working", "complete")


def test_of_eight_who_take_an_open_task_exactly_one_sees_that_it_was_open(house: House) -> None:
    """Two who both believed it would start two agents."""
    clients = [house.another() for _ in range(RACERS)]
    for _ in range(ROUNDS):
        made = house.arrange.create(queue="dev")

        answers = race([partial(take, client, made, n) for n, client in enumerate(clients)])

        replaced = {task.previous_assigned_to for task in answers}
        assert sum(task.previous_assigned_to is None for task in answers) == 1
        assert len(replaced) == RACERS, "each of the others replaced another one"


def test_of_eight_who_move_one_task_exactly_one_wins(house: House) -> None:
    clients = [house.another() for _ in range(RACERS)]
    for _ in range(ROUNDS):
        made = house.arrange.create(assigned_to="pool")

        answers = race([partial(move_from_pool, client, made, n) for n, client in enumerate(clients)])

        shown = house.server.get(made)
        assert [name for name in answers if name is not None] == [shown.task.assigned_to]
        assert len(shown.comments) == 1


def take(client: TaskServer, task_id: TaskId, number: int) -> Task:
    return client.update(task_id, assigned_to=f"racer-{number}")


def move_from_pool(client: TaskServer, task_id: TaskId, number: int) -> str | None:
    new = AgentName(f"racer-{number}")
    try:
        return client.move(task_id, current=AgentName("pool"), new=new, comment="mine").assigned_to
    except NotAssigned:
        return None


def race(runners: list[Callable[[], T]]) -> list[T]:
    """All at the same instant; what each came home with."""
    start = Barrier(len(runners))

    def run(runner: Callable[[], T]) -> T:
        start.wait(timeout=10)
        return runner()

    with ThreadPoolExecutor(len(runners)) as pool:
        return list(pool.map(run, runners))
