"""Tools about comments and links. They ignore arguments they do not know, as on the public server."""

from __future__ import annotations

from typing import Final

from tinyscheduler.taskserver import remark_calls
from tinyscheduler.taskserver.arguments import TEXT, WHOLE, Argument
from tinyscheduler.taskserver.tool import CHANGED_BY, TASK, Tool

_AUTHOR: Final = Argument("created_by", TEXT, meaning="Who says so: an agent's name")
_CONTENT: Final = Argument("content", TEXT, is_required=True)
_COMMENT: Final = Argument("id", WHOLE, is_required=True, meaning="The comment's id")
_LINK: Final = Argument("id", WHOLE, is_required=True, meaning="The link's id")
_BEFORE: Final = Argument("before", WHOLE, meaning="Only older ones than the one of this id")

_ROWS: Final = (
    Tool("add_comment", "Say something about a task", (TASK, _CONTENT, _AUTHOR), remark_calls.add_comment),
    Tool("list_comments", "Comments of a task, oldest first", (TASK, _BEFORE), remark_calls.list_comments),
    Tool("get_comment", "One comment", (_COMMENT,), remark_calls.get_comment),
    Tool(
        "update_comment", "Say something else", (_COMMENT, _CONTENT, CHANGED_BY), remark_calls.update_comment
    ),
    Tool("delete_comment", "Delete a comment", (_COMMENT, CHANGED_BY), remark_calls.delete_comment),
    Tool(
        "move_comment",
        "Put a comment on another task; a note stays where it was",
        (
            Argument("comment_id", WHOLE, is_required=True),
            Argument("to_task_id", WHOLE, is_required=True),
            CHANGED_BY,
        ),
        remark_calls.move_comment,
    ),
    Tool(
        "add_link",
        "Point from a task to a file, a page or another task",
        (TASK, Argument("url", TEXT, is_required=True), Argument("description", TEXT), _AUTHOR),
        remark_calls.add_link,
    ),
    Tool("list_links", "Links of a task, oldest first", (TASK, _BEFORE), remark_calls.list_links),
    Tool(
        "update_link",
        "Change the given fields of a link",
        (_LINK, Argument("url", TEXT), Argument("description", TEXT), CHANGED_BY),
        remark_calls.update_link,
    ),
    Tool("delete_link", "Delete a link", (_LINK, CHANGED_BY), remark_calls.delete_link),
)
REMARK_TOOLS: Final = tuple(tool._replace(is_strict=False) for tool in _ROWS)
