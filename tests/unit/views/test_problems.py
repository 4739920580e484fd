"""Each kind of trouble is said, with its severity; what is as it should be is not."""

from __future__ import annotations

import pytest

from tests import builders as b
from tests.unit.views.scenes import a_pass, a_run, seen
from tinyscheduler.model.action import Reclaim
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.knowledge import Known, Unknown
from tinyscheduler.model.ledger import Parked
from tinyscheduler.model.past_pass import BrokenRecord, ParkedTask, PastFault, Shelf
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import QueueGap
from tinyscheduler.views.holding import HELD_S_MAX, LockSeen
from tinyscheduler.views.problems import exit_code, problems
from tinyscheduler.views.seen import Problem, RunSeen, Seen
from tinyscheduler.views.status import status_tables

UNREACHABLE = Unknown("nobody answers")
NO_QUEUES = Known(b.a_backlog().value._replace(has_queues=False))
SERVER_FAULT = PastFault("task-server-unavailable", "nobody answered", "look there")


def test_a_house_in_order_has_no_problem() -> None:
    found = problems(seen(b.facts(b.a_lease("7")), tasks=[b.a_task("8")]))

    assert found == ()
    assert exit_code(found) == 0


PROBLEMS: tuple[tuple[str, Seen, str, int], ...] = (
    (
        "configuration",
        seen(is_estopped=True)._replace(settings_fault="agents.json: it is not JSON"),
        "do not hold, no pass begins: agents.json: it is not JSON",
        2,
    ),
    (
        "configuration",
        seen(last_pass=a_pass()._replace(settings_rejected="agents.json"))._replace(settings_fault="x"),
        "worked on with the last good ones",
        2,
    ),
    (
        "settings-rejected",
        seen(last_pass=a_pass()._replace(settings_rejected="agents.json: it is not JSON")),
        "older settings, the new ones did not hold: agents.json",
        0,
    ),
    ("estop", seen(is_estopped=True), "ESTOP", 1),
    (
        "pass-hangs",
        seen()._replace(lock=LockSeen(4711, b.ago(2), "alive", is_stopped=True)),
        "the pass that holds the lock (pid 4711, since 11:59:58Z, 2s ago) is stopped",
        1,
    ),
    (
        "pass-hangs",
        seen()._replace(lock=LockSeen(4711, b.ago(HELD_S_MAX + 1), "alive")),
        "takes longer than 180 s: no other pass can begin",
        1,
    ),
    (
        "pass-hangs",
        seen()._replace(lock=LockSeen(4711, b.ago(HELD_S_MAX + 1), "unknown")),
        "takes longer than 180 s",
        1,
    ),
    ("leases-unknown", seen(runs=Unknown("no right to read")), "no right to read", 1),
    ("copied-folder", seen(is_copy=True), "copy", 1),
    ("lease-unreadable", seen(broken=[b.a_broken_lease("7")]), "task_7.json", 1),
    ("ledger-unreadable", seen(shelf=Shelf(broken=(b.a_broken_ledger("7"),))), "task_7.json", 1),
    (
        "wrapper-dead",
        seen(b.facts(b.a_lease("7"), wrapper="dead")),
        "task 7 on dev-1: its wrapper (pid 4711)",
        1,
    ),
    ("rebooted", seen(b.facts(b.a_lease("7"), wrapper="dead", is_same_boot=False)), "booted", 1),
    ("heartbeat-stale", seen(b.facts(b.a_lease("7"), beat_age_s=99)), "no beat for 99s", 1),
    ("over-hard-limit", seen(b.facts(b.a_lease("7"), run_age_s=7200)), "runs for 2h00m", 1),
    ("unknown-host", seen(b.facts(b.a_lease("7"), wrapper="unknown")), "build-1, which cannot be seen", 1),
    (
        "not-adopted-in-time",
        seen(b.facts(b.a_lease("7", state="starting"), wrapper="dead", run_age_s=40)),
        "no wrapper has taken it over for 40s",
        1,
    ),
    (
        "claim-interrupted",
        seen(b.facts(b.a_lease("7", state="claiming"), wrapper="dead", run_age_s=80)),
        "its claim was interrupted 80s ago",
        1,
    ),
    (
        "finished",
        seen(b.facts(b.a_lease("7", state="finished", outcome=b.an_outcome(at=b.ago(400))))),
        "is not settled",
        1,
    ),
    ("task-server-unknown", seen(backlog=UNREACHABLE), "nobody answers", 3),
    (
        "queue-unknown",
        seen(backlog=b.a_backlog(gaps=[QueueGap(b.a_task().queue, None, "cut off")])),
        "queue dev: cut off",
        3,
    ),
    (
        "queue-unknown",
        seen(backlog=b.a_backlog(gaps=[QueueGap(None, None, "2 left out as unreadable")])),
        "tasks: 2 left out as unreadable",
        3,
    ),
    ("no-queues", seen(backlog=NO_QUEUES), "only tasks assigned to agents are started", 0),
    ("pass-record", seen(last_pass=BrokenRecord("passes/last.json", "it does not parse")), "last.json", 1),
    ("pass-late", seen(last_pass=a_pass(age_s=400)), "ended 6m ago", 1),
    (
        "pass-failed",
        seen(last_pass=a_pass(exit_code=1, faults=[PastFault("state", "disk is full", "free some")])),
        "exit code 1: disk is full",
        1,
    ),
    (
        "pass-failed",
        seen(last_pass=a_pass(exit_code=3, faults=[SERVER_FAULT] * 2), backlog=UNREACHABLE),
        "(and 1 more fault)",
        3,
    ),
    ("disk", seen(free_mb=3), "3 MB free, 500 MB needed", 1),
    ("disabled", seen(policy=Policy(is_enabled=False)), "switched off", 0),
    ("no-slots", seen(agents=[b.an_agent(slots=0)]), "agent dev-1 has 0 slots (maxConcurrency)", 0),
    ("limit", seen(backlog=b.a_backlog(is_cut=True)), "10000 tasks fetched", 0),
    ("settings", seen(notes=["unknown key weihgt"]), "weihgt", 0),
)


