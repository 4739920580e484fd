"""Comments and links of a task that are more than one answer may hold."""

import pytest

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskserver.resources import answer
from tinyscheduler.taskstore.rows import NewLink
from tinyscheduler.taskstore.said import BYTES_MAX, ROWS_MAX

READ_BYTES_MAX = 16 * 1024 * 1024
"""What our own client reads of one answer."""
LONG = 900_000


def ids(found: object) -> list[int]:
    assert isinstance(found, list)
    return [row["id"] for row in found]


def test_a_task_with_more_comments_than_anybody_reads_can_be_read(desk: Desk) -> None:
    desk.create()
    for number in range(20):
        desk.store.add_comment(1, f"{number} " + "x" * LONG, "bob")

    found = desk.call("get_task", id=1)

    assert ids(found["comments"]) == [17, 18, 19, 20]
    assert found["comments_left_out"] == 16
    assert "links_left_out" not in found
    assert len(desk.say("get_task", id=1).text) < READ_BYTES_MAX


def test_what_is_left_out_can_be_asked_for_to_the_end(desk: Desk) -> None:
    desk.create()
    for _ in range(9):
        desk.store.add_comment(1, "x" * LONG, "bob")
    seen: list[int] = []

    found = desk.call("list_comments", task_id=1)
    while "comments_left_out" in found:
        seen = ids(found["comments"]) + seen
        found = desk.call("list_comments", task_id=1, before=seen[0])

    assert ids(found["comments"]) + seen == list(range(1, 10))


def test_many_short_ones_are_bounded_as_well(desk: Desk) -> None:
    desk.create()
    desk.store.write(
        lambda c, _: c.executemany(
            "INSERT INTO comments (task_id, content, created_at, updated_at) VALUES (1, ?, 'x', 'x')",
            [(f"{number}",) for number in range(ROWS_MAX + 5)],
        )
    )

    found = desk.call("claim_task", task_id=1, agent_name="bob")

    assert (ids(found["comments"])[0], len(ids(found["comments"]))) == (6, ROWS_MAX)
    assert found["comments_left_out"] == 5


@pytest.mark.parametrize("letter", ['"', "\x01", "\\", "\n", "\U0001f600"])
def test_the_measure_is_what_is_sent_and_not_what_is_stored(desk: Desk, letter: str) -> None:
    desk.create()
    for _ in range(5):
        desk.store.add_comment(1, "a" + letter * (LONG - 2) + "a", "bob")
        desk.store.add_link(1, NewLink("x", "a" + letter * (LONG - 2) + "a", "bob"))

    said = desk.say("get_task", id=1)

    assert said.refusal is None
    assert len(_sent(said.text)) < READ_BYTES_MAX


def _sent(text: str) -> bytes:
    from pydantic_core import to_json

    return to_json({"text": text})


def test_links_and_resources_are_bounded_too(desk: Desk) -> None:
    desk.create()
    for _ in range(6):
        desk.store.add_link(1, NewLink("x", "y" * LONG, "bob"))

    found = desk.call("list_links", task_id=1)

    assert (ids(found["links"]), found["links_left_out"]) == ([3, 4, 5, 6], 2)
    assert ids(desk.call("list_links", task_id=1, before=3)["links"]) == [1, 2]
    for name in ("task://1", "task://1/links"):
        assert '"links_left_out": 2' in answer(desk.store, name).text
    assert 4 * LONG < BYTES_MAX < 5 * LONG
