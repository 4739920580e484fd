"""What commands print of one scene, as golden files that a person can read."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest

from tests import builders as b
from tests.golden.compare import assert_golden
from tests.unit.planner.intent_scenes import an_intent
from tests.unit.views.scenes import a_pass, a_run, seen
from tinyscheduler.model.desk import TaskEvent, TaskList
from tinyscheduler.model.ids import AgentName, TaskId
from tinyscheduler.model.intent import IntentAnswer
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.ledger import Parked
from tinyscheduler.model.past_pass import ParkedTask, Shelf
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.reason import Held
from tinyscheduler.model.snapshot import StartSnapshot
from tinyscheduler.model.task import Comment, Link, TaskDetail
from tinyscheduler.planner.explain import explain
from tinyscheduler.planner.start import plan_start
from tinyscheduler.views.explain import Subject, explain_tables
from tinyscheduler.views.explain_json import explain_json
from tinyscheduler.views.intents import foreseen_text
from tinyscheduler.views.plan import plan_tables
from tinyscheduler.views.problems import problems
from tinyscheduler.views.seen import Seen
from tinyscheduler.views.status import status_tables
from tinyscheduler.views.status_json import status_json
from tinyscheduler.views.table import Table, show
from tinyscheduler.views.task import Shown, detail_json, detail_text, list_json, list_table, tree_of

RUNNING = b.facts(
    b.a_lease("7", run_folder="/base/state/runs/task_7/2", attempt=2)._replace(progress_at=b.ago(12)),
    beat_age_s=4,
    run_age_s=754,
)
DEAD = b.facts(b.a_lease("8", run_folder="/base/state/runs/task_8/1"), wrapper="dead", beat_age_s=31)
SETTLING = b.facts(
    b.a_lease("9", agent="qa-1", queue="qa", state="finished", run_folder="/base/state/runs/task_9/1")
)
AGENTS = (
    b.an_agent("dev-1", slots=2),
    b.an_agent("dev-2", slots=1, is_enabled=False),
    b.an_agent("qa-1", queues=("qa", "dev"), slots=1),
)
TASKS = (
    b.a_task("10", title="Review [red]the[/red] \x1b[31mparser\x1b[0m", priority=5),
    b.a_task("11", queue="qa", title="Test it"),
    b.a_task("12", blocked_by="10"),
    b.a_task("13", assigned_to="dev-2"),
    *(b.a_task(str(number)) for number in range(20, 28)),
)
SHELF = Shelf(
    (ParkedTask(TaskId("5"), Parked("3 attempts, the last one failed", "scheduler", b.ago(86400), "x")),)
)
INTENTS = (
    IntentAnswer(an_intent("stop", "7", lease_id="lease-7", at=b.ago(5)), "waits", "its run is ended"),
    IntentAnswer(an_intent("retry", "8", at=b.ago(3), number=2), "refused", "it runs: stop it first"),
)
BUSY = seen(
    RUNNING,
    DEAD,
    SETTLING,
    tasks=TASKS,
    agents=AGENTS,
    policy=Policy(queue_caps=((AGENTS[0].queues[0], 4),)),
    shelf=SHELF,
    notes=["agent-control.json: unknown key weihgt, did you mean weight?"],
)._replace(intents=INTENTS)
BLIND = seen(runs=Unknown("state/running: Permission denied"), backlog=Unknown("nobody answers"))


def text_of(tables: list[Table]) -> str:
    stream = io.StringIO()
    show(stream, tables, {})
    return stream.getvalue()


def json_of(body: dict[str, object]) -> str:
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(("name", "scene"), [("busy", BUSY), ("blind", BLIND), ("quiet", seen())])
def test_status(name: str, scene: Seen) -> None:
    found = problems(scene)

    assert_golden(f"status_{name}.txt", text_of(status_tables(scene, found)))
    assert_golden(f"status_{name}.json", json_of(status_json(scene, found)))


def test_status_folds_what_is_wrong_a_thousand_times() -> None:
    scene = seen(*(b.facts(b.a_lease(str(n)), wrapper="dead") for n in range(1, 1001)))

    lines = text_of(status_tables(scene, problems(scene))).splitlines()

    assert [line for line in lines if line.startswith("PROBLEM")][10:] == ["PROBLEM  wrapper-dead: 990 more"]


def a_subject(task_id: str, snapshot: StartSnapshot) -> Subject:
    assert isinstance(snapshot.backlog, Known)
    task = next(task for task in snapshot.backlog.value.tasks if task.id == task_id)
    return Subject(
        now=b.NOW,
        task_id=TaskId(task_id),
        explanation=explain(task, snapshot),
        server_unknown=None,
        run=None,
        broken=None,
        ledger=snapshot.ledgers.get(TaskId(task_id)),
        attempts_max=3,
        log=None,
        next_pass_at=b.NOW + timedelta(seconds=30),
    )


CROWDED = b.a_start_snapshot(
    *TASKS,
    agents=AGENTS,
    leases=[RUNNING.lease],
    ledgers=[b.a_ledger("11", outcomes=[b.a_past_run()], runs=1, not_before=b.NOW + timedelta(seconds=90))],
)
DONE = b.a_task("30", status="complete", age_s=200)
SUBJECTS = {
    "starts": a_subject("10", CROWDED),
    "waits": a_subject("11", CROWDED),
    "full": a_subject("24", CROWDED),
    "blocked": a_subject("12", CROWDED),
    "running": a_subject("10", b.a_start_snapshot(*TASKS, leases=[b.a_lease("10")]))._replace(
        run=a_run(b.facts(b.a_lease("10"), run_age_s=90)), log="/base/state/runs/task_10/1/output.log"
    ),
    "asked": a_subject("10", CROWDED)._replace(intents=INTENTS[:1]),
    "complete": a_subject("30", b.a_start_snapshot(DONE)),
    "server_unknown": a_subject("10", CROWDED)._replace(
        explanation=None, server_unknown="nobody answers", run=a_run(RUNNING)
    ),
    "known_here": a_subject("10", CROWDED)._replace(
        explanation=None,
        server_unknown="nobody answers",
        unknown_since=b.ago(900),
        known_here=(
            Held(TaskId("10"), "parked", "3 attempts", since=b.ago(3600), lever="tinyscheduler retry 10"),
            Held(
                TaskId("10"),
                "no_agent",
                "no enabled agent serves queue ops",
                lever="add an agent for queue ops",
            ),
        ),
    ),
    "lost": a_subject("10", CROWDED)._replace(
        explanation=None, ledger=b.a_broken_ledger("10"), broken=b.a_broken_lease("10")
    ),
}


@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_explain(name: str) -> None:
    assert_golden(f"explain_{name}.txt", text_of(explain_tables(SUBJECTS[name])))


def test_intents_of_a_preview_are_lines_like_those_of_its_plan() -> None:
    """A pipe gets no table."""
    lines = foreseen_text(INTENTS).splitlines()

    assert lines == [
        "asked      task 7        stop by bob          its run is ended",
        "asked      task 8        retry by bob         refuses it: it runs: stop it first",
    ]


def test_explain_as_json() -> None:
    assert_golden("explain_full.json", json_of(explain_json(SUBJECTS["full"])))


DETAIL = TaskDetail(
    b.a_task(
        "7", title="Review\nthe parser", assigned_to="dev-1", tags=("after:3",), blocked_by="3"
    )._replace(
        description="First line.\r\n\tsecond \x1b]0;owned\x07 \x9b31m\u202ereversed",
        previous_assigned_to=AgentName("qa-1"),
        parent_id=TaskId("2"),
        created_by="alice",
    ),
    (
        Comment("1", "Started, branch x", "dev-1", b.ago(600)),
        Comment("2", "two\nlines", None, b.ago(60)),
    ),
    (
        Link("1", "https://example.org/pull/1", "the change", "dev-1", b.ago(300)),
        Link("2", "src/\x1b[2Jparser.py", "", None, b.ago(60)),
    ),
)
HISTORY = (
    TaskEvent(b.ago(3600), "alice", "created", {}),
    TaskEvent(
        b.ago(60), None, "updated", {"queue": (None, "dev"), "title": ("x" * 90, "Review\nthe parser")}
    ),
)


def test_task_with_its_comments() -> None:
    children = (b.a_task("8", title="a part"), b.a_task("9", status="complete"))
    shown = Shown(DETAIL, children, history=HISTORY, has_history=True)

    assert_golden("task_show.txt", detail_text(shown, b.NOW))
    assert_golden("task_show.json", json_of(detail_json(shown)))


def test_whoever_has_it_again_is_named_once() -> None:
    task = b.a_task(assigned_to="qa-1")._replace(previous_assigned_to=AgentName("qa-1"))

    assert "assigned  qa-1\n" in detail_text(Shown(TaskDetail(task, ())), b.NOW)


def test_history_is_shown_to_whoever_asks_for_it() -> None:
    """And a server that keeps none is not one where nothing has happened."""
    unasked, none = Shown(DETAIL), Shown(DETAIL, has_history=True)

    assert "history" not in detail_text(unasked, b.NOW)
    assert "history" not in detail_json(unasked)
    assert detail_text(none, b.NOW).endswith("\nhistory: this task server keeps none\n")
    assert detail_json(none)["history"] is None


def test_task_list() -> None:
    tasks = (*TASKS[:4], DONE)
    parked = {TaskId("11"): Parked("3 attempts, the last one failed", "scheduler", b.ago(86400), "x")}

    assert_golden("task_list.txt", text_of([list_table(tasks, b.NOW, parked)]))
    assert_golden("task_list.json", json_of(list_json(TaskList(tasks[:2], is_cut=True), parked)))


def test_subtasks_stand_below_their_parents() -> None:
    """Each once; whose parent is not among them is a root, and so is one of a ring."""
    ids = {"1": None, "2": "7", "3": "1", "4": "3", "5": "6", "6": "5", "7": None}
    tasks = [
        b.a_task(name)._replace(parent_id=None if above is None else TaskId(above))
        for name, above in ids.items()
    ]

    found = [(depth, task.id) for depth, task in tree_of(tasks)]

    assert found == [(0, "1"), (1, "3"), (2, "4"), (0, "7"), (1, "2"), (0, "5"), (1, "6")]
    shown = text_of([list_table(tasks, b.NOW, {}, is_tree=True)])
    assert [line.rpartition("60m  ")[2] for line in shown.splitlines()[1:4]] == [
        "a task",
        "· a task",
        "· · a task",
    ]


def test_a_parked_task_names_who_parked_it_and_what_releases_it() -> None:
    told = detail_text(Shown(DETAIL, parked=Parked("wrong branch", "bob", b.ago(60), "x")), b.NOW)

    assert (
        "\n  parked    by bob, 11:59:00Z, 60s ago: wrong branch (tinyscheduler retry 7 releases it)\n" in told
    )


def test_plan_in_tables() -> None:
    plan = plan_start(CROWDED)
    actions = tuple(a_run(facts).action for facts in (DEAD, SETTLING))

    assert_golden("plan.txt", text_of(plan_tables(actions, plan, ["100 kills in one pass"])))
    assert text_of(plan_tables((), plan_start(b.a_start_snapshot()), [])) == "nothing to do\n"


def test_a_daemon_with_an_interval_of_its_own_is_not_late_before_that() -> None:
    """A flag of its command, of which whoever looks knows nothing but by its record."""
    quiet = seen(last_pass=a_pass(age_s=400)._replace(interval_s=420))

    assert problems(quiet) == ()
    assert "next pass expected by 12:00:19Z" in str(status_tables(quiet, ()))


def test_a_pass_that_is_late_still_says_when_the_next_was_expected() -> None:
    text = text_of(status_tables(seen(last_pass=a_pass(age_s=300)), ()))

    assert "next pass expected by 11:55:59Z, 4m ago" in text
