"""Intents of any kind: their folder, their server, their number (features E3, E4)."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import (
    a_running_stage,
    answers,
    ask,
    parked,
    pending,
)
from tinyscheduler.kit.files import own_place
from tinyscheduler.model.ids import TaskId

ONE = TaskId("1")


def test_what_is_no_intent_is_set_aside_and_stands_in_nobodys_way(tmp_path: Path) -> None:
    stage = a_running_stage(tmp_path)
    folder = Path(stage.configuration.places.intents)
    ask(stage, "stop")
    (folder / "20000101T000000.000000Z-00000000.json").write_text("{")
    (folder / "README").write_text("hello")
    (folder / "a-folder").mkdir()
    (folder / "a-link").symlink_to("/etc/passwd")
    (folder / f".half.json.1-1-1-{own_place()}.tmp").write_text("")

    first, second = stage.run(), stage.run()

    assert (first.exit_code, second.exit_code) == (1, 0)
    assert len(first.faults) == 4
    assert parked(stage) is not None
    assert os.listdir(folder) == []
    aside = os.listdir(stage.configuration.places.quarantine)
    assert len([name for name in aside if name.startswith("intent_")]) == 4


def test_an_intent_for_the_task_of_another_server_is_refused(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    intent = ask(stage, "park")
    stage.world().intents.remove(intent)
    stage.world().intents.write(intent._replace(source="fake:2"))

    stage.run()

    assert (parked(stage), answers(stage)) == (None, [("park", "refused")])


def test_stop_of_many_ends_them_under_one_grace(tmp_path: Path) -> None:
    agents = [an_agent(f"dev-{n}") for n in range(1, 6)]
    stage = a_stage(tmp_path, agents=agents)
    stage.engine.adopts_at_once = True
    for _ in range(5):
        stage.server.create(queue="dev")
    stage.run()
    for wrapper in stage.engine.wrappers:
        assert wrapper.agent is not None
        wrapper.agent.ignores.add(signal.SIGTERM)
    for number in range(1, 6):
        ask(stage, "stop", str(number))
    began = stage.clock.monotonic()

    stage.run()

    assert stage.processes.living() == []
    assert stage.clock.monotonic() - began < 10
    assert answers(stage) == [("stop", "applied")] * 5


class Dawdling:
    """A task server that answers after three seconds."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._stage.server, name)
        if name == "get":
            self._stage.clock.advance(3)
        return found


def test_many_intents_on_a_slow_server_leave_time_for_the_rest_of_the_pass(tmp_path: Path) -> None:
    """What was not done waits, and is not started meanwhile."""
    stage = a_stage(tmp_path)
    for _ in range(9):
        stage.server.create(queue="dev")
    for number in range(1, 9):
        ask(stage, "park", str(number))

    report = stage.run(server=Dawdling(stage))  # type: ignore[arg-type]
    stage.clock.advance(60)
    after = len(pending(stage))
    stage.run()

    assert 0 < after < 8
    assert "no time for more intents in this pass" in report.limits
    assert {start.task.id for start in report.start.starts} == {"9"}
    assert pending(stage) == []
