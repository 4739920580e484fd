"""What every task server shows."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.task_server.implementations import House
from tinyscheduler.errors import TaskNotFound
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.snapshot import Backlog

DEV, QA, FOREIGN = QueueName("dev"), QueueName("qa"), QueueName("foreign")
BOB = AgentName("bob")
MANY = 1_000


def backlog(
    house: House, *queues: QueueName, agents: tuple[AgentName, ...] = (), limit: int = MANY
) -> Backlog:
    return house.server.backlog(queues, agents, limit)


def ids(found: Backlog) -> list[TaskId]:
    return [task.id for task in found.tasks]


def test_a_server_without_tasks_has_an_empty_backlog_and_no_gap(house: House) -> None:
    assert backlog(house, DEV, agents=(BOB,)) == Backlog(())


def test_asking_for_nothing_gives_nothing(house: House) -> None:
    house.arrange.create(queue="dev")

    assert ids(backlog(house)) == []


def test_backlog_has_the_idle_tasks_of_the_queues_asked_for(house: House) -> None:
    first, second = house.arrange.create(queue="dev"), house.arrange.create(queue="qa")
    house.arrange.create(queue="foreign")
    house.arrange.create()

    assert ids(backlog(house, DEV, QA)) == [first, second]


def test_a_task_assigned_to_our_agent_is_seen_in_a_foreign_queue_and_in_none(house: House) -> None:
    """A person may hand a task to an agent without moving it."""
    foreign = house.arrange.create(queue="foreign", assigned_to="bob")
    nowhere = house.arrange.create(assigned_to="bob")
    house.arrange.create(queue="foreign", assigned_to="sue")

    assert ids(backlog(house, DEV, agents=(BOB,))) == [foreign, nowhere]


def test_a_task_found_by_queue_and_by_assignee_is_there_once(house: House) -> None:
    both = house.arrange.create(queue="dev", assigned_to="bob")

    assert ids(backlog(house, DEV, QA, agents=(BOB,))) == [both]


def test_a_task_of_our_queue_that_somebody_else_has_is_seen(house: House) -> None:
    """The planner says why it is not started; it cannot say so about what it does not see."""
    theirs = house.arrange.create(queue="dev", assigned_to="a-person")

    assert ids(backlog(house, DEV)) == [theirs]


def test_complete_and_archived_tasks_are_left_out(house: House) -> None:
    complete, archived, both = (house.arrange.create(queue="dev", assigned_to="bob") for _ in range(3))
    house.server.update(complete, status="complete")
    house.server.update(both, status="working")
    for gone in (archived, both):
        house.arrange.archive(gone)

    found = backlog(house, DEV, agents=(BOB,))

    assert (found.tasks, found.working) == ((), ())


def test_order_is_priority_descending_then_age(house: House) -> None:
    low = house.arrange.create(queue="dev", priority=-1)
    first = house.arrange.create(queue="dev")
    half = house.arrange.create(queue="dev", priority=0.5)
    second = house.arrange.create(queue="dev", assigned_to="bob")
    high = house.arrange.create(queue="dev", priority=9)

    found = backlog(house, DEV, agents=(BOB,))

    assert ids(found) == [high, half, first, second, low]
    assert [task.priority for task in found.tasks] == [9, 0.5, 0, 0, -1]


def test_a_list_longer_than_the_limit_is_cut_and_says_so(house: House) -> None:
    house.arrange.create(queue="dev", priority=1)
    urgent = house.arrange.create(queue="qa", priority=5)
    next_one = house.arrange.create(queue="dev", priority=2)

    found = backlog(house, DEV, QA, limit=2)

    assert (ids(found), found.is_cut) == ([urgent, next_one], True)


def test_a_list_as_long_as_the_limit_is_not_cut(house: House) -> None:
    house.arrange.create_many(3, queue="dev")

    found = backlog(house, DEV, limit=3)

    assert (len(found.tasks), found.is_cut) == (3, False)


@pytest.mark.slow
def test_ten_thousand_tasks_arrive_each_once(house: House) -> None:
    house.arrange.create_many(10_000, queue="dev")

    found = backlog(house, DEV, limit=10_000)

    assert len({task.id for task in found.tasks}) == len(found.tasks) == 10_000
    assert not found.is_cut


def test_a_blocked_task_says_so_until_its_blocker_is_complete(house: House) -> None:
    blocker = house.arrange.create(queue="foreign")
    waiting = house.arrange.create(queue="dev", blocked_by=blocker)

    before = backlog(house, DEV).tasks[0]
    house.server.update(blocker, status="complete")
    after = backlog(house, DEV).tasks[0]

    assert (before.id, before.blocked_by, before.is_blocked) == (waiting, blocker, True)
    assert (after.id, after.blocked_by, after.is_blocked) == (waiting, blocker, False)


def test_an_archived_blocker_that_is_not_complete_still_blocks(house: House) -> None:
    """The public server's documentation says the reverse of what it does."""
    blocker = house.arrange.create()
    house.arrange.create(queue="dev", blocked_by=blocker)

    house.arrange.archive(blocker)

    assert backlog(house, DEV).tasks[0].is_blocked


