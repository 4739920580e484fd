"""Lists, queues and their figures."""

import json

import pytest

from tests.unit.taskstore.builders import Hands, Watch
from tinyscheduler.errors import ServerRefused, TaskNotFound
from tinyscheduler.taskstore import editing, listing
from tinyscheduler.taskstore.rows import NewLink, NewTask, QueueStats, TaskFilter
from tinyscheduler.taskstore.store import Store


def listed(store: Store, wanted: TaskFilter) -> list[int]:
    return [task.id for task in store.tasks(wanted)]


@pytest.fixture
def six(store: Store, hands: Hands) -> Store:
    """1 idle dev bob, 2 working dev, 3 complete qa bob, 4 archived dev, 5 child of 1, 6 nowhere."""
    first = hands.task(queue="dev", assigned_to="bob")
    store.update_task(hands.task(queue="dev").id, {"status": "working"})
    store.update_task(hands.task(queue="qa", assigned_to="bob").id, {"status": "complete"})
    store.archive_task(hands.task(queue="dev").id)
    hands.task(queue="qa", parent=first)
    hands.task()
    return store


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (TaskFilter(), [1, 2, 3, 5, 6]),
        (TaskFilter(archived="included"), [1, 2, 3, 4, 5, 6]),
        (TaskFilter(assigned_to="bob"), [1, 3]),
        (TaskFilter(assigned_to=""), [2, 5, 6]),
        (TaskFilter(statuses=("idle",)), [1, 5, 6]),
        (TaskFilter(statuses=("working", "complete")), [2, 3]),
        (TaskFilter(excluded_statuses=("idle", "working")), [3]),
        (TaskFilter(queue_name="dev"), [1, 2]),
        (TaskFilter(queue_name=" dev "), [1, 2]),
        (TaskFilter(queue_name="nobody-knows"), []),
        (TaskFilter(parent_task_id=1), [5]),
        (TaskFilter(parent_task_id=2**70), []),
        (TaskFilter(subtasks="excluded"), [1, 2, 3, 6]),
        (TaskFilter(queue_name="qa", assigned_to="bob", statuses=("complete",)), [3]),
        (TaskFilter(limit=2), [1, 2]),
        (TaskFilter(limit=2, offset=3), [5, 6]),
        (TaskFilter(offset=4), [6]),
        (TaskFilter(offset=99), []),
        (TaskFilter(limit=-1, offset=-5), [1, 2, 3, 5, 6]),
        (TaskFilter(limit=2**70, offset=2**70), []),
    ],
)
def test_filters_leave_what_they_name(six: Store, wanted: TaskFilter, expected: list[int]) -> None:
    assert listed(six, wanted) == expected


def test_order_is_priority_then_age_then_id(store: Store, hands: Hands, watch: Watch) -> None:
    watch.turn(5)
    first, second = hands.task(), hands.task()
    watch.turn(-5)
    older, urgent = hands.task(), hands.task(priority=1.5)

    assert listed(store, TaskFilter()) == [urgent.id, older.id, first.id, second.id]


def test_pages_together_are_the_whole_list(store: Store, hands: Hands) -> None:
    for number in range(25):
        hands.task(priority=number % 3)
    whole = listed(store, TaskFilter())

    pages = [listed(store, TaskFilter(limit=10, offset=offset)) for offset in (0, 10, 20)]

    assert [task_id for page in pages for task_id in page] == whole
    assert len(whole) == 25


def test_queues_in_use_are_named_once_and_sorted(six: Store) -> None:
    assert six.queues() == ("dev", "qa")


def test_figures_of_a_queue_leave_archived_tasks_out(six: Store) -> None:
    assert six.queue_stats("dev") == QueueStats(2, 1, 1, 0, 1, 1, ("bob",))
    assert six.queue_stats("qa") == QueueStats(2, 1, 0, 1, 1, 1, ("bob",))
    assert six.queue_stats("nobody-knows") == QueueStats(0, 0, 0, 0, 0, 0, ())


def test_a_task_is_in_one_queue_at_a_time(store: Store, hands: Hands, watch: Watch) -> None:
    made = hands.task(queue="dev")
    watch.turn()

    moved = store.set_queue(made.id, " qa ")
    removed = store.set_queue(made.id, None)

    assert (moved.queue_name, moved.updated_at) == ("qa", watch())
    assert removed.queue_name is None
    assert store.queues() == ()


