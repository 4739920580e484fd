"""What ``status`` says of tasks that nobody serves (features D15)."""

from __future__ import annotations

from tests.builders import a_start_snapshot, a_task, an_agent
from tests.unit.views.scenes import seen
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.waiting import Starving
from tinyscheduler.planner.start import plan_start
from tinyscheduler.views.problems import exit_code
from tinyscheduler.views.seen import Seen
from tinyscheduler.views.starving import starving_problems


def seen_with(starving: dict[str, Starving], count: int = 1) -> Seen:
    tasks = [a_task(str(at + 1), queue="qa") for at in range(count)]
    agents = [an_agent()]
    plan = plan_start(a_start_snapshot(*tasks, agents=agents))
    found = {TaskId(task_id): each for task_id, each in starving.items()}
    return seen(tasks=tasks, agents=agents)._replace(plan=plan, starving=found)


def test_a_task_that_needs_attention_is_a_problem_with_what_would_help() -> None:
    (problem,) = starving_problems(seen_with({"1": Starving(720, needs_attention=True)}))

    assert (problem.severity, problem.reference, problem.task_id) == ("problem", "needs-attention", "1")
    assert problem.message == "task 1: nobody has served it for 12m: no enabled agent serves queue qa"
    assert problem.hint == "add an agent for queue qa"
    assert exit_code([problem]) == 1


def test_before_that_it_is_a_note() -> None:
    (problem,) = starving_problems(seen_with({"1": Starving(400, needs_attention=False)}))

    assert (problem.severity, problem.reference) == ("note", "starved")


def test_tasks_that_one_thing_holds_are_one_line() -> None:
    starving = {str(at + 1): Starving(600.0 + at, needs_attention=True) for at in range(8)}

    (problem,) = starving_problems(seen_with(starving, count=8))

    assert problem.message.startswith("tasks 1, 2, 3, 4, 5 and 3 more: nobody has served them for 10m")


def test_who_does_not_starve_is_not_named() -> None:
    assert list(starving_problems(seen_with({}))) == []


def test_a_task_whose_start_comes_to_nothing_says_so() -> None:
    task, agents = a_task("1"), [an_agent()]
    plan = plan_start(a_start_snapshot(task, agents=agents))
    starving = {TaskId("1"): Starving(600, needs_attention=True)}

    (problem,) = starving_problems(seen(tasks=[task], agents=agents)._replace(plan=plan, starving=starving))

    assert "its start comes to nothing again and again" in problem.message
