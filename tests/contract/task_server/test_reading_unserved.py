"""What every task server says of tasks that lie where nobody of ours looks."""

from tests.contract.task_server.implementations import House
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.unserved import UNSERVED_MAX, Unserved

DEV, QA = QueueName("dev"), QueueName("qa")
BOB, SUE = AgentName("bob"), AgentName("sue")


def test_idle_tasks_outside_of_our_queues_are_counted_by_queue_and_assignee(house: House) -> None:
    for _ in range(2):
        house.arrange.create(queue="devv")
    house.arrange.create(queue="devv", assigned_to="sue")
    house.arrange.create()

    found = house.server.unserved([DEV, QA], [BOB])

    assert sorted(found, key=str) == sorted(
        (
            Unserved(QueueName("devv"), None, 2),
            Unserved(QueueName("devv"), SUE, 1),
            Unserved(None, None, 1),
        ),
        key=str,
    )
    assert found[0].tasks == 2


def test_what_the_backlog_lists_is_not_among_them(house: House) -> None:
    """The two together are all idle tasks of the server, each once."""
    house.arrange.create(queue="dev")
    house.arrange.create(queue="dev", assigned_to="a-person")
    house.arrange.create(queue="devv", assigned_to="bob")
    house.arrange.create(assigned_to="bob")

    assert house.server.unserved([DEV], [BOB]) == ()


def test_what_is_worked_on_complete_or_archived_does_not_wait_for_anybody(house: House) -> None:
    working, complete, archived = (house.arrange.create(queue="devv") for _ in range(3))
    house.server.update(working, status="working")
    house.server.update(complete, status="complete")
    house.arrange.archive(archived)

    assert house.server.unserved([DEV], [BOB]) == ()


def test_somebody_without_queues_and_agents_is_told_of_everything(house: House) -> None:
    house.arrange.create(queue="dev")

    assert house.server.unserved([], []) == (Unserved(DEV, None, 1),)


def test_many_tasks_of_ours_hide_none_of_the_others(house: House) -> None:
    """More than one page of a server's list, and the others come last in it."""
    house.arrange.create_many(600, queue="dev")
    house.arrange.create(queue="devv", priority=-1)

    assert house.server.unserved([DEV], [BOB]) == (Unserved(QueueName("devv"), None, 1),)


def test_more_groups_than_anybody_reads_are_left_out(house: House) -> None:
    for number in range(UNSERVED_MAX + 3):
        house.arrange.create(queue=f"other-{number}")

    assert len(house.server.unserved([DEV], [BOB])) == UNSERVED_MAX