@pytest.mark.parametrize(("reference", "scene", "words", "code"), PROBLEMS)
def test_trouble_is_said_and_is_in_the_exit_code(reference: str, scene: Seen, words: str, code: int) -> None:
    found = problems(scene)

    assert [problem.reference for problem in found if words in problem.message] == [reference]
    assert code == exit_code(found)


@pytest.mark.parametrize(
    "scene",
    [
        seen(b.facts(b.a_lease("7", state="claiming"), wrapper="dead", run_age_s=2)),
        seen(b.facts(b.a_lease("7", state="starting"), wrapper="dead", run_age_s=2)),
        seen(b.facts(b.a_lease("7", state="finished", outcome=b.an_outcome(at=b.ago(1))))),
        seen(free_mb=None),
        seen(last_pass=a_pass(age_s=100)),
    ],
)
def test_what_a_pass_at_work_leaves_for_a_moment_is_no_trouble(scene: Seen) -> None:
    assert problems(scene) == ()


def test_agent_that_outlived_its_wrapper_is_named() -> None:
    run = a_run(b.facts(b.a_lease("7"), wrapper="dead"), is_agent_alive=True)

    (problem,) = problems(seen(runs=Known((run,))))

    assert "its agent still runs" in problem.message


@pytest.mark.parametrize(("ended_s", "said"), [(1, False), (60, True)])
def test_wrapper_that_is_about_to_leave_is_no_trouble(ended_s: float, said: bool) -> None:
    """Between its last word and its next program it carries the tag of a run that is over."""
    lease = b.a_lease("7", state="finished", outcome=b.an_outcome(at=b.ago(ended_s)))
    run = RunSeen(b.facts(lease), Reclaim(lease, "lost", "not_gone"))

    found = [problem.message for problem in problems(seen(runs=Known((run,))))]

    words = "task 7 on dev-1: its lease says that nothing of it runs, and processes of it do"
    assert found == ([words] if said else [])


def test_run_that_was_told_to_end_and_is_still_there_says_since_when() -> None:
    run = a_run(b.facts(b.a_lease("7"), wrapper="dead"), stop=b.a_stop("lease-7")._replace(at=b.ago(90)))

    (problem,) = problems(seen(runs=Known((run,))))

    assert problem.message.endswith("; it was told to end at 11:58:30Z, 90s ago")


def test_stop_of_an_older_lease_is_not_told() -> None:
    run = a_run(b.facts(b.a_lease("7"), wrapper="dead"), stop=b.a_stop("another"))

    (problem,) = problems(seen(runs=Known((run,))))

    assert "told to end" not in problem.message


def test_server_that_failed_the_last_pass_and_answers_now_is_a_note() -> None:
    """Status tells the truth of this moment."""
    found = problems(seen(last_pass=a_pass(exit_code=3, faults=[SERVER_FAULT])))

    assert [(problem.severity, problem.hint) for problem in found] == [("note", "it can be read now")]
    assert exit_code(found) == 0


def test_server_that_can_be_read_and_not_written_is_not_called_well() -> None:
    """Only a pass writes there, and the next one fails like the last."""
    fault = Problem("problem", "state", "state/tasks.db may not be written", "mend its rights")
    scene = seen(tasks=[b.a_task("8")], last_pass=a_pass(exit_code=3, faults=[SERVER_FAULT]))
    scene = scene._replace(state_faults=(fault,))

    found = problems(scene)
    titles = [table.title for table in status_tables(scene, found)]

    assert [(problem.reference, problem.severity) for problem in found] == [
        ("state", "problem"),
        ("pass-failed", "problem"),
    ]
    assert found[1].hint == SERVER_FAULT.hint
    assert "the next pass starts" not in titles
    assert "the next pass starts, if the problems above let it" in titles


def test_first_start_is_no_fault_but_leases_without_any_pass_are() -> None:
    fresh, odd = seen()._replace(last_pass=None), seen(b.facts(b.a_lease("7")))._replace(last_pass=None)

    assert exit_code(problems(fresh)) == 0
    assert exit_code(problems(odd)) == 1


def test_notes_come_last_and_server_beats_all() -> None:
    scene = seen(is_estopped=True, backlog=UNREACHABLE, notes=["a remark"], policy=Policy(is_enabled=False))

    found = problems(scene)

    assert [problem.severity for problem in found] == ["problem", "server", "note", "note"]
    assert exit_code(found) == 3


def test_parked_task_alone_is_no_problem() -> None:
    """It is a decision, shown in its own table; a monitor must not ring for ever because of it."""
    parked = ParkedTask(TaskId("7"), Parked("3 attempts", "scheduler", b.ago(100), "x"))

    assert problems(seen(shelf=Shelf((parked,)))) == ()