@pytest.mark.parametrize("queue", ["", "  ", "x" * 256])
def test_a_queue_has_a_name_of_reasonable_length(store: Store, hands: Hands, queue: str) -> None:
    made = hands.task(queue="dev")

    with pytest.raises(ServerRefused, match="Queue name"):
        store.set_queue(made.id, queue)

    assert hands.again(made) == made


def test_comments_and_links_are_kept_in_order(store: Store, hands: Hands, watch: Watch) -> None:
    made = hands.task()
    first = store.add_comment(made.id, " started \n", "bob")
    watch.turn()
    second = store.add_comment(made.id, "done", None)
    link = store.add_link(made.id, NewLink(" src/x.py ", "artifact", "bob"))

    found = store.task_with_relations(made.id)

    assert [first, second] == list(found.comments) == list(store.comments(made.id))
    assert (first.content, first.created_by, second.created_by) == ("started", "bob", None)
    assert (first.created_at < second.created_at, second.updated_at) == (True, watch())
    assert (link,) == found.links == store.links(made.id)
    assert (link.url, link.description, link.created_by) == ("src/x.py", "artifact", "bob")


def test_blank_comments_and_links_and_those_of_no_task_are_refused(store: Store, hands: Hands) -> None:
    made = hands.task()

    with pytest.raises(ServerRefused, match="Comment content must not be empty"):
        store.add_comment(made.id, " ", "bob")
    with pytest.raises(ServerRefused, match="URL must not be empty"):
        store.add_link(made.id, NewLink("  "))
    with pytest.raises(TaskNotFound):
        store.add_link(99, NewLink("x"))
    with pytest.raises(TaskNotFound):
        store.comments(99)
    with pytest.raises(TaskNotFound):
        store.links(99)


def test_a_page_is_cut_where_a_client_could_not_read_on(store: Store) -> None:
    """By rows and by bytes; and what fits exactly is not cut."""
    store.create_tasks([NewTask("t", "me") for _ in range(listing.PAGE_ROWS_MAX)])

    assert not editing.page(store, TaskFilter()).is_cut
    store.create_task(NewTask("one more", "me"))
    whole, asked = editing.page(store, TaskFilter()), editing.page(store, TaskFilter(limit=7))

    assert (len(whole.tasks), whole.is_cut) == (listing.PAGE_ROWS_MAX, True)
    assert (len(asked.tasks), asked.is_cut) == (7, False)


@pytest.mark.parametrize("text", ["x" * 1_000_000, "\u00e9" * 500_000, "\U0001f9ea" * 250_000])
def test_a_page_of_long_texts_ends_before_it_is_too_long(store: Store, text: str) -> None:
    store.create_tasks([NewTask("t", "me", description=text) for _ in range(9)])

    found = editing.page(store, TaskFilter())

    assert found.is_cut
    assert len(found.tasks) == listing.PAGE_BYTES_MAX // 1_000_001


def test_a_page_is_as_long_as_it_is_sent_whatever_makes_it_long(store: Store) -> None:
    """A hundred long tags each made a list of 157 MB; a control character takes seven bytes, a quote four."""
    tagged = tuple(f"{number:03}{'x' * 250}" for number in range(100))
    store.create_tasks([NewTask("t", "me", tags=tagged) for _ in range(400)])
    store.create_tasks([NewTask("q", "me", description='"' * 900_000, priority=1) for _ in range(3)])
    store.create_tasks([NewTask("c", "me", description="\x01" * 900_000, priority=2) for _ in range(2)])

    lengths = []
    pages = [editing.page(store, TaskFilter(offset=offset)) for offset in (0, 1, 2, 5)]
    for page in pages:
        answer = json.dumps(json.dumps([task._asdict() for task in page.tasks], ensure_ascii=False))
        lengths.append(len(answer))

    assert [page.is_cut for page in pages] == [True] * 4
    assert [len(page.tasks) for page in pages[:3]] == [1, 1, 2]
    assert 200 < len(pages[3].tasks) < 400
    assert max(lengths) <= listing.PAGE_BYTES_MAX


def test_what_was_said_is_counted_in_one_go(six: Store) -> None:
    for task_id, text in ((1, "a"), (1, "b"), (4, "c")):
        six.add_comment(task_id, text, "me")
    six.add_link(1, NewLink("x"))
    six.add_link(6, NewLink("x"))

    assert set(editing.remark_counts(six)) == {(1, 2, 1), (4, 1, 0), (6, 0, 1)}