def test_a_parent_is_open_while_a_child_is_neither_complete_nor_archived(house: House) -> None:
    parent = house.arrange.create(queue="dev")
    done, dropped, left = (house.arrange.create(queue="dev", parent=parent) for _ in range(3))
    house.server.update(done, status="complete")
    house.arrange.archive(dropped)

    before = backlog(house, DEV)
    asked_before = house.server.has_open_children(parent)
    house.arrange.archive(left)

    assert parent in before.open_parents
    assert left not in before.open_parents
    assert asked_before
    assert not house.server.has_open_children(parent)


def test_a_task_without_children_has_no_open_ones(house: House) -> None:
    alone = house.arrange.create(queue="dev")

    assert not house.server.has_open_children(alone)
    assert alone not in backlog(house, DEV).open_parents


def test_a_task_is_shown_with_everything_it_was_made_with(house: House) -> None:
    parent = house.arrange.create(queue="dev")
    blocker = house.arrange.create()
    made = house.arrange.create(
        "Build it",
        queue="qa",
        assigned_to="bob",
        priority=3,
        description="First line\n\tsecond line",
        tags=("after:1", "urgent"),
        parent=parent,
        blocked_by=blocker,
    )

    task = house.server.get(made).task

    assert (task.id, task.title, task.status, task.queue) == (made, "Build it", "idle", "qa")
    assert (task.assigned_to, task.previous_assigned_to, task.created_by) == ("bob", None, "a-person")
    assert (task.priority, task.tags) == (3, ("after:1", "urgent"))
    assert task.description == "First line\n\tsecond line"
    assert (task.parent_id, task.blocked_by, task.archived_at) == (parent, blocker, None)
    assert task == backlog(house, QA, agents=(BOB,)).tasks[0]


def test_what_was_not_given_is_empty_and_not_invented(house: House) -> None:
    task = house.server.get(house.arrange.create("bare")).task

    assert (task.description, task.tags, task.priority, task.is_blocked) == ("", (), 0, False)
    assert (task.queue, task.assigned_to, task.parent_id, task.blocked_by) == (None, None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        "line\u2028separator and paragraph\u2029separator and next\u0085line",
        "emoji \U0001f9ea\u200d\U0001f4bb and \u00e4\u00f6\u00fc and \u4efb\u52a1",
        'quotes " and \\ backslash, {"json": [1]}',
        "data: not an event\n\ndata: nor this",
        "a NUL \x00 and a bell \x07 in the middle",
    ],
)
def test_no_character_of_a_text_is_lost_or_splits_an_answer(house: House, text: str) -> None:
    made = house.arrange.create(f"title {text} end", queue="dev", description=f"begin {text} end")

    said = house.server.comment(made, f"begin {text} end", "bob")
    shown = house.server.get(made)

    assert shown.task.title == f"title {text} end"
    assert shown.task.description == f"begin {text} end"
    assert [comment.text for comment in shown.comments] == [said.text] == [f"begin {text} end"]
    assert backlog(house, DEV).tasks == (shown.task,)


def test_times_are_aware_utc_and_now(house: House) -> None:
    made = house.arrange.create(queue="dev")

    task = house.server.get(made).task
    said = house.server.comment(made, "hello", "bob")

    for moment in (task.created_at, task.updated_at, said.created_at):
        assert moment.tzinfo is not None
        assert moment.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)


def test_comments_come_oldest_first_with_their_authors(house: House) -> None:
    made = house.arrange.create()
    for author, text in (("bob", "one"), ("sue", "two"), ("bob", "three")):
        house.server.comment(made, text, author)

    comments = house.server.get(made).comments

    assert [(c.author, c.text) for c in comments] == [("bob", "one"), ("sue", "two"), ("bob", "three")]
    assert [int(c.id) for c in comments] == sorted(int(c.id) for c in comments)


def test_a_task_that_is_not_there_is_not_found(house: House) -> None:
    nobody = TaskId("999999")

    with pytest.raises(TaskNotFound):
        house.server.get(nobody)
    with pytest.raises(TaskNotFound):
        house.server.update(nobody, status="working")
    with pytest.raises(TaskNotFound):
        house.server.move(nobody, current=BOB, new=AgentName("sue"), comment="")
    with pytest.raises(TaskNotFound):
        house.server.comment(nobody, "hello", "bob")


def test_a_word_is_the_id_of_no_task(house: House) -> None:
    """As somebody may have written it into a tag ``after``; the server is well."""
    with pytest.raises(TaskNotFound, match="abc"):
        house.server.get(TaskId("abc"))


def test_an_archived_task_can_still_be_read(house: House) -> None:
    made = house.arrange.create(queue="dev")
    house.arrange.archive(made)

    archived_at = house.server.get(made).task.archived_at

    assert archived_at is not None
    assert archived_at.utcoffset() == timedelta(0)


def test_two_clients_name_the_server_alike(house: House) -> None:
    """Task ids mean something only together with the source, over many processes."""
    assert house.server.source
    assert house.another().source == house.server.source


def test_closing_twice_does_nothing(house: House) -> None:
    client = house.another()

    client.close()
    client.close()
