"""What every WaitStore and every CursorStore promises (ports.py)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.builders import NOW, ago
from tests.contract.waits.conftest import Place
from tinyscheduler.model.ids import AgentName, QueueName, TaskId
from tinyscheduler.model.waiting import FIRST_TURN, NOBODY_WAITS, Cursor, Waiting, Waits

WAITS = Waits(
    "server:1",
    {
        TaskId("1"): Waiting(NOW, QueueName("dev"), None, "agent_full", ago(60), ago(600)),
        TaskId("2"): Waiting(NOW, None, AgentName("dev-1"), "paused", ago(5), None, 42.5),
        TaskId("x-3"): Waiting(
            NOW, QueueName("qa"), None, "no_agent", ago(9), ago(9), 1.0, ago(7), 2.0, 2, (TaskId("1"),)
        ),
    },
)
instants = st.integers(-(10**9), 10**9).map(lambda seconds: NOW + timedelta(microseconds=seconds))
names = st.text(max_size=5)
seconds = st.floats(0, 1e9)


@st.composite
def waitings(draw: st.DrawFn) -> Waiting:
    maybe: st.SearchStrategy[datetime | None] = st.none() | instants
    return Waiting(
        draw(instants),
        QueueName(draw(names)),
        draw(st.none() | names.map(AgentName)),
        draw(st.sampled_from(["agent_full", "paused", "no_agent"])),
        draw(instants),
        draw(maybe),
        draw(seconds),
        draw(maybe),
        draw(seconds),
        draw(st.integers(0, 2)),
        tuple(draw(st.lists(names.map(TaskId), max_size=2))),
    )


def test_where_nobody_has_written_nobody_waits_and_the_round_begins(place: Place) -> None:
    assert (place.waits().read(), place.cursors().read()) == (NOBODY_WAITS, FIRST_TURN)


def test_what_is_written_is_read_by_the_next_process(place: Place) -> None:
    place.waits().write(WAITS)
    place.cursors().write(Cursor(7, (3, 0)))

    assert (place.waits().read(), place.cursors().read()) == (WAITS, Cursor(7, (3, 0)))


@given(st.dictionaries((names | st.just('"],"')).map(TaskId), waitings(), max_size=4), names)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_waits_come_back_as_they_were(place: Place, tasks: dict[TaskId, Waiting], source: str) -> None:
    waits = Waits(source, tasks)
    place.waits().write(waits)

    assert place.waits().read() == (waits if tasks else NOBODY_WAITS)


def test_when_nobody_waits_any_more_nothing_is_left(place: Place) -> None:
    place.waits().write(WAITS)
    place.waits().write(Waits("server:1"))

    with pytest.raises(FileNotFoundError):
        place.disk.read_limited(f"{place.folder}/waiting.json", 100)


def test_one_store_sees_what_it_wrote_without_asking_the_disk_again(place: Place) -> None:
    """A pass asks several times and is the one writer."""
    store = place.waits()
    store.write(WAITS)
    place.put("waiting.json", "{")

    assert store.read() == WAITS
    assert store.read(anew=True).trouble


def a_file(row: str, *, head: str = '"schema": 2, "source": "s"', places: str = '[["dev", null]]') -> str:
    return f'{{{head}, "places": {places}, "tasks": {{"1": {row}}}}}'


AT = '"2026-01-01T00:00:00Z"'


@pytest.mark.parametrize(
    "text",
    [
        " ",
        "{",
        "[]",
        "{}",
        a_file("[]", head='"schema": 3, "source": "s"'),
        a_file("[]", head='"schema": 2, "source": 1'),
        a_file("[]", places='[["dev"]]'),
        a_file("1"),
        a_file('["x", 0, "agent_full", "x", null]'),
        a_file(f'[{AT}, -1, "agent_full", {AT}, null]'),
        a_file(f'[{AT}, 1, "agent_full", {AT}, null]'),
        a_file(f'["2026-01-01T00:00:00", 0, "agent_full", {AT}, null]'),
        a_file(f'[{AT}, 0, "because", {AT}, null]'),
        a_file(f'[{AT}, 0, "agent_full", {AT}, null, -1, null, 0, 0, []]'),
        a_file(f'[{AT}, 0, "agent_full", {AT}, null, 0, null, 0, 0, [1]]'),
    ],
)
def test_what_is_no_file_of_waits_is_said_and_counts_as_none(place: Place, text: str) -> None:
    place.put("waiting.json", text)

    found = place.waits().read()

    assert found.tasks == {}
    assert f"{place.folder}/waiting.json: " in found.trouble


def test_what_an_older_program_kept_under_this_name_is_passed_over(place: Place) -> None:
    place.put("waiting.json", '{"schema": 1, "drift": {}, "lost": {}, "notices": {}}')

    assert place.waits().read() == NOBODY_WAITS


@pytest.mark.parametrize(
    "text", [" ", "[]", "{}", '{"schema": 1, "bands": {"place": -1, "owed": []}}',
             '{"schema": 1, "bands": {"place": 0, "owed": [true]}}', '{"schema": 1, "bands": {"place": 0}}'],
)  # fmt: skip
def test_what_is_no_cursor_is_said_and_counts_as_the_first_turn(place: Place, text: str) -> None:
    place.put("cursors.json", text)

    found = place.cursors().read()

    assert (found.place, found.owed) == (0, ())
    assert f"{place.folder}/cursors.json: " in found.trouble


def test_what_cannot_be_read_is_put_aside_once(place: Place) -> None:
    place.put("waiting.json", "{")
    store = place.waits()

    moved = store.set_aside()

    assert moved is not None
    assert place.disk.read_limited(moved, 10) == b"{"
    assert store.set_aside() is None
    assert store.read() == NOBODY_WAITS
