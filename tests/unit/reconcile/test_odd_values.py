"""One odd value anywhere in the state folder, as a slip of a person or a damaged digit leaves it: whoever
reads it says what is wrong, and the others are shown (laws 8 and 12)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import an_agent
from tests.fakes.stage import Stage, a_stage
from tests.unit.reconcile.intent_scenes import ask
from tests.unit.reconcile.looking import read_side
from tinyscheduler.errors import TinySchedulerError
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.lease import Outcome, StopOrder
from tinyscheduler.model.pause import Pause
from tinyscheduler.model.policy import Policy
from tinyscheduler.reconcile.look import look
from tinyscheduler.reconcile.look_at import look_at
from tinyscheduler.reconcile.preview import preview
from tinyscheduler.views.explain import explain_tables
from tinyscheduler.views.explain_json import explain_json
from tinyscheduler.views.problems import problems
from tinyscheduler.views.status import status_tables
from tinyscheduler.views.status_json import status_json
from tinyscheduler.views.table import show

ODD: list[object] = [
    -1, -(10**38), 10**38, 1e308, None, "", "\ud800", "\udc80", [], {},
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
]  # fmt: skip
KINDS = [
    "running/task_1.json", "running/task_1.owner", "running/task_1.stop", "running/task_3.json",
    "ledger/task_1.json", "ledger/task_2.json", "ledger/task_5.json", "runs/task_1/1/order.json",
    "intents/*.json", "pauses/*.json", "accounts.json", "waiting.json", "format.json", "passes/last.json",
]  # fmt: skip

Spot = tuple[str | int, ...]


def a_house(base: Path) -> Stage:
    """With one file of every kind: a run, one that has ended, one to be stopped; a task that waits, a parked
    one, a pause, an account and an agent that are left alone."""
    agents = [an_agent("dev-1", slots=3, account="acme"), an_agent("dev-2", slots=0)]
    stage = a_stage(base, agents=agents, policy=Policy(max_parallel=3))
    stage.engine.adopts_at_once = True
    for _ in range(5):
        stage.server.create(queue="dev")
    stage.run()
    stage.engine.end_with(stage.engine.newest("2"), limited(stage))
    ask(stage, "park", "5")
    stage.run()
    stage.engine.finish(stage.engine.newest("3"), "failed")
    stage.leases().ask_stop(
        TaskId("1"), StopOrder(stage.engine.newest("1").order.lease_id, "cancelled", "x", stage.clock.now())
    )
    ask(stage, "stop", "1")
    stage.world().pauses.write(Pause("queue", QueueName("other"), "bob", stage.clock.now(), "a reason"))
    stage.clock.advance(1)
    return stage


def limited(stage: Stage) -> Outcome:
    now = stage.clock.now()
    return Outcome("rate_limited", now, until=now + timedelta(hours=1))


def spots(found: object, at: Spot = ()) -> Iterator[Spot]:
    """Every value in it, and itself."""
    yield at
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for name, value in inner:
        yield from spots(value, (*at, name))


def with_value(whole: object, spot: Spot, value: object) -> bytes:
    copy = json.loads(json.dumps(whole))
    place = copy
    for name in spot[:-1]:
        place = place[name]
    if spot:
        place[spot[-1]] = value
    return json.dumps(copy if spot else value).encode()


def look_at_everything(stage: Stage) -> None:
    seen = look(read_side(stage))
    found = problems(seen)
    json.dumps(status_json(seen, found), allow_nan=False)
    said = io.StringIO()
    show(said, status_tables(seen, found), {})
    for task_id in "14":
        subject = look_at(read_side(stage), TaskId(task_id))
        json.dumps(explain_json(subject), allow_nan=False)
        show(said, explain_tables(subject), {})
    said.getvalue().encode()
    preview(stage.world())


def in_turn(at: int) -> list[object]:
    """Three of them: all have their turn over any four spots that follow one another."""
    return [ODD[(at * 3 + step) % len(ODD)] for step in range(3)]


def what_is_thrown(stage: Stage, kind: str, choose: Callable[[int], list[object]]) -> list[str]:
    """``choose`` says what the n-th spot of the file is given, one after the other."""
    (path,) = Path(stage.configuration.places.state).glob(kind)
    whole = json.loads(path.read_bytes())
    wrong = []
    for at, spot in enumerate(spots(whole)):
        for value in choose(at):
            path.write_bytes(with_value(whole, spot, value))
            try:
                look_at_everything(stage)
            except TinySchedulerError as error:
                # What it says is for a person; only its own signature may say it of a whole folder.
                if kind != "format.json":
                    wrong.append(f"{spot} = {value!r:.40}: {error.message}")
            except Exception as error:
                wrong.append(f"{spot} = {value!r:.40}: {error!r:.200}")
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_whoever_looks_is_told_and_not_thrown_out(tmp_path: Path, kind: str) -> None:
    assert what_is_thrown(a_house(tmp_path), kind, in_turn) == []


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_every_odd_value_is_survived_at_every_spot(tmp_path: Path, kind: str) -> None:
    """All pairs are 4,600 looks at everything."""
    assert what_is_thrown(a_house(tmp_path), kind, lambda _: ODD) == []
