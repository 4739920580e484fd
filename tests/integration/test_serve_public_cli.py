"""Every call that the public server's own CLI makes, and every field that it reads of an answer.

Read off its sources, versions 0.3.1 and 0.6.0, and sent by the SDK that it is locked to. It reads the first
text of an answer as JSON, and fails on whatever is none; what it formats as a number or a date has to be one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.task_server.serving import Serving, serving
from tests.integration.npm_clients import installed, node

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

Row = dict[str, Any]
"""JSON of a server that is believed nothing: what is read of it is what is tested."""
Call = tuple[str, Row]

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="session")
def clients() -> Path:
    return installed()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """A new one for each test, so that ids are known."""
    with serving(tmp_path) as running:
        yield running


class Cli:
    """What it would have in its hands after each command."""

    def __init__(self, clients: Path, endpoint: str) -> None:
        self._clients = clients
        self._endpoint = endpoint

    def all(self, *calls: Call) -> list[Row]:
        found = node(self._clients, "cli.mjs", self._endpoint, given=json.dumps(calls))["answers"]
        assert isinstance(found, list)
        assert len(found) == len(calls)
        return found

    def values(self, *calls: Call) -> list[Any]:
        answers = self.all(*calls)
        assert [answer for answer in answers if "error" in answer] == []
        return [answer["value"] for answer in answers]


@pytest.fixture
def cli(clients: Path, server: Serving) -> Cli:
    return Cli(clients, server.endpoint)


def check_task(found: object) -> Row:
    """As its table, its tree and its lines print it."""
    assert isinstance(found, dict)
    kinds = {"id": int, "title": str, "priority": int, "tags": list, "is_currently_blocked": bool}
    assert {name: type(found[name]) for name in kinds} == kinds
    assert found["status"] in {"idle", "working", "complete"}
    for name in ("assigned_to", "queue_name", "description", "created_by"):
        assert found[name] is None or isinstance(found[name], str)
    for name in ("parent_task_id", "blocked_by_task_id"):
        assert found[name] is None or isinstance(found[name], int)
    for name in ("created_at", "updated_at"):
        assert TIME.fullmatch(found[name])
    return found


def check_comment(found: object) -> Row:
    assert isinstance(found, dict)
    assert (type(found["id"]), type(found["task_id"]), type(found["content"])) == (int, int, str)
    assert TIME.fullmatch(found["created_at"])
    assert TIME.fullmatch(found["updated_at"])
    return found


def make(title: str, **more: object) -> Call:
    """``task create``."""
    return "create_task", {"title": title, "created_by": "ann", **more}


def test_tasks_are_made_shown_changed_and_put_away(cli: Cli) -> None:
    every = {
        "description": "text",
        "assigned_to": "bob",
        "priority": 5,
        "tags": ["a", "b"],
        "queue_name": "dev",
    }
    changes = {
        "title": "other", "description": "more", "status": "working", "assigned_to": "sue", "priority": 7,
        "tags": ["c"], "queue_name": "qa",
    }  # fmt: skip
    made, short, child, shown, changed, gone, deleted = cli.values(
        make("whole", **every),
        make("short"),
        make("child", parent_task_id=1),
        ("get_task", {"id": 1}),
        ("update_task", {"id": 1, **changes}),
        ("archive_task", {"id": 3}),
        ("delete_task", {"id": 2}),
    )

    assert every.items() <= check_task(made).items()
    assert (check_task(short)["id"], check_task(child)["parent_task_id"]) == (2, 1)
    assert check_task(shown)["comments"] == shown["links"] == []
    assert changes.items() <= check_task(changed).items()
    assert check_task(gone)["archived_at"] is not None
    assert isinstance(deleted, dict)
    assert deleted["success"] is True


def test_lists_are_filtered_by_everything_that_it_can_ask_for(cli: Cli) -> None:
    filters: list[Row] = [
        {},
        {"assigned_to": "bob", "status": "idle", "queue_name": "dev", "limit": 1, "offset": 0},
        {"status": ["idle", "working"], "exclude_status": ["complete"], "exclude_subtasks": True},
        {"parent_task_id": 1, "include_archived": True, "include_description": True},
    ]
    of_queue: Row = {"queue_name": "dev", "status": "idle", "exclude_status": ["complete"], "limit": 5}
    everything, mine, roots, below, queue, agents = cli.values(
        make("a", assigned_to="bob", queue_name="dev", description="text"),
        make("b", parent_task_id=1),
        *(("list_tasks", one) for one in filters),
        ("get_queue_tasks", of_queue),
        ("get_my_queue", {"agent_name": "bob"}),
    )[2:]

    for found in (everything, mine, roots, below, queue, agents):
        assert isinstance(found, dict)
        tasks = found["tasks"]
        assert isinstance(tasks, list)
        assert found["count"] == len(tasks)
        for task in tasks:
            check_task(task)
    found_ids = [[task["id"] for task in found["tasks"]] for found in (everything, mine, roots, below)]
    assert found_ids == [[1, 2], [1], [1], [2]]
    assert (queue["queue_name"], agents["agent"]) == ("dev", "bob")


def test_queues_are_listed_counted_and_changed(cli: Cli) -> None:
    none, _, names, stats, added, moved, out, cleared = cli.values(
        ("list_queues", {}),
        make("a", queue_name="dev"),
        ("list_queues", {}),
        ("get_queue_stats", {"queue_name": "dev"}),
        ("add_task_to_queue", {"task_id": 1, "queue_name": "qa"}),
        ("move_task_to_queue", {"task_id": 1, "new_queue_name": "done"}),
        ("remove_task_from_queue", {"task_id": 1}),
        ("clear_queue", {"queue_name": "dev"}),
    )

    assert (none, names) == ({"count": 0, "queues": []}, {"count": 1, "queues": ["dev"]})
    assert isinstance(stats, dict)
    assert (stats["queue_name"], stats["total_tasks"], stats["agents"]) == ("dev", 1, [])
    assert [check_task(task)["queue_name"] for task in (added, moved, out)] == ["qa", "done", None]
    assert cleared == {"queue_name": "dev", "tasks_cleared": 0}


def test_a_task_is_claimed_and_handed_over(cli: Cli) -> None:
    """Older public servers answer a claim with a sentence, and its CLI fails after the claim was made."""
    _, claimed, nothing, moved = cli.values(
        make("a", assigned_to="bob"),
        ("signup_for_task", {"agent_name": "bob"}),
        ("signup_for_task", {"agent_name": "bob"}),
        (
            "move_task",
            {"task_id": 1, "current_agent": "bob", "new_agent": "sue", "comment": "Task transferred"},
        ),
    )

    assert check_task(claimed)["status"] == "working"
    assert nothing is None
    assert isinstance(moved, dict)
    assert check_task(moved["task"])["assigned_to"] == "sue"
    assert check_comment(moved["comment"])["created_by"] == "bob"


def test_comments_and_links_are_kept(cli: Cli) -> None:
    _, _, said, nameless, listed, one, elsewhere, changed, gone, link, bare, links, relinked, unlinked = (
        cli.values(
            make("a"),
            make("b"),
            ("add_comment", {"task_id": 1, "content": "hello", "created_by": "ann"}),
            ("add_comment", {"task_id": 1, "content": "hello"}),
            ("list_comments", {"task_id": 1}),
            ("get_comment", {"id": 1}),
            ("move_comment", {"comment_id": 1, "to_task_id": 2}),
            ("update_comment", {"id": 2, "content": "other"}),
            ("delete_comment", {"id": 2}),
            (
                "add_link",
                {"task_id": 1, "url": "https://example/1", "description": "one", "created_by": "ann"},
            ),
            ("add_link", {"task_id": 1, "url": "src/x.py"}),
            ("list_links", {"task_id": 1}),
            ("update_link", {"id": 1, "url": "https://example/2"}),
            ("delete_link", {"id": 1}),
        )
    )

    for comment in (said, nameless, one, elsewhere, changed):
        check_comment(comment)
    assert (nameless["created_by"], elsewhere["task_id"], changed["content"]) == (None, 2, "other")
    assert listed == {"task_id": 1, "count": 2, "comments": [said, nameless]}
    assert links == {"task_id": 1, "count": 2, "links": [link, bare]}
    assert (bare["description"], relinked["url"]) == (None, "https://example/2")
    assert [found["success"] for found in (gone, unlinked)] == [True, True]


def test_subtasks_are_made_listed_and_moved(cli: Cli) -> None:
    """Older public servers answer a move with a sentence, on which the CLI fails."""
    below: Row = {"parent_task_id": 1, "title": "b", "created_by": "ann", "priority": 2, "tags": ["x"]}
    _, made, listed, tree, top, back = cli.values(
        make("a", queue_name="dev"),
        ("create_subtask", below),
        ("get_subtasks", {"parent_task_id": 1, "recursive": True, "include_archived": True}),
        ("get_task_with_subtasks", {"task_id": 1, "recursive": False}),
        ("move_subtask", {"subtask_id": 2}),
        ("move_subtask", {"subtask_id": 2, "new_parent_id": 1}),
    )

    assert {**below, "queue_name": "dev"}.items() <= check_task(made).items()
    assert isinstance(listed, dict)
    assert [check_task(task)["id"] for task in listed["subtasks"]] == [2]
    assert [task["id"] for task in check_task(tree)["subtasks"]] == [2]
    assert [check_task(task)["parent_task_id"] for task in (top, back)] == [None, 1]


def test_a_history_is_a_list_of_fields(cli: Cli) -> None:
    history = cli.values(
        make("a"), ("update_task", {"id": 1, "priority": 3}), ("get_task_history", {"task_id": 1})
    )[2]

    assert isinstance(history, list)
    assert all(TIME.fullmatch(entry["changed_at"]) for entry in history)
    told = ("field_name", "old_value", "new_value", "changed_by")
    assert [tuple(entry[name] for name in told) for entry in history] == [
        ("created", None, "idle", "ann"),
        ("priority", "0", "3", None),
    ]


def test_what_is_refused_is_a_sentence(cli: Cli) -> None:
    """It is printed as it is, and the exit code is 1. A word where an id should be is sent as null."""
    refused = cli.all(
        ("get_task", {"id": 99}),
        ("get_task", {"id": None}),
        ("update_task", {"id": 99, "status": "working"}),
        ("create_task", {"title": " ", "created_by": "ann"}),
        ("move_task", {"task_id": 99, "current_agent": "a", "new_agent": "b", "comment": "c"}),
        ("create_task", {"title": "a", "created_by": "ann", "auto_promote": False}),
    )

    said = [str(answer["error"]) for answer in refused]
    assert said[:3] == ["Task not found: 99", "Task not found: 0", "Task not found: 99"]
    assert "itle" in said[3]
    assert said[4] == "Task not found: 99"
    assert "Unrecognized key(s) in object: 'auto_promote'" in said[5]
