"""What passes do on a server that is not only theirs, over real HTTP and both transports: the law of
features G2, looked at call by call."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest

from tests.builders import an_agent
from tests.fakes.engine import FakeWrapper
from tests.fakes.stage import Stage, a_stage
from tests.integration.mcp.watched import Watch
from tests.integration.stub_server import StubServer
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.model.desk import TaskDraft, TaskEdit
from tinyscheduler.model.ids import TaskId
from tinyscheduler.model.lease import OutcomeClass

STEPS = 60
ENDINGS: tuple[OutcomeClass, ...] = ("succeeded", "failed", "interrupted", "start_failed", "partial")


class Life:
    """A scheduler with two agents, and people on the same server."""

    def __init__(self, base: Path, kind: Literal["public", "sse"], seed: int) -> None:
        self.chance = random.Random(seed)
        self.stub = StubServer(kind)
        self.stage: Stage = a_stage(base, agents=[an_agent("dev-1", slots=2), an_agent("dev-2")])
        self.stub.store.now = lambda: f"{self.stage.clock.now():%Y-%m-%dT%H:%M:%SZ}"
        self.watch = Watch(self.stub, queues={"dev"}, agents={"dev-1", "dev-2"})

    def arrange(self) -> None:
        """Ours and other people's, in families that go across queues."""
        store = self.stub.store
        for number in range(4):
            store.create(_fields(f"ours {number}", queue="dev", who="dev-1" if number == 1 else None))
        whole = store.create(_fields("whole", queue="dev"))["id"]
        store.create({**_fields("our part", queue="dev"), "parent_task_id": whole})
        store.create({**_fields("their part", queue="triage"), "parent_task_id": whole})
        store.create(_fields("theirs", queue="triage"))
        store.create(_fields("theirs", queue="triage", who="sue"))
        store.create(_fields("handed to us", queue="triage", who="dev-2"))

    def one_pass(self) -> None:
        self.stage.clock.advance(self.chance.choice((1, 61, 130)))
        with closing(McpTaskServer(self.stub.url, budget_s=50.0)) as server:
            self.stage.run(server=server)

    def an_agent_ends(self) -> None:
        for wrapper in self._a_living_one():
            self.stage.engine.finish(wrapper, self.chance.choice(ENDINGS))

    def an_agent_splits_its_task(self) -> None:
        """Its status follows its subtasks from then on, and some set it to working all the same."""
        for wrapper in self._a_living_one():
            parent = int(wrapper.order.task_id)
            if parent in self.stub.store.tasks and len(self.stub.store.tasks) < 30:
                queue = self.chance.choice(("dev", "triage"))
                self.stub.store.create({**_fields("part", queue=queue), "parent_task_id": parent})
                if self.chance.random() < 0.5:
                    self.stub.store.change(parent, {"status": "working"})

    def a_person_works(self) -> None:
        row = self.chance.choice(list(self.stub.store.tasks.values()))
        deed = self.chance.choice(("working", "complete", "idle", "sue", "", "triage", "dev"))
        if deed in ("working", "complete", "idle"):
            self.stub.store.change(row["id"], {"status": deed})
        elif deed in ("sue", ""):
            self.stub.store.change(row["id"], {"assigned_to": deed})
        else:
            self.stub.store.change(row["id"], {"queue_name": deed})

    def _a_living_one(self) -> Iterator[FakeWrapper]:
        engine = self.stage.engine
        alive = [wrapper for wrapper in engine.wrappers if engine.is_alive(wrapper)]
        if alive:
            yield self.chance.choice(alive)


def _fields(title: str, *, queue: str, who: str | None = None) -> dict[str, object]:
    return {"title": title, "created_by": "alice", "queue_name": queue, "assigned_to": who}


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda desk: desk.add(TaskDraft("x", "alice", queue="dev")), "not a call"),
        (lambda desk: desk.archive(TaskId("1")), "not a call"),
        (lambda desk: desk.change(TaskId("8"), TaskEdit(title="x")), "None's in triage"),
        (lambda desk: desk.comment(TaskId("9"), "x", "dev-1"), "sue's in triage"),
        (lambda desk: desk.change(TaskId("5"), TaskEdit(status="complete")), "follows its subtasks"),
    ],
)
def test_the_judge_sees_each_of_them(tmp_path: Path, call: Callable[[McpTaskDesk], object], why: str) -> None:
    life = Life(tmp_path, "public", 0)
    with life.stub:
        life.arrange()
        with closing(McpTaskDesk(life.stub.url, headers={}, timeout_s=10)) as desk:
            call(desk)

    assert [why in fault for fault in life.watch.broken] == [True]


@pytest.mark.parametrize("kind", ["public", "sse"])
@pytest.mark.parametrize("seed", range(6))
def test_only_what_is_ours_is_touched_and_nothing_is_taken_away(
    tmp_path: Path, kind: Literal["public", "sse"], seed: int
) -> None:
    life = Life(tmp_path, kind, seed)
    life.stage.engine.adopts_at_once = True
    with life.stub:
        life.arrange()
        for _ in range(STEPS):
            happening = life.chance.choice(
                [life.one_pass, life.one_pass, life.an_agent_ends, life.an_agent_splits_its_task,
                 life.a_person_works]
            )  # fmt: skip
            happening()

    assert life.watch.broken == []
    assert life.watch.calls > STEPS
