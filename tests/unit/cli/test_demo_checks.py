"""The demo claims nothing that did not happen: each promise notices when it is not kept."""

from datetime import timedelta

import pytest

from tests.builders import NOW, a_ledger, a_task
from tinyscheduler.cli import demo_script as script
from tinyscheduler.cli.demo_checks import PROMISES, Evidence, Kill, check_all
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.ledger import PastRun
from tinyscheduler.model.reason import Held
from tinyscheduler.model.task import Comment, TaskDetail
from tinyscheduler.views.past_runs import Fact, Run, runs_of

COURSE = (
    # Task, agent, start and end in seconds, outcome.
    ("1", "dev-1", 0.0, 2.0, "succeeded"),
    ("2", "dev-2", 0.1, 1.0, "lost"),
    ("7", "qa-1", 0.2, 2.0, "succeeded"),
    ("3", "dev-1", 2.1, 3.0, "succeeded"),
    ("4", "dev-2", 2.2, 4.0, "handed_off"),
    ("5", "dev-1", 3.1, 4.1, "failed"),
    ("6", "dev-2", 4.2, 6.0, "succeeded"),
    ("4", "qa-1", 4.3, 6.0, "succeeded"),
    ("2", "dev-1", 6.1, 8.0, "succeeded"),
)


def facts(course=COURSE) -> tuple[Fact, ...]:
    """Starts, ends, and the proof that the killed wrapper's agent is gone."""
    found = []
    for number, (task_id, agent, began, ended, outcome) in enumerate(course):
        about = (TaskId(task_id), LeaseId(f"l{number}"), AgentName(agent))
        found.append(Fact(NOW + timedelta(seconds=began), "run_started", *about, attempt=1))
        if outcome == "lost":
            found.append(Fact(NOW + timedelta(seconds=ended), "tree_gone", *about))
        if outcome:
            found.append(Fact(NOW + timedelta(seconds=ended), "task_settled", *about, outcome=outcome))
    return tuple(sorted(found))


def details(**others: TaskDetail):
    comment = Comment("1", script.TESTED, script.TESTER, NOW)
    found = {task_id: TaskDetail(a_task(task_id, status="complete"), ()) for task_id in script.TASK_IDS}
    found[script.HANDED_OVER] = TaskDetail(a_task("4", status="complete", queue="qa"), (comment,))
    found[script.FAILING] = TaskDetail(a_task("5"), ())
    return {**found, **{TaskId(name[1:]): detail for name, detail in others.items()}}


def ledgers(course=COURSE):
    found = {}
    for task_id in script.TASK_IDS:
        outcomes = [
            PastRun(
                LeaseId("l"),
                AgentName(agent),
                outcome,
                NOW,
                is_spent=True,
                code=3 if outcome == "failed" else 0,
            )
            for task, agent, _, _, outcome in course
            if task == task_id and outcome
        ]
        found[task_id] = a_ledger(task_id, outcomes=outcomes)
    return found


def held(reason="not_before"):
    return {script.FAILING: Held(script.FAILING, reason, "", next_look_at=NOW)}


def some_evidence(**changed) -> Evidence:
    course = changed.pop("course", COURSE)
    story = changed.pop("facts", facts(course))
    given = {
        "facts": story,
        "runs": runs_of(story),
        "tasks": details(),
        "ledgers": ledgers(course),
        "held": held(),
        "kill": Kill(script.KILLED, "l1", 11, 12),
        "leases": (),
        "restless": (),
        "left": (),
        "server_code": 0,
        "pass_codes": (0, 75, 0),
        "cron_log": "",
        "trouble": "",
        "seconds": 15.0,
    }
    return Evidence(**{**given, **changed})


def broken(evidence: Evidence) -> list[str]:
    return [check.promise for check in check_all(evidence) if not check.is_kept]


def without(task_id: str, course=COURSE):
    return tuple(row for row in course if row[0] != task_id)


