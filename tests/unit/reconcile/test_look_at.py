"""Looking at one task: what is known of it here and on the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import NOW, a_ledger, parked_as
from tests.fakes.stage import a_stage
from tests.unit.reconcile.looking import TASK, a_busy_stage, read_side
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.pause import Pause
from tinyscheduler.reconcile.look_at import look_at
from tinyscheduler.views.explain import exit_code as explain_exit
from tinyscheduler.views.explain import explain_tables, held_now
from tinyscheduler.views.explain_json import explain_json


def test_task_nobody_knows(tmp_path: Path) -> None:
    subject = look_at(read_side(a_stage(tmp_path)), TaskId("99"))

    assert subject.explanation is None
    assert not subject.is_known_here
    assert explain_exit(subject) == 4


def test_task_that_only_we_know_keeps_its_run(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    stage.server.delete(TASK)

    subject = look_at(read_side(stage), TASK)

    assert subject.explanation is None
    assert subject.run is not None
    assert explain_exit(subject) == 4


def test_unknown_server_leaves_what_we_know_ourselves(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)
    stage.server.unavailable = True

    subject = look_at(read_side(stage), TASK)

    assert subject.server_unknown
    assert subject.run is not None
    assert explain_exit(subject) == 3


def test_what_holds_here_comes_before_a_server_that_is_down(tmp_path: Path) -> None:
    """Contracts, held reasons: with the server back, it would still hold."""
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    stage.server.unavailable = True
    world = read_side(stage).world
    pause = Pause("task", str(TASK), by="ann", at=NOW)
    seen = []
    for prepare in (lambda: None, lambda: world.pauses.write(pause), lambda: world.state.estop("fire")):
        prepare()
        held = held_now(look_at(read_side(stage), TASK))
        assert held is not None
        seen.append((held.reason, held.lever))

    assert seen == [
        ("server_unknown", "make the task server answer again"),
        ("paused", f"tinyscheduler resume --task {TASK}"),
        ("estop", "tinyscheduler estop --clear"),
    ]


def test_what_is_known_here_is_told_while_the_server_is_down(tmp_path: Path) -> None:
    """Whoever looks at night learns that a server which answers again will not be enough."""
    stage = a_stage(tmp_path)
    task_id = stage.server.create(queue="dev")
    world = read_side(stage).world
    world.pauses.write(Pause("queue", "dev", by="ann", at=NOW))
    stage.run()
    stage.server.unavailable = True
    stage.clock.advance(60)
    stage.run()
    stage.clock.advance(600)

    subject = look_at(read_side(stage), task_id)
    facts = [row for table in explain_tables(subject) for row in table.rows if len(row) > 1]

    held = held_now(subject)
    assert held is not None
    assert (held.reason, held.lever) == ("paused", "tinyscheduler resume --queue dev")
    assert any(row[0] == "server" and row[1].startswith("unknown since") and "10m" in row[1] for row in facts)
    assert explain_json(subject)["server_unknown_since"]


def test_park_and_the_last_reason_are_told_while_the_server_is_down(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    first, second = stage.server.create(queue="dev"), stage.server.create(queue="dev", blocked_by=TaskId("1"))
    task = stage.server.task(first)
    parked = a_ledger(parked=parked_as(task), source=stage.server.source)
    stage.ledgers().write(parked._replace(task_created_at=task.created_at))
    stage.run()
    stage.server.unavailable = True

    known = {
        task_id: [(held.reason, held.lever) for held in look_at(read_side(stage), task_id).known_here]
        for task_id in (first, second, TaskId("99"))
    }

    assert ("parked", f"tinyscheduler retry {first}") in known[first]
    assert known[second] == [("dependency_failed", "")]
    assert known[TaskId("99")] == []


def test_a_run_whose_lease_nobody_can_read_has_its_slot(tmp_path: Path) -> None:
    """As in the pass: the next task does not start before that run is over."""
    stage = a_busy_stage(tmp_path)
    other = stage.server.create(queue="dev")
    lease = Path(stage.configuration.places.running) / f"task_{TASK}.json"
    lease.write_text("{")

    subject = look_at(read_side(stage), other)
    stage.run()

    held = held_now(subject)
    assert held is not None
    assert (held.reason, held.value) == ("agent_full", "dev-1 1/1")
    assert stage.lease(other) is None


@pytest.mark.parametrize(
    ("queue", "assignee", "slip"),
    [
        ("dve", None, "tinyscheduler task update 1 --queue dev"),
        ("dev", "dve-1", "tinyscheduler task update 1 --assign dev-1"),
        ("triage", None, ""),
        ("triage", "alice", ""),
        (None, None, ""),
        ("dev", None, ""),
    ],
)
def test_what_looks_like_a_slip_is_named_with_its_command(
    tmp_path: Path, queue: str | None, assignee: str | None, slip: str
) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue=queue, assigned_to=assignee)

    subject = look_at(read_side(stage), TASK)

    assert subject.slip == slip
    assert (("perhaps", f"a slip: {slip}") in explain_tables(subject)[1].rows) == bool(slip)


def test_parent_that_is_not_in_the_backlog_is_asked_for_its_children(tmp_path: Path) -> None:
    """A foreign queue's parent is in no list of ours; its children are asked for by themselves."""
    stage = a_stage(tmp_path)
    parent = stage.server.create(queue="foreign")
    stage.server.create(queue="foreign", parent=parent)

    subject = look_at(read_side(stage), parent)

    assert subject.explanation is not None
    assert [row.verdict for row in subject.explanation.rows if row.name == "parent_open"] == ["holds"]


def test_attempts_and_log_of_a_run_are_found(tmp_path: Path) -> None:
    stage = a_busy_stage(tmp_path)

    subject = look_at(read_side(stage), TASK)

    assert subject.log == f"{stage.configuration.places.runs}/task_1/1/output.log"
    assert subject.next_pass_at is not None
    assert subject.next_pass_at > NOW
