"""What ``backlog`` shows of one scene (features H3)."""

from __future__ import annotations

import io
import json
from datetime import timedelta

from tests import builders as b
from tests.golden.compare import assert_golden
from tests.unit.views.scenes import a_run
from tinyscheduler.model.ids import QueueName, TaskId
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.snapshot import QueueGap, StartSnapshot
from tinyscheduler.model.waiting import Waiting
from tinyscheduler.planner.lineup import lineup
from tinyscheduler.planner.start import plan_start
from tinyscheduler.views.backlog import BacklogSeen, backlog_json, backlog_tables, filtered
from tinyscheduler.views.seen import exit_code
from tinyscheduler.views.table import fitted, show

AGENTS = (b.an_agent("dev-1", slots=2), b.an_agent("qa-1", queues=("qa",), slots=1))
RUNNING = b.a_lease("7", attempt=2)
TASKS = (
    b.a_task("10", title="Review the parser", priority=5),
    b.a_task("11", queue="qa", title="Test it"),
    b.a_task("12", blocked_by="10"),
    b.a_task("13", assigned_to="sue"),
    b.a_task("20", title="old and low", priority=-1),
    b.a_task("21", priority=2),
    b.a_task("22", queue="ops"),
)
WAITS = {
    TaskId("20"): Waiting(
        b.ago(3600), QueueName("dev"), None, "agent_full", b.ago(900), since=b.ago(900), waited_s=1200
    ),
    TaskId("12"): Waiting(b.ago(3600), QueueName("dev"), None, "blocked", b.ago(1800)),
}
SCENE = b.a_start_snapshot(
    *TASKS,
    agents=AGENTS,
    leases=[RUNNING],
    ledgers=[b.a_ledger("11", outcomes=[b.a_past_run()], runs=1, not_before=b.NOW + timedelta(seconds=90))],
    policy=Policy(max_parallel=9),
)._replace(waiting=WAITS)


def seen_of(snapshot: StartSnapshot) -> BacklogSeen:
    runs = tuple(a_run(b.facts(lease, run_age_s=754)) for lease in snapshot.leases)
    return BacklogSeen(b.NOW, runs, lineup(snapshot, plan_start(snapshot)), server_unknown=None)


def text_of(seen: BacklogSeen) -> str:
    stream = io.StringIO()
    show(stream, backlog_tables(seen), {})
    return stream.getvalue()


def test_backlog() -> None:
    seen = seen_of(SCENE)

    assert_golden("backlog.txt", text_of(seen))
    assert_golden("backlog.json", json.dumps(backlog_json(seen), indent=1, ensure_ascii=False) + "\n")
    assert exit_code(seen) == 0


def test_a_narrow_terminal_shows_titles_and_not_how_long_they_have_waited() -> None:
    waiting = fitted(backlog_tables(seen_of(SCENE))[1], 80)

    names = [column.name for column in waiting.columns]
    assert names == ["TASK", "QUEUE", "BAND", "WHY", "FOUND, LEVER", "TITLE"]


def test_what_starts_comes_first_then_the_line_then_what_is_held() -> None:
    """The old one has aged into the band above its own."""
    order = [waiter.task.id for waiter in lineup(SCENE, plan_start(SCENE))]

    assert order == ["10", "21", "20", "11", "12", "13", "22"]


def test_filters_leave_what_is_asked_for() -> None:
    seen = seen_of(SCENE)

    of_queue = filtered(seen, queue="qa", reason=None)
    of_reason = filtered(seen, queue=None, reason="blocked")

    assert ([w.task.id for w in of_queue.waiters], of_queue.runs) == (["11"], ())
    assert [w.task.id for w in of_reason.waiters] == ["12"]
    assert [w.task.id for w in filtered(seen, queue=None, reason="starts").waiters] == ["10"]


def test_an_unknown_server_is_not_an_empty_backlog() -> None:
    """Law 4."""
    blind = BacklogSeen(b.NOW, (), (), server_unknown="nobody answers")

    assert exit_code(blind) == 3
    assert backlog_json(blind)["waiting"] is None
    assert text_of(blind) == "what waits is not known: nobody answers\n"


def test_a_list_that_could_not_be_read_is_named() -> None:
    seen = seen_of(SCENE)._replace(gaps=(QueueGap(QueueName("qa"), None, "cut off"),))

    assert exit_code(seen) == 3
    assert "not known: qa: cut off" in text_of(seen)


def test_nothing_waits() -> None:
    assert text_of(seen_of(b.a_start_snapshot())) == "nothing waits\n"


def test_what_waits_for_other_reasons_is_counted() -> None:
    """``nothing waits`` was said of a full backlog."""
    seen = filtered(seen_of(b.a_start_snapshot(b.a_task("1"))), queue="qa", reason=None)

    assert text_of(seen) == "nothing like that waits; not shown: 1 other task\n"
