"""What is said of tasks that lie where no agent looks."""

from __future__ import annotations

from tests.unit.views.scenes import seen
from tinyscheduler.model.ids import AgentName, QueueName
from tinyscheduler.model.unserved import Unserved
from tinyscheduler.views.problems import exit_code, problems
from tinyscheduler.views.seen import UnservedSeen
from tinyscheduler.views.unserved import unserved_json, unserved_problems

OURS = ((QueueName("dev"), QueueName("review")), (AgentName("dev-1"),))


def group(queue: str | None, tasks: int, *, who: str | None = None, is_least: bool = False) -> Unserved:
    name = None if who is None else AgentName(who)
    return Unserved(None if queue is None else QueueName(queue), name, tasks, is_least)


def lines(*groups: Unserved) -> list[tuple[str, str]]:
    return [(one.message, one.hint) for one in unserved_problems(UnservedSeen(groups, *OURS))]


def test_a_queue_that_is_nearly_ours_has_a_line_with_what_was_meant() -> None:
    assert lines(group("revew", 3)) == [
        (
            "3 idle tasks in queue revew, which no agent serves",
            "did you mean review? tinyscheduler task list --queue revew shows them",
        )
    ]


def test_other_queues_are_one_line() -> None:
    """On a server of several teams each has queues of its own."""
    (told,) = lines(*(group(f"team-{n}", 10 - n) for n in range(7)))

    assert told[0] == (
        "49 idle tasks in queues that no agent serves: team-0 10, team-1 9, team-2 8, team-3 7, team-4 6"
        " and 2 more"
    )


def test_what_a_stranger_has_elsewhere_is_that_strangers() -> None:
    assert lines(group("triage", 4, who="alice"), group(None, 2, who="bob")) == []


def test_an_assignee_who_is_nearly_ours_is_named_once() -> None:
    found = lines(group("triage", 1, who="dve-1"), group(None, 1, who="dve-1"))

    assert found == [
        (
            "2 idle tasks assigned to dve-1, who is no agent",
            "did you mean dev-1? tinyscheduler task list --assigned dve-1 shows them",
        )
    ]


def test_tasks_without_a_queue_that_nobody_has_are_told_of() -> None:
    (told,) = lines(group(None, 1, is_least=True))

    assert told[0] == "at least 1 idle task without queue and agent, which nobody starts"


def test_they_are_no_fault() -> None:
    """The name may be somebody else's."""
    found = problems(seen()._replace(unserved=UnservedSeen((group("revew", 1),), *OURS)))

    assert [one.reference for one in found] == ["unserved-queue"]
    assert exit_code(found) == 0


def test_unknown_is_not_none_of_them() -> None:
    blind = UnservedSeen(None, *OURS, why="nobody answers")

    assert unserved_json(blind) is None
    assert [one.message for one in unserved_problems(blind)] == [
        "tasks in other queues are unknown: nobody answers"
    ]


def test_json_has_every_group_with_what_was_meant() -> None:
    found = unserved_json(UnservedSeen((group("revew", 3), group("triage", 1, who="alice")), *OURS))

    assert found == [
        {"queue": "revew", "assigned_to": None, "tasks": 3, "is_least": False, "did_you_mean": "review"},
        {"queue": "triage", "assigned_to": "alice", "tasks": 1, "is_least": False, "did_you_mean": None},
    ]


def test_a_name_that_would_move_the_cursor_does_not() -> None:
    """It comes from a server that others write to."""
    (told,) = lines(group("re\x1b[2Jview", 1))

    assert "\x1b" not in told[0] + told[1]
