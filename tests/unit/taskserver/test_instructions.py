"""What a client is told that knows nothing but the URL: done as it is said, it works."""

import json
import re

from tests.unit.taskserver.desk import Desk
from tinyscheduler.taskserver.sessions import INSTRUCTIONS
from tinyscheduler.taskserver.tools import TOOLS


def told(tool: str, **like: object) -> dict[str, object]:
    """The arguments that the text gives for a call of the tool."""
    examples = [json.loads(found) for found in re.findall(rf"{tool} (\{{[^}}]*\}})", INSTRUCTIONS)]
    [found] = [example for example in examples if like.items() <= example.items()]
    assert isinstance(found, dict)
    return found


def test_tools_that_are_named_are_there() -> None:
    named = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*_(?:task|queue)\b", INSTRUCTIONS))

    assert named == {"claim_task", "get_unassigned_in_queue", "signup_for_task", "update_task", "move_task"}
    assert named <= set(TOOLS)


def test_a_task_that_is_handed_over_to_a_queue_is_nobodys(desk: Desk) -> None:
    """Else it is held for its last agent, who is done with it."""
    desk.create(queue_name="dev")
    desk.call("claim_task", task_id=1, agent_name="alice")

    desk.call("update_task", **{**told("update_task", status="idle"), "id": 1})

    free = desk.call("get_unassigned_in_queue", queue_name="qa")["tasks"]
    assert isinstance(free, list)
    assert [task["id"] for task in free] == [1]
    assert desk.call("claim_task", task_id=1, agent_name="bob")["status"] == "working"


def test_a_task_is_completed_as_it_is_said(desk: Desk) -> None:
    desk.create(queue_name="dev")
    desk.call("claim_task", task_id=1, agent_name="alice")

    assert (
        desk.call("update_task", **{**told("update_task", status="complete"), "id": 1})["status"]
        == "complete"
    )
