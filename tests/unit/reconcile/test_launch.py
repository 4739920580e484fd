"""Starting one task: order, lease, ledger, claim, look again, process (design 6)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.crash import Crash, Fuse, dying
from tests.fakes.flaky import Way, line_to
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.agent import EnvValue
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.lease import lease_tag
from tinyscheduler.model.policy import Policy
from tinyscheduler.reconcile.run import run_once

TASK = TaskId("1")
POOL_AND_ASSIGNED = pytest.mark.parametrize("before", [None, "dev-1"], ids=["pool", "assigned"])


def a_stage_with_a_task(base: Path, before: str | None = None, **settings: object) -> Stage:
    stage = a_stage(base, **settings)  # type: ignore[arg-type]
    stage.server.create("the title", queue="dev", assigned_to=before, description="the description")
    return stage


def files_below(folder: str) -> list[str]:
    return sorted(
        os.path.relpath(os.path.join(where, name), folder)
        for where, _, names in os.walk(folder)
        for name in names
    )


# --- what a start leaves behind ------------------------------------------------------------------


@POOL_AND_ASSIGNED
def test_a_start_leaves_lease_ledger_order_and_prompt(tmp_path: Path, before: str | None) -> None:
    stage = a_stage_with_a_task(tmp_path, before)

    report = stage.run()

    lease, ledger = stage.lease(), stage.ledger()
    assert report.exit_code == 0
    assert lease is not None
    assert (lease.state, lease.attempt, lease.generation, lease.claim.assigned_to_before) == (
        "starting",
        1,
        1,
        before,
    )
    assert ledger.open is not None
    assert (ledger.open.lease_id, ledger.runs, ledger.generation) == (lease.lease_id, 1, 1)
    assert files_below(lease.run_folder) == ["order.json", "prompt.md"]
    assert stage.engine.newest().order.lease_id == lease.lease_id


def test_the_wrapper_carries_the_tag_of_its_lease(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)

    stage.run()

    lease = stage.lease()
    assert lease is not None
    expected = lease_tag(stage.world().state.state_id(), TASK, lease.lease_id)
    assert stage.engine.newest().order.tag == expected
    assert stage.ledger().open is not None
    assert stage.ledger().open.tag == expected  # type: ignore[union-attr]


def test_the_task_text_is_in_the_prompt_and_nowhere_else(tmp_path: Path) -> None:
    """Law 11: never in argv, never in a name."""
    stage = a_stage_with_a_task(tmp_path)
    stage.run()
    order = stage.engine.newest().order

    with open(order.prompt_file, encoding="utf-8") as file:
        prompt = file.read()
    with open(f"{os.path.dirname(order.prompt_file)}/order.json", encoding="utf-8") as file:
        written = file.read()

    assert "the title" in prompt
    assert "the description" in prompt
    assert "the title" not in written
    assert "the description" not in written


def test_the_command_is_filled_with_names_of_ours(tmp_path: Path) -> None:
    command = (
        "agent",
        "{task_id}",
        "{attempt}",
        "{queue}",
        "{agent}",
        "{workspace}",
        "{prompt_file}",
        "{result_file}",
    )
    stage = a_stage_with_a_task(
        tmp_path, agents=[an_agent(command=command, workspace=str(tmp_path / "work"))]
    )

    stage.run()

    order = stage.engine.newest().order
    assert order.argv == (
        "agent",
        "1",
        "1",
        "dev",
        "dev-1",
        str(tmp_path / "work"),
        order.prompt_file,
        order.result,
    )
    assert os.path.isdir(tmp_path / "work")


def test_secrets_reach_the_environment_and_no_file(tmp_path: Path) -> None:
    """Law 11; the order names them only."""
    key = tmp_path / "key"
    key.write_text("s3cret\n", encoding="utf-8")
    agent = an_agent()._replace(env=(EnvValue("API_KEY", file=str(key)), EnvValue("MODE", literal="fast")))
    stage = a_stage_with_a_task(tmp_path, agents=[agent])

    stage.run()

    wrapper = stage.engine.newest()
    assert (wrapper.environment["API_KEY"], wrapper.environment["MODE"]) == ("s3cret", "fast")
    assert wrapper.order.secret_names == ("API_KEY",)
    assert {"API_KEY", "MODE"} <= set(wrapper.order.env_names)
    assert not [
        path for path in files_below(f"{tmp_path}/state") if b"s3cret" in read(f"{tmp_path}/state/{path}")
    ]


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    stage.engine.adopts_at_once = True

    stage.run()

    modes = {
        os.stat(os.path.join(where, name)).st_mode & 0o777
        for where, _, names in os.walk(tmp_path / "state")
        for name in names
    }
    folders = {os.stat(where).st_mode & 0o777 for where, _, _ in os.walk(tmp_path / "state")}
    assert (modes, folders) == ({0o600}, {0o700})


# --- lost, unclear, refused ------------------------------------------------------------------------


@POOL_AND_ASSIGNED
def test_a_lost_claim_leaves_nothing_but_the_generation(tmp_path: Path, before: str | None) -> None:
    stage = a_stage_with_a_task(tmp_path, before)
    port, _ = line_to(
        stage.server, before=lambda write: stage.server.assign(TASK, "sue") if write == 1 else None
    )

    report = stage.run(server=port)

    assert report.exit_code == 0
    assert [(r.result, r.reason.split(":")[0]) for r in report.results] == [("held", "working_elsewhere")]
    assert stage.lease() is None
    assert (stage.ledger().open, stage.ledger().runs, stage.ledger().generation) == (None, 0, 1)
    assert files_below(f"{tmp_path}/state/runs") == []
    assert stage.engine.wrappers == []


def test_a_lost_claim_says_why_its_task_is_held(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    port, _ = line_to(
        stage.server, before=lambda write: stage.server.assign(TASK, "sue") if write == 1 else None
    )

    report = stage.run(server=port)

    (held,) = report.start.held
    assert (held.task_id, held.reason) == ("1", "working_elsewhere")
    assert "sue" in held.value


def test_the_slot_of_a_lost_claim_goes_to_the_next_task_in_the_same_pass(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    stage.server.create(queue="dev", priority=-1)
    port, _ = line_to(
        stage.server, before=lambda write: stage.server.assign(TASK, "sue") if write == 1 else None
    )

    report = stage.run(server=port)

    assert stage.lease("1") is None
    assert stage.lease("2") is not None
    assert [(r.task_id, r.result) for r in report.results] == [("1", "held"), ("2", "done")]


def test_a_task_that_was_started_is_not_reported_as_held(tmp_path: Path) -> None:
    """After a lost claim the rest is planned again; what this pass started is no news to it."""
    stage = a_stage_with_a_task(tmp_path, agents=[an_agent(slots=2)])
    stage.server.create(queue="dev", priority=1)
    port, _ = line_to(
        stage.server, before=lambda write: stage.server.assign(TASK, "sue") if write == 3 else None
    )

    report = stage.run(server=port)

    started = {r.task_id for r in report.results if r.result == "done"}
    assert started == {"2"}
    assert started & {held.task_id for held in report.start.held} == set()


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("way", ["not_applied", "applied"])
@pytest.mark.parametrize("at", [1, 2])
def test_an_unclear_claim_holds_task_and_slot_and_starts_nothing(
    tmp_path: Path, at: int, way: Way, before: str | None
) -> None:
    """Law 4."""
    stage = a_stage_with_a_task(tmp_path, before)
    port, _ = line_to(stage.server, at=at, way=way)

    report = stage.run(server=port)

    lease = stage.lease()
    assert lease is not None
    assert lease.state == "claiming"
    assert stage.engine.wrappers == []
    assert [r.result for r in report.results] == ["held"]


@POOL_AND_ASSIGNED
@pytest.mark.parametrize("way", ["not_applied", "applied", "not_sent"])
@pytest.mark.parametrize("at", [1, 2])
def test_an_unclear_claim_is_cleared_up_by_later_passes(
    tmp_path: Path, at: int, way: Way, before: str | None
) -> None:
    stage = a_stage_with_a_task(tmp_path, before)
    stage.engine.adopts_at_once = True
    port, _ = line_to(stage.server, at=at, way=way)
    stage.run(server=port)

    for _ in range(4):
        stage.clock.advance(20)
        for wrapper in stage.engine.wrappers:
            stage.engine.beat(wrapper)
        stage.run()

    lease = stage.lease()
    assert lease is not None
    assert lease.state == "running"
    assert lease.claim.assigned_to_before == before
    assert len(stage.engine.wrappers) == 1


@POOL_AND_ASSIGNED
def test_a_claim_whose_second_half_lands_after_the_next_pass_is_not_lost(
    tmp_path: Path, before: str | None
) -> None:
    """The public server can stall for half a minute (tinytask 5)."""
    stage = a_stage_with_a_task(tmp_path, before, agents=[an_agent()])
    port, line = line_to(stage.server, at=2, way="late")
    stage.run(server=port)
    stage.clock.advance(5)
    paused = stage._replace(configuration=stage.configuration._replace(policy=Policy(is_enabled=False)))
    paused.run()
    line.land()

    for _ in range(6):
        stage.clock.advance(20)
        paused.run()

    assert stage.server.task(TASK).status == "idle"


def test_a_claim_that_was_never_sent_gives_nothing_back(tmp_path: Path) -> None:
    """The pass died between lease and ledger, then a human gave the task to that very agent."""
    stage = a_stage_with_a_task(tmp_path)
    fuse = Fuse(3)
    with pytest.raises(Crash):
        run_once(dying(stage.world(), fuse))
    assert fuse.effects[-1] == "leases.create"
    stage.server.assign(TASK, "dev-1")
    off = stage._replace(configuration=stage.configuration._replace(policy=Policy(is_enabled=False)))

    off.run()

    assert stage.lease() is None
    assert stage.server.task(TASK).assigned_to == "dev-1"


# --- a start that cannot be -------------------------------------------------------------------------


@POOL_AND_ASSIGNED
def test_a_wrapper_that_cannot_be_started_is_undone_and_waits_a_minute(
    tmp_path: Path, before: str | None
) -> None:
    stage = a_stage_with_a_task(tmp_path, before)
    stage.engine.fail_starts = True

    report = stage.run()

    task = stage.server.task(TASK)
    assert report.exit_code == 1
    assert [r.result for r in report.results] == ["failed"]
    assert (task.status, task.assigned_to) == ("idle", before)
    assert stage.lease() is None
    assert [past.kind for past in stage.ledger().outcomes] == ["start_failed"]
    stage.engine.fail_starts = False
    stage.clock.advance(59)
    assert stage.run().results == []
    stage.clock.advance(8)
    assert [r.result for r in stage.run().results] == ["done"]


def test_an_agent_whose_secret_is_missing_starts_nothing_and_says_so(tmp_path: Path) -> None:
    agent = an_agent()._replace(env=(EnvValue("API_KEY", inherit="NOT_THERE"),))
    stage = a_stage_with_a_task(tmp_path, agents=[agent])

    report = stage.run()

    assert report.exit_code == 1
    assert "NOT_THERE" in report.faults[0].message
    assert stage.lease() is None
    assert stage.server.task(TASK).status == "idle"


@pytest.mark.parametrize(
    "trouble", ["workspace is a file", "workspace cannot be made", "run folder is a link"]
)
def test_one_task_that_cannot_start_is_no_reason_for_the_others_not_to(tmp_path: Path, trouble: str) -> None:
    """Law 12. The agent with the trouble is first in line and would be first in every pass."""
    (tmp_path / "file").write_text("")
    workspace = {"workspace is a file": "file", "workspace cannot be made": "file/below"}.get(trouble)
    bad = an_agent("bad-1", workspace=None if workspace is None else str(tmp_path / workspace))
    good = an_agent("good-1", queues=("qa",))
    stage = a_stage(tmp_path, agents=[bad, good])
    stage.server.create(queue="dev", priority=9)
    stage.server.create(queue="qa")
    if trouble == "run folder is a link":
        os.makedirs(tmp_path / "state/runs", mode=0o700)
        os.symlink(tmp_path, tmp_path / "state/runs/task_1")

    report = stage.run()

    assert report.exit_code == 1
    assert stage.lease("1") is None
    assert stage.lease("2") is not None
    assert stage.server.task(TASK).status == "idle"


# --- look again -------------------------------------------------------------------------------------


@POOL_AND_ASSIGNED
def test_estop_that_comes_during_the_claim_starts_nothing(tmp_path: Path, before: str | None) -> None:
    """Design 6: look again directly before the process."""
    stage = a_stage_with_a_task(tmp_path, before)
    port, _ = line_to(stage.server, before=lambda write: stage.estop() if write == 2 else None)

    report = stage.run(server=port)

    task = stage.server.task(TASK)
    assert stage.engine.wrappers == []
    assert stage.lease() is None
    assert (task.status, task.assigned_to) == ("idle", before)
    assert [held.reason for held in report.start.held] == ["estop"]


def test_a_late_wrapper_is_revoked_and_its_process_ended_before_the_task_is_free(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    stage.run()
    stage.clock.advance(31)

    report = stage.run()

    assert [(r.kind, r.result) for r in report.results] == [("revoke", "done")]
    assert stage.processes.living() == []
    assert stage.lease() is None
    assert stage.server.task(TASK).status == "idle"


def test_a_wrapper_that_adopts_in_the_last_moment_is_kept(tmp_path: Path) -> None:
    stage = a_stage_with_a_task(tmp_path)
    stage.run()
    stage.clock.advance(31)
    stage.engine.take_owner(stage.engine.newest())

    report = stage.run()

    assert report.results == []
    assert stage.engine.adopt(stage.engine.newest())
    assert stage.lease().state == "running"  # type: ignore[union-attr]


def test_a_wrapper_that_cannot_be_ended_holds_its_task(tmp_path: Path) -> None:
    """Law 1: not proven gone is not gone."""
    stage = a_stage_with_a_task(tmp_path)
    stage.run()
    stage.engine.newest().process.ignores.update({9, 15})
    stage.clock.advance(31)

    codes = [stage.run().exit_code for _ in range(3)]

    assert codes == [1, 1, 1]
    assert len(stage.engine.wrappers) == 1
    assert stage.lease() is not None


def test_an_older_owner_file_in_the_way_costs_a_minute_and_not_the_task(tmp_path: Path) -> None:
    """Somebody removed a lease by hand and left its owner file."""
    stage = a_stage_with_a_task(tmp_path)
    stage.engine.adopts_at_once = True
    stage.run()
    stage.engine.die(stage.engine.newest())
    os.unlink(f"{stage.configuration.places.running}/task_1.json")
    os.unlink(f"{stage.configuration.places.ledger}/task_1.json")
    stage.server.update(TASK, status="idle", assigned_to="")

    for _ in range(12):
        stage.clock.advance(20)
        stage.run()
        for wrapper in stage.engine.wrappers:
            stage.engine.beat(wrapper)

    lease = stage.lease()
    assert lease is not None
    assert lease.state == "running"


def test_another_queue_is_another_cap_and_both_are_kept(tmp_path: Path) -> None:
    policy = Policy(queue_caps=((QueueName("dev"), 1),))
    stage = a_stage(tmp_path, agents=[an_agent(queues=("dev", "qa"), slots=5)], policy=policy)
    for queue in ("dev", "dev", "qa"):
        stage.server.create(queue=queue)

    stage.run()
    stage.run()

    names = sorted(name for name in os.listdir(stage.configuration.places.running) if name.endswith(".json"))
    assert [json.loads(read(f"{stage.configuration.places.running}/{name}"))["queue"] for name in names] == [
        "dev",
        "qa",
    ]
