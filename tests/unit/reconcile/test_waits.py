"""What passes remember of tasks that wait (features D9), and whose turn it is (D8)."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.waiting import Waiting, waited_s


def a_stage_with_one_slot(tmp_path: Path, policy: Policy | None = None) -> Stage:
    stage = a_stage(tmp_path, agents=[an_agent(slots=1)], policy=policy)
    stage.engine.adopts_at_once = True
    return stage


def later(stage: Stage, seconds: float) -> None:
    """Time passes, and whoever runs goes on."""
    stage.clock.advance(seconds)
    for wrapper in stage.engine.wrappers:
        if stage.engine.is_alive(wrapper):
            stage.engine.beat(wrapper)


def waiting_file(stage: Stage) -> Path:
    return Path(stage.configuration.places.state, "waiting.json")


def waiting(stage: Stage, task_id: str) -> Waiting | None:
    return stage.waits().read().tasks.get(TaskId(task_id))


def test_a_pass_without_tasks_makes_no_file(tmp_path: Path) -> None:
    stage = a_stage_with_one_slot(tmp_path)

    stage.run()

    assert not waiting_file(stage).exists()


def test_a_task_that_is_started_at_once_is_not_written_down(tmp_path: Path) -> None:
    stage = a_stage_with_one_slot(tmp_path)
    stage.server.create(queue="dev")

    stage.run()

    assert stage.engine.wrappers
    assert not waiting_file(stage).exists()


def test_a_start_that_comes_to_nothing_costs_no_waited_time(tmp_path: Path) -> None:
    """Its lease is there for a while, and undone."""
    stage = a_stage_with_one_slot(tmp_path)
    for _ in range(2):
        stage.server.create(queue="dev")
    stage.run()
    later(stage, 600)
    stage.run()
    stage.engine.finish(stage.engine.newest("1"))
    stage.engine.adopts_at_once = False
    stage.run()
    assert stage.lease("2") is not None

    for _ in range(3):
        later(stage, 40)
        stage.run()

    found = waiting(stage, "2")
    assert found is not None
    assert waited_s(found, stage.clock.now()) >= 600


def test_a_task_is_remembered_from_the_pass_that_left_it_waiting(tmp_path: Path) -> None:
    stage = a_stage_with_one_slot(tmp_path)
    for _ in range(2):
        stage.server.create(queue="dev")
    stage.run()
    first = stage.clock.now()
    later(stage, 600)
    stage.run()

    found = waiting(stage, "2")

    assert found is not None
    assert (found.reason, found.held_since, found.since) == ("agent_full", first, first)
    assert waited_s(found, stage.clock.now()) == 600
    assert waiting(stage, "1") is None


def test_a_pass_that_finds_all_as_it_was_does_not_write(tmp_path: Path) -> None:
    stage = a_stage_with_one_slot(tmp_path)
    for _ in range(2):
        stage.server.create(queue="dev")
    stage.run()
    stage.run()
    before = os.stat(waiting_file(stage))
    later(stage, 60)

    stage.run()

    after = os.stat(waiting_file(stage))
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_file_goes_when_nobody_waits_any_more(tmp_path: Path) -> None:
    stage = a_stage_with_one_slot(tmp_path)
    for _ in range(2):
        stage.server.create(queue="dev")
    stage.run()
    stage.engine.finish(stage.engine.newest("1"))
    stage.run()

    stage.run()

    assert not waiting_file(stage).exists()


def test_the_time_of_a_blocked_task_stands_still_and_is_kept(tmp_path: Path) -> None:
    stage = a_stage_with_one_slot(tmp_path)
    stage.server.create(queue="dev", priority=9)
    stage.server.create(queue="dev")
    blocker = stage.server.create(queue="elsewhere")
    stage.run()
    later(stage, 300)
    task = stage.server.task(TaskId("2"))
    stage.server.edit(task._replace(blocked_by=blocker))
    stage.run()
    later(stage, 1000)
    stage.server.edit(task)
    stage.run()
    later(stage, 100)

    found = waiting(stage, "2")

    assert found is not None
    assert waited_s(found, stage.clock.now()) == 400


def test_leaving_the_queue_clears_the_time(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent(slots=1, queues=("dev", "qa"))])
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev", priority=9)
    stage.server.create(queue="dev")
    stage.run()
    later(stage, 300)
    stage.server.edit(stage.server.task(TaskId("2"))._replace(queue=QueueName("qa")))
    stage.run()

    found = waiting(stage, "2")

    assert found is not None
    assert (found.queue, waited_s(found, stage.clock.now())) == ("qa", 0)


def test_an_unknown_server_lets_everybodys_time_run_on(tmp_path: Path) -> None:
    """Law 4: who is not seen is not gone."""
    stage = a_stage_with_one_slot(tmp_path)
    for _ in range(2):
        stage.server.create(queue="dev")
    stage.run()
    before = waiting(stage, "2")
    stage.server.unavailable = True
    stage.run()

    assert waiting(stage, "2") == before


def test_what_cannot_be_read_is_set_aside_told_and_begun_anew(tmp_path: Path) -> None:
    stage = a_stage_with_one_slot(tmp_path)
    for _ in range(2):
        stage.server.create(queue="dev")
    stage.run()
    waiting_file(stage).write_text("{")
    later(stage, 60)

    report = stage.run()

    found = waiting(stage, "2")
    assert found is not None
    assert found.since == stage.clock.now()
    assert [str(waiting_file(stage)) in note for note in report.notes] == [True]
    assert [
        name.startswith("waiting.json") for name in os.listdir(stage.configuration.places.quarantine)
    ] == [True]


def test_waits_of_another_server_are_forgotten(tmp_path: Path) -> None:
    """Ids mean nothing there."""
    stage = a_stage_with_one_slot(tmp_path)
    for _ in range(2):
        stage.server.create(queue="dev")
    stage.run()
    later(stage, 600)
    stage.server.source = "fake:2"
    stage.run()

    assert stage.waits().read().source == "fake:2"
    assert all(found.held_since == stage.clock.now() for found in stage.waits().read().tasks.values())


def test_tasks_of_an_agent_that_was_taken_out_are_still_seen_and_never_started(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, agents=[an_agent("dev-1"), an_agent("qa-1", queues=("qa",), slots=1)])
    stage.engine.adopts_at_once = True
    for _ in range(2):
        stage.server.create(queue="qa")
    stage.server.create(queue="elsewhere", assigned_to="qa-1")
    stage.run()
    left = stage._replace(configuration=stage.configuration._replace(agents=(an_agent("dev-1"),), queues=()))

    for _ in range(3):
        report = left.run()

    reasons = {held.task_id: held.reason for held in report.start.held}
    assert reasons == {"2": "no_agent", "3": "no_agent"}


def a_stage_with_full_bands(tmp_path: Path) -> Stage:
    stage = a_stage_with_one_slot(tmp_path, Policy(band_weights=(50, 30, 15, 5), ageing_s=0, overdue_s=0))
    for priority in (20, 7, 1, -5):
        for _ in range(100):
            stage.server.create(queue="dev", priority=priority)
    return stage


BAND_OF = {20: "critical", 7: "high", 1: "normal", -5: "low"}


def bands_started(stage: Stage) -> Counter[str]:
    ids = [wrapper.order.task_id for wrapper in stage.engine.wrappers]
    return Counter(BAND_OF[int(stage.server.task(task_id).priority)] for task_id in ids)


def test_a_hundred_starts_over_a_hundred_passes_are_exactly_the_shares(tmp_path: Path) -> None:
    """Features D8. Each pass is a process of its own: the round is on disk."""
    stage = a_stage_with_full_bands(tmp_path)
    for _ in range(100):
        stage.run()
        stage.engine.finish(stage.engine.wrappers[-1])

    assert bands_started(stage) == {"critical": 50, "high": 30, "normal": 15, "low": 5}


def test_a_start_that_comes_to_nothing_gives_its_band_the_turn_back(tmp_path: Path) -> None:
    stage = a_stage_with_full_bands(tmp_path)
    for at in range(21):
        stage.engine.fail_starts = at == 4
        stage.run()
        if stage.engine.fail_starts:
            assert stage.cursors().read().owed
            # The agent is left alone for a quarter of an hour, and ageing is off.
            later(stage, 1000)
        else:
            stage.engine.finish(stage.engine.wrappers[-1])

    assert bands_started(stage) == {"critical": 10, "high": 6, "normal": 3, "low": 1}


def test_a_cursor_that_cannot_be_read_is_set_aside_and_told(tmp_path: Path) -> None:
    stage = a_stage_with_full_bands(tmp_path)
    path = Path(stage.configuration.places.state, "cursors.json")
    stage.run()
    path.write_text("[]")
    stage.engine.finish(stage.engine.wrappers[-1])

    report = stage.run()

    assert [str(path) in note for note in report.notes] == [True]
    assert stage.cursors().read().place == 1


def test_without_bands_there_is_no_round(tmp_path: Path) -> None:
    stage = a_stage_with_one_slot(tmp_path)
    stage.server.create(queue="dev")
    stage.run()

    assert not Path(stage.configuration.places.state, "cursors.json").exists()


def test_a_pass_under_a_clock_of_long_ago_lets_nobody_have_waited_for_longer_than_the_task_is_there(
    tmp_path: Path,
) -> None:
    """A board without a battery clock boots in 1970, and cron does not wait for the network's time."""
    stage = a_stage_with_one_slot(tmp_path)
    for _ in range(2):
        stage.server.create(queue="dev")
    made = stage.clock.now()
    stage.clock.step(-20_000 * 86_400)
    stage.run()
    stage.clock.step(20_000 * 86_400)
    later(stage, 60)

    stage.run()

    found = waiting(stage, "2")
    assert found is not None
    assert (found.since, found.held_since) == (made, made)
    assert waited_s(found, stage.clock.now()) == 60


def test_a_wait_that_a_clock_of_the_future_has_counted_is_no_longer_than_the_task_is_there(
    tmp_path: Path,
) -> None:
    stage = a_stage_with_one_slot(tmp_path)
    for _ in range(2):
        stage.server.create(queue="dev")
    stage.run()
    task = stage.server.task(TaskId("2"))
    stage.server.edit(task._replace(blocked_by=stage.server.create(queue="elsewhere")))
    stage.clock.step(9_000 * 86_400)
    stage.run()
    stage.clock.step(-9_000 * 86_400)
    later(stage, 60)
    stage.server.edit(task)

    stage.run()

    found = waiting(stage, "2")
    assert found is not None
    assert waited_s(found, stage.clock.now()) == 60
