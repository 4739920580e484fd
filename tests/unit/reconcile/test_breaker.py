"""The breaker of the task server: five failed passes, then nobody asks for a minute (features C6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.counting import counted
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.breaker_scenes import TASK, events
from tinyscheduler.reconcile.preview import preview
from tinyscheduler.reconcile.report import Report


def passes(stage: Stage, count: int, *, every_s: float = 1) -> list[Report]:
    reports = []
    for _ in range(count):
        reports.append(stage.run())
        stage.clock.advance(every_s)
    return reports


def an_opened_stage(base: Path) -> Stage:
    """A server that has just been given up on, with a task on it."""
    stage = a_stage(base)
    stage.server.create(queue="dev")
    stage.server.unavailable = True
    passes(stage, 5)
    return stage


def test_after_five_failed_passes_nobody_asks_for_a_minute(tmp_path: Path) -> None:
    stage = an_opened_stage(tmp_path)
    server, line = counted(stage.server)

    reports = []
    for _ in range(5):
        reports.append(stage.run(server=server))
        stage.clock.advance(10)

    assert line.names == []
    assert [report.exit_code for report in reports] == [3] * 5
    assert "not asked until" in reports[0].faults[0].message
    assert "the fake server is down" in reports[0].faults[0].message
    assert len(events(stage, "breaker_opened")) == 1


def test_four_failed_passes_are_borne(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.unavailable = True
    passes(stage, 4)
    stage.server.unavailable = False

    assert stage.run().exit_code == 0
    assert stage.breakers().read().servers == {}


def test_a_server_that_has_come_back_is_asked_after_a_minute_and_trusted_after_three_calls(
    tmp_path: Path,
) -> None:
    stage = an_opened_stage(tmp_path)
    stage.server.unavailable = False
    stage.clock.advance(60)

    report = stage.run()

    assert report.exit_code == 0
    assert stage.server.task(TASK).status == "working"
    assert stage.breakers().read().servers == {}
    assert len(events(stage, "breaker_closed")) == 1


def test_a_probe_that_fails_is_another_minute_of_silence(tmp_path: Path) -> None:
    stage = an_opened_stage(tmp_path)
    stage.clock.advance(60)
    server, line = counted(stage.server)

    reports = []
    for _ in range(3):
        reports.append(stage.run(server=server))
        stage.clock.advance(15)

    assert line.names == ["backlog"]
    assert [report.exit_code for report in reports] == [3, 3, 3]
    assert len(events(stage, "breaker_opened")) == 2


def test_probes_are_counted_over_passes(tmp_path: Path) -> None:
    """An idle pass makes one call."""
    stage = an_opened_stage(tmp_path)
    stage.server.archive(TASK)
    stage.server.unavailable = False
    stage.clock.advance(60)

    states = []
    for _ in range(3):
        stage.run()
        states.append([breaker.state for breaker in stage.breakers().read().servers.values()])

    assert states == [["half_open"], ["half_open"], []]


def test_a_no_is_an_answer(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.server.create(queue="dev")
    stage.server.refuse_writes = True
    passes(stage, 8)

    assert stage.breakers().read().servers == {}


def test_looking_obeys_the_breaker_and_writes_nothing(tmp_path: Path) -> None:
    stage = an_opened_stage(tmp_path)
    server, line = counted(stage.server)
    before = stage.breakers().read()

    report = preview(stage.world(server=server))
    stage.clock.advance(61)
    stage.server.unavailable = False
    later = preview(stage.world(server=server))

    assert (report.exit_code, later.exit_code) == (3, 0)
    assert line.names == ["backlog"]
    assert stage.breakers().read() == before


def test_what_is_local_goes_on_while_nobody_asks_the_server(tmp_path: Path) -> None:
    """Dead wrappers are reclaimed; what they leave waits in their leases."""
    stage = a_stage(tmp_path)
    stage.engine.adopts_at_once = True
    stage.server.create(queue="dev")
    stage.run()
    stage.server.unavailable = True
    passes(stage, 5)
    stage.engine.die(stage.engine.newest())

    stage.run()

    lease = stage.lease()
    assert lease is not None
    assert lease.state == "finished"


def test_each_endpoint_has_a_breaker_of_its_own(tmp_path: Path) -> None:
    stage = an_opened_stage(tmp_path)
    connection = stage.configuration.connection._replace(endpoint="http://127.0.0.1:9/mcp")
    other = stage._replace(configuration=stage.configuration._replace(connection=connection))
    server, line = counted(stage.server)

    other.run(server=server)

    assert line.names == ["backlog"]


@pytest.mark.parametrize("step_s", [-3600, -30 * 86_400, 30 * 86_400])
def test_a_stepped_clock_keeps_nobody_silent_for_long(tmp_path: Path, step_s: float) -> None:
    stage = an_opened_stage(tmp_path)
    stage.server.unavailable = False
    clock: FakeClock = stage.clock
    clock.step(step_s)
    stage.clock.advance(60)

    assert stage.run().exit_code == 0


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": 99}', b'{"schema": 1, "servers": {"x": 5}}'])
@pytest.mark.parametrize("name", ["breakers.json", "accounts.json"])
def test_memory_that_cannot_be_read_is_put_aside_and_told_once(
    tmp_path: Path, name: str, content: bytes
) -> None:
    """Law 8, and everything counts as closed."""
    stage = a_stage(tmp_path)
    stage.run()
    path = Path(stage.configuration.places.state) / name
    path.write_bytes(content.replace(b"servers", b"servers" if name == "breakers.json" else b"limits"))

    first, second = stage.run(), stage.run()

    assert [fault.reference for fault in first.faults] == ["breakers-unreadable"]
    assert (first.exit_code, second.exit_code) == (1, 0)
    kept = list(Path(stage.configuration.places.quarantine).glob(f"{name}.*"))
    assert len(kept) == 1
    assert not path.exists()


def test_memory_that_cannot_be_written_ends_no_pass(tmp_path: Path) -> None:
    """Law 12."""
    stage = a_stage(tmp_path)
    stage.run()
    (Path(stage.configuration.places.state) / "breakers.json").mkdir()
    stage.server.unavailable = True

    report = stage.run()

    assert report.exit_code == 3
    assert any("breakers.json" in fault.message for fault in report.faults)
