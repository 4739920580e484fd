"""What a start leaves behind: order, lease, ledger, prompt (design 6)."""

from __future__ import annotations

import os
from pathlib import Path

from tests.builders import an_agent
from tests.unit.reconcile.launch_scenes import (
    POOL_AND_ASSIGNED,
    TASK,
    a_stage_with_a_task,
    files_below,
    read,
)
from tinyscheduler.model.agent import EnvValue
from tinyscheduler.model.lease import lease_tag


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
