"""From items to tasks: in which order, nothing twice, and nothing that an agent could start too early.

Broken off at every write, in every way, and repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.unit.importing.desks import Broken, Line
from tinyscheduler.adapters.embedded import EmbeddedTaskServer
from tinyscheduler.cli.importing.carry_out import Made, carry_out, tasks_there
from tinyscheduler.cli.importing.checklist import read_checklist
from tinyscheduler.cli.importing.outline import Item
from tinyscheduler.cli.importing.steps import (
    Wish,
    doubles_of,
    draft_of,
    in_order,
    item_tag,
    placeless,
    source_tag,
    steps_of,
    without_done,
)
from tinyscheduler.errors import ServerUnavailable
from tinyscheduler.model.desk import TaskEdit, TaskQuery
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.task import BEING_IMPORTED, Task
from tinyscheduler.ports.reading import TaskDesk

PLAN = """
- [ ] Build
  - [x] grammar
  - [ ] lexer
    - [x] numbers
    - [ ] names
- [x] Decide
- [ ] Test
"""
WISH = Wish(source="import:plan.md", author="alice", queue="dev", tags=("red",))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[EmbeddedTaskServer]:
    with a_desk(tmp_path / "tasks.db") as made:
        yield made


@contextmanager
def a_desk(path: Path) -> Iterator[EmbeddedTaskServer]:
    """A store that waits for no disk: power cuts are other tests' matter."""
    with closing(EmbeddedTaskServer(str(path))) as made:
        made.hold()
        yield made


def plan(text: str = PLAN) -> tuple[Item, ...]:
    return read_checklist(text).items


def run(desk: TaskDesk, items: tuple[Item, ...], wish: Wish = WISH) -> Made:
    """As the command does it."""
    steps = steps_of(items, tasks_there(desk, wish.source).tasks)
    made = Made({step.at: step.task.id for step in steps if step.task is not None}, {})
    carry_out(desk, steps, wish, made=made, after_each=lambda: None)
    return made


def all_tasks(desk: TaskDesk) -> dict[str, Task]:
    found = desk.find(TaskQuery(limit=1000, includes_archived=True)).tasks
    assert len({task.title for task in found}) == len(found), "one task an item"
    return {task.title: task for task in found}


def check_whole(desk: TaskDesk) -> None:
    tasks = all_tasks(desk)
    assert {title: task.status for title, task in tasks.items()} == {
        "Build": "idle",
        "grammar": "complete",
        "lexer": "idle",
        "numbers": "complete",
        "names": "idle",
        "Decide": "complete",
        "Test": "idle",
    }
    parents = {title: task.parent_id for title, task in tasks.items()}
    build, lexer = tasks["Build"].id, tasks["lexer"].id
    assert parents == {
        "Build": None, "grammar": build, "lexer": build, "numbers": lexer, "names": lexer, "Decide": None,
        "Test": None,
    }  # fmt: skip
    assert {(task.assigned_to, task.queue) for task in tasks.values()} == {(None, "dev")}
    assert all({"red", "import:plan.md"} <= set(task.tags) for task in tasks.values())


def check_nothing_starts_early(desk: TaskDesk) -> None:
    """What an agent could start: idle, and nobody's or its own."""
    children = {"Build": {"grammar", "lexer"}, "lexer": {"numbers", "names"}}
    tasks = all_tasks(desk)
    for task in tasks.values():
        if task.status == "idle" and task.assigned_to != BEING_IMPORTED:
            assert task.title not in {"grammar", "numbers", "Decide"}, "it is done"
            assert children.get(task.title, set()) <= set(tasks), "its subtasks are not all there"


def test_plan_becomes_tasks(desk: EmbeddedTaskServer) -> None:
    made = run(desk, plan())

    check_whole(desk)
    assert list(made.new) == [0, 1, 2, 3, 4, 5, 6]


def test_second_import_makes_nothing(desk: EmbeddedTaskServer) -> None:
    first = run(desk, plan())
    again = run(desk, plan())

    assert (again.new, again.ids) == ({}, first.ids)
    check_whole(desk)


def count_of_writes(tmp_path: Path) -> int:
    with a_desk(tmp_path / "count.db") as desk:
        line = Line(desk)
        run(line, plan())
    return line.writes


@pytest.mark.parametrize("how", ["refused", "lost", "unheard", "deaf", "killed"])
def test_import_that_breaks_off_anywhere_is_done_again_without_doubles(tmp_path: Path, how: str) -> None:
    """And no agent that looks in between finds work that is none."""
    for fails_at in range(1, count_of_writes(tmp_path) + 1):
        with a_desk(tmp_path / f"{fails_at}.db") as desk:
            line = Line(desk, fails_at=fails_at, how=how)
            line.after_write = lambda desk=desk: check_nothing_starts_early(desk)  # type: ignore[misc]
            try:
                run(line, plan())
            except (ServerUnavailable, Broken):
                run(desk, plan())

            check_whole(desk)
            assert doubles_of(tasks_there(desk, WISH.source).tasks) == []


def test_answer_that_is_lost_is_looked_for_and_the_import_goes_on(desk: EmbeddedTaskServer) -> None:
    run(Line(desk, fails_at=3, how="unheard"), plan())

    check_whole(desk)


def test_what_may_still_arrive_is_not_sent_again(desk: EmbeddedTaskServer) -> None:
    """Made again it might be there twice; whoever runs the command again looks first."""
    with pytest.raises(ServerUnavailable):
        run(Line(desk, fails_at=3, how="lost"), plan())

    assert len(all_tasks(desk)) == 2