def moved(task_id: str, outcome: str, *, to: float, course=COURSE):
    """The same course with one run at another time."""
    return tuple(
        (task, agent, to, to + end - start, kind) if (task, kind) == (task_id, outcome) else row
        for row in course
        for task, agent, start, end, kind in [row]
    )


def test_what_happened_as_promised_is_found_so():
    assert broken(some_evidence()) == []


def test_without_any_evidence_nothing_is_promised():
    nothing = some_evidence(
        course=(), tasks={}, ledgers={}, held={}, kill=None, pass_codes=(), server_code=None, trouble="no"
    )

    kept = {promise for promise, _ in PROMISES} - set(broken(nothing))
    assert kept == {"no task and no agent had two runs at once"}


@pytest.mark.parametrize(
    ("word", "evidence"),
    [
        ("under 60 s", some_evidence(seconds=60.5)),
        ("to its end", some_evidence(trouble="it was not over after 38 s")),
        ("starts first", some_evidence(course=moved("6", "succeeded", to=-5))),
        ("blocked", some_evidence(course=moved("3", "succeeded", to=1.9))),
        ("blocked", some_evidence(tasks=details(_3=TaskDetail(a_task("3"), ())))),
        ("failing", some_evidence(held={})),
        ("failing", some_evidence(held=held("parked"))),
        ("failing", some_evidence(tasks=details(_5=TaskDetail(a_task("5", status="working"), ())))),
        ("failing", some_evidence(ledgers={**ledgers(), script.FAILING: a_ledger("5")})),
        ("ended before its task ran again", some_evidence(kill=None)),
        ("ended before its task ran again", some_evidence(kill=Kill(script.KILLED, "another", 11, 12))),
        ("was run again", some_evidence(ledgers={**ledgers(), script.KILLED: a_ledger("2")})),
        ("was run again", some_evidence(tasks=details(_2=TaskDetail(a_task("2"), ())))),
        ("handed over", some_evidence(tasks=details(_4=TaskDetail(a_task("4", status="complete"), ())))),
        ("handed over", some_evidence(ledgers={**ledgers(), script.HANDED_OVER: a_ledger("4")})),
        ("all the others", some_evidence(tasks=details(_6=TaskDetail(a_task("6", status="working"), ())))),
        ("all the others", some_evidence(tasks={})),
        ("two runs at once", some_evidence(course=(*COURSE, ("6", "dev-1", 5.0, 5.5, "failed")))),
        ("two runs at once", some_evidence(course=(*COURSE, ("7", "qa-1", 5.0, 5.5, "failed")))),
        ("ended well", some_evidence(pass_codes=(0, 3))),
        ("nothing is left", some_evidence(leases=(script.FAILING,))),
        ("nothing is left", some_evidence(restless=(77,))),
        ("nothing is left", some_evidence(left=(77,))),
        ("nothing is left", some_evidence(server_code=-9)),
    ],
)  # fmt: skip
def test_a_promise_that_was_not_kept_is_named(word, evidence):
    assert any(word in promise for promise in broken(evidence)), broken(evidence)


def test_the_orphan_has_to_be_gone_before_its_task_starts_again():
    """Law 1, the one that the demo is about."""
    late = tuple(
        fact._replace(at=NOW + timedelta(seconds=6.5)) if fact.event == "tree_gone" else fact
        for fact in facts()
    )

    assert broken(some_evidence(facts=late)) == [
        "an agent whose wrapper was killed was ended before its task ran again"
    ]


def test_what_was_found_instead_is_said():
    (check,) = [check for check in check_all(some_evidence(pass_codes=(0, 3), cron_log="oh")) if check.found]

    assert check.found == "exit codes 3: oh"


def test_a_run_that_never_ended_is_two_at_once_when_another_follows():
    runs = (
        Run(TaskId("6"), AgentName("dev-1"), 1, NOW, None, ""),
        Run(TaskId("6"), AgentName("dev-2"), 2, NOW + timedelta(seconds=9), None, ""),
    )

    assert broken(some_evidence(runs=(*some_evidence().runs, *runs)))
