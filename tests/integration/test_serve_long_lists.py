"""Tasks with so much text that ``serve`` gives them in parts: our own client has to see all of them."""

from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.task_server.serving import serving
from tinyscheduler.adapters.mcp.desk import McpTaskDesk
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
from tinyscheduler.model.desk import TaskQuery
from tinyscheduler.model.ids import QueueName
from tinyscheduler.taskstore.listing import PAGE_BYTES_MAX
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store

COUNT = 100


@pytest.mark.parametrize("letter", ["x", "\u20ac"])
def test_a_pass_and_a_list_see_every_task_behind_long_texts(tmp_path: Path, letter: str) -> None:
    """All of them together are more than our client reads of one answer."""
    size = 3 * PAGE_BYTES_MAX // COUNT // len(letter.encode())
    long = NewTask("long", "me", letter * size, priority=1, queue_name="dev")
    with serving(tmp_path) as server:
        with closing(Store(server.database)) as store:
            store.create_tasks([*[long] * COUNT, NewTask("short", "me", queue_name="qa", tags=("mark",))])
        with closing(McpTaskDesk(server.endpoint, headers={}, timeout_s=60)) as desk:
            listed = desk.find(TaskQuery(limit=1_000))
            marked = desk.find(TaskQuery(tags=("mark",)))
        with closing(McpTaskServer(server.endpoint, budget_s=60)) as line:
            both = line.backlog((QueueName("dev"), QueueName("qa")), (), 1_000)
            one = line.backlog((QueueName("qa"),), (), 1_000)
            others = line.unserved((QueueName("dev"),), ())

    assert (len(listed.tasks), listed.is_cut, listed.gaps) == (COUNT + 1, False, ())
    assert [task.title for task in marked.tasks] == ["short"]
    assert (len(both.tasks), both.is_cut, both.gaps) == (COUNT + 1, False, ())
    assert [task.title for task in one.tasks] == ["short"]
    assert [(group.queue, group.tasks) for group in others] == [("qa", 1)]
