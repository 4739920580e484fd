"""Tools about queues."""

from __future__ import annotations

from typing import Final

from tinyscheduler.taskserver import calls
from tinyscheduler.taskserver.arguments import TEXT, Argument
from tinyscheduler.taskserver.tool import CHANGED_BY, EXPECTED, FILTERS, PAGE, QUEUE, TASK, Tool

QUEUE_TOOLS: Final = (
    Tool("list_queues", "Names of all queues in use", (), calls.list_queues),
    Tool("get_queue_stats", "How many tasks of a queue are in which status", (QUEUE,), calls.get_queue_stats),
    Tool(
        "get_queue_tasks",
        "Tasks of a queue that match, most urgent first, then oldest",
        (QUEUE, *FILTERS),
        calls.get_queue_tasks,
    ),
    Tool(
        "add_task_to_queue",
        "Put a task into a queue",
        (TASK, QUEUE, *EXPECTED, CHANGED_BY),
        calls.add_task_to_queue,
    ),
    Tool(
        "move_task_to_queue",
        "Put a task into another queue; whoever has it keeps it",
        (TASK, Argument("new_queue_name", TEXT, is_required=True), *EXPECTED, CHANGED_BY),
        calls.move_task_to_queue,
    ),
    Tool(
        "remove_task_from_queue",
        "Take a task out of its queue",
        (TASK, *EXPECTED, CHANGED_BY),
        calls.remove_task_from_queue,
    ),
    Tool(
        "get_unassigned_in_queue",
        "Idle tasks of a queue that nobody has, most urgent first: what claim_task can take",
        (QUEUE, *PAGE),
        calls.get_unassigned_in_queue,
    ),
    Tool(
        "clear_queue",
        "Take all tasks that are not archived out of a queue; none is deleted",
        (QUEUE, CHANGED_BY),
        calls.clear_queue,
    ),
)