def test_tasks_that_people_have_worked_on_since_are_left_as_they_are(desk: EmbeddedTaskServer) -> None:
    made = run(desk, plan())
    mine = made.ids[6]
    desk.change(mine, TaskEdit(title="Test it well", assigned_to="bob", queue="qa", priority=7))
    desk.archive(made.ids[5])

    again = run(desk, plan(PLAN + "- [ ] New\n"))

    assert [task.title for task in again.new.values()] == ["New"]
    task = desk.get(mine).task
    assert (task.title, task.assigned_to, task.queue, task.priority) == ("Test it well", "bob", "qa", 7)


def test_what_is_asked_for_wins_over_what_the_file_says(desk: EmbeddedTaskServer) -> None:
    item = Item("a", "[0]", "a", queue="dev", assigned_to="dev-1", priority=5, tags=("x",))
    own = run(desk, (item,), Wish(source="import:one", author="alice"))
    told = run(
        desk, (item,), Wish("import:two", "alice", queue="qa", assigned_to="qa-1", priority=0, tags=("y",))
    )

    first, second = desk.get(own.ids[0]).task, desk.get(told.ids[0]).task
    assert (first.queue, first.assigned_to, first.priority, first.tags[:-2]) == ("dev", "dev-1", 5, ("x",))
    assert (second.queue, second.assigned_to, second.priority, second.tags[:-2]) == (
        "qa",
        "qa-1",
        0,
        ("x", "y"),
    )


def test_roots_are_hung_below_a_task(desk: EmbeddedTaskServer) -> None:
    above = run(desk, (Item("above", "line 1", "above"),), Wish("import:x", "alice")).ids[0]

    run(desk, plan("- [ ] a\n  - [ ] b\n"), WISH._replace(parent=above))

    tasks = all_tasks(desk)
    assert (tasks["a"].parent_id, tasks["b"].parent_id) == (above, tasks["a"].id)


def test_ids_of_the_file_are_given_anew(desk: EmbeddedTaskServer) -> None:
    items = (
        Item("last", "[0]", "id 1", waits_for=(1, 2)),
        Item("first", "[1]", "id 2"),
        Item("second", "[2]", "id 3"),
    )

    run(desk, items)

    tasks = all_tasks(desk)
    last = tasks["last"]
    assert (last.blocked_by, last.is_blocked) == (tasks["first"].id, True)
    assert f"after:{tasks['second'].id}" in last.tags


def test_in_order_each_piece_of_work_waits_for_the_one_before_it() -> None:
    found = in_order(plan())

    waits = {item.title: [found[other].title for other in item.waits_for] for item in found}
    assert waits == {
        "Build": [], "grammar": [], "lexer": [], "numbers": [], "names": [], "Decide": [], "Test": ["names"],
    }  # fmt: skip


def test_without_what_is_done_the_rest_hangs_together_as_before() -> None:
    items = (*plan(), Item("late", "line 9", "late", waits_for=(5, 6)))

    found = without_done(items)

    parents = {item.title: None if item.parent is None else found[item.parent].title for item in found}
    assert parents == {"Build": None, "lexer": "Build", "names": "lexer", "Test": None, "late": None}
    assert [found[other].title for other in found[4].waits_for] == ["Test"]


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        (Wish("import:x", "alice"), [4, 6]),
        (Wish("import:x", "alice", queue="dev"), []),
        (Wish("import:x", "alice", assigned_to="dev-1"), []),
        (Wish("import:x", "alice", parent=TaskId("1")), []),
    ],
)
def test_work_without_a_place_is_found(wish: Wish, found: list[int]) -> None:
    """What is done, and what has subtasks, is no work; a subtask is in its parent's queue."""
    items = (*plan(), Item("in a queue", "", "x", queue="dev"), Item("below it", "", "y", parent=7))

    assert placeless(steps_of(items, ()), wish) == found


def test_done_item_with_open_ones_below_it_is_kept() -> None:
    found = without_done(plan("- [x] a\n  - [ ] b\n"))

    assert [item.title for item in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plan.md", "import:plan.md"),
        ("My Plan (2).md", "import:My_Plan_2_.md-b5511c"),
        ("plan.md@7", "import:plan.md@7"),
        ("計画.md", "import:計画.md"),
        ("o\u0308l.md", "import:\u00f6l.md"),
        ("\udcff.md", "import:_.md-"),
        ("x" * 100, "import:" + "x" * 64 + "-"),
    ],
)
def test_tag_of_a_source_is_a_word_that_can_be_typed(name: str, expected: str) -> None:
    assert source_tag(name).startswith(expected)


def test_names_that_differ_are_other_sources() -> None:
    names = ("a b", "a  b", "a_b", "a/b", "", "_", "x" * 64, "x" * 65, "x" * 66, "öl", "äl")

    assert len({source_tag(name) for name in names}) == len(names)


def test_two_imports_at_once_make_each_item_once(desk: EmbeddedTaskServer) -> None:
    """Neither has seen what the other makes; also the names of two people are no two tasks."""
    items = plan()
    steps = steps_of(items, ())
    for author in ("alice", "bob"):
        carry_out(desk, steps, WISH._replace(author=author), made=Made({}, {}), after_each=lambda: None)

    assert len(all_tasks(desk)) == len(items)


def test_doubles_of_a_server_that_does_not_know_them_again_are_told_of(desk: EmbeddedTaskServer) -> None:
    """Nobody can keep two machines from it there; both tasks are named."""
    items = plan("- [ ] a\n")
    (step,) = steps_of(items, ())
    for _ in range(2):
        desk.add(draft_of(step, WISH, {})._replace(once_by=()))

    assert doubles_of(tasks_there(desk, WISH.source).tasks) == [(TaskId("1"), TaskId("2"))]
    assert item_tag(items[0]) in desk.get(TaskId("1")).task.tags
