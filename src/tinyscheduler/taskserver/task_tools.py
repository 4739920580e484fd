"""Tools about tasks and what is below them."""

from __future__ import annotations

from typing import Final

from tinyscheduler.taskserver import calls
from tinyscheduler.taskserver.arguments import FLAG, STATUS, TEXT, TEXTS, WHOLE, WHOLE_OR_NULL, Argument
from tinyscheduler.taskserver.tool import ABOUT, AGENT, CHANGED_BY, EXPECTED, FILTERS, ID, NEW, TASK, Tool

BLOCKER_MEANING: Final = "The task that has to be complete first"
DESCRIPTIONS: Final = Argument("include_description", FLAG, meaning="False: leave descriptions out")

TASK_TOOLS: Final = (
    Tool(
        "create_task",
        "Create a task; it begins idle",
        (
            *NEW,
            Argument("parent_task_id", WHOLE),
            Argument("queue_name", TEXT, meaning="Stage of work; a subtask has its parent's if not given"),
            Argument("blocked_by_task_id", WHOLE, meaning=BLOCKER_MEANING),
        ),
        calls.create_task,
    ),
    Tool(
        "update_task",
        "Change the given fields of a task",
        (
            ID,
            Argument("title", TEXT),
            Argument("status", STATUS),
            *ABOUT,
            Argument("add_tags", TEXTS, meaning="Besides the tags that it has then, whoever has added them"),
            Argument("remove_tags", TEXTS, meaning="Of the tags that it has then"),
            Argument("parent_task_id", WHOLE),
            Argument("queue_name", TEXT),
            Argument("blocked_by_task_id", WHOLE_OR_NULL, meaning=BLOCKER_MEANING + "; null for none"),
            *EXPECTED,
            CHANGED_BY,
            Argument("updated_by", TEXT, meaning="The same as changed_by"),
        ),
        calls.update_task,
    ),
    Tool("get_task", "A task with its comments and links", (ID,), calls.get_task),
    Tool(
        "list_tasks",
        "Tasks that match, most urgent first, then oldest",
        (Argument("queue_name", TEXT), *FILTERS, DESCRIPTIONS),
        calls.list_tasks,
    ),
    Tool(
        "get_my_queue",
        "Idle and working tasks assigned to an agent",
        (AGENT, DESCRIPTIONS),
        calls.get_my_queue,
    ),
    Tool(
        "signup_for_task",
        "Claim the most urgent idle task of an agent that is not blocked, and set it working; null: none",
        (AGENT,),
        calls.signup_for_task,
    ),
    Tool(
        "move_task",
        "Hand a task to another agent, idle and with a comment, only if the current agent still has it",
        (
            TASK,
            Argument("current_agent", TEXT, is_required=True),
            Argument("new_agent", TEXT, is_required=True, meaning="Empty for nobody"),
            Argument("comment", TEXT, is_required=True, meaning="What was done and what is to do"),
            *EXPECTED,
        ),
        calls.move_task,
    ),
    Tool(
        "claim_task",
        "Claim one idle task that is nobody's, or yours, and set it working; of several claimers one gets it",
        (
            TASK,
            AGENT,
            Argument("expected_assigned_to", TEXT, meaning="Claim it from this one; empty: from nobody"),
        ),
        calls.claim_task,
    ),
    Tool(
        "archive_task",
        "Take a task out of all lists, for good",
        (ID, *EXPECTED, CHANGED_BY),
        calls.archive_task,
    ),
    Tool(
        "delete_task",
        "Delete a task with its subtasks, comments and links; archiving keeps them",
        (ID, *EXPECTED, CHANGED_BY),
        calls.delete_task,
    ),
    Tool(
        "get_task_changes",
        "Who changed what of a task, oldest first; also of one that was deleted",
        (TASK, Argument("limit", WHOLE, meaning="The newest so many")),
        calls.get_task_changes,
    ),
    Tool(
        "get_task_history",
        "Who changed what of a task, oldest first, as a list of single fields",
        (TASK,),
        calls.get_task_history,
    ),
    Tool(
        "create_subtask",
        "Create a task below another one",
        (
            Argument("parent_task_id", WHOLE, is_required=True),
            *NEW,
            Argument("queue_name", TEXT, meaning="The parent's if not given"),
        ),
        calls.create_task,
    ),
    Tool(
        "get_subtasks",
        "Tasks below another one, as one flat list",
        (
            Argument("parent_task_id", WHOLE, is_required=True),
            Argument("recursive", FLAG),
            Argument("include_archived", FLAG),
        ),
        calls.get_subtasks,
    ),
    Tool(
        "get_task_with_subtasks",
        "A task with the tasks below it, as one flat list",
        (TASK, Argument("recursive", FLAG)),
        calls.get_task_with_subtasks,
    ),
    Tool(
        "move_subtask",
        "Put a task below another one, or make it a task of its own",
        (
            Argument("subtask_id", WHOLE, is_required=True),
            Argument("new_parent_id", WHOLE, meaning="Not given: no parent"),
            *EXPECTED,
            CHANGED_BY,
        ),
        calls.move_subtask,
    ),
)
