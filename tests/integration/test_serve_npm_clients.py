"""The official clients in JavaScript talk to the embedded server: the TypeScript SDK, the Inspector's CLI."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.task_server.serving import Serving, command, environment, serving
from tests.integration.npm_clients import installed, node
from tinyscheduler.taskserver.resources import FIXED, TEMPLATES
from tinyscheduler.taskserver.tools import TOOLS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="session")
def clients() -> Path:
    return installed()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("npm")) as running:
        yield running


def check_talk(found: dict[str, object]) -> None:
    assert found["tools"] == list(TOOLS)
    assert found["title"] == "from\u2028node"
    assert found["claimed"] == ["working", "node"]
    lost = found["lost"]
    assert isinstance(lost, list)
    assert lost[0] is True
    assert str(lost[1]).endswith("cannot be claimed by other: it is working (assigned to: node)")
    assert lost[2] == "not-as-expected"
    assert found["moved"] == ["idle", "qa", "test it"]
    assert found["resources"] == [kind.uri for kind in FIXED]
    assert found["templates"] == [kind.uri for kind in TEMPLATES]
    assert found["comments"] == 2
    assert "Task not found: 99999" in str(found["missing"])


def test_the_typescript_client_works_over_http(clients: Path, server: Serving) -> None:
    check_talk(node(clients, "talk.mjs", "http", server.endpoint))


def test_the_typescript_client_works_over_stdio(clients: Path, tmp_path: Path) -> None:
    env = {**os.environ, **environment(tmp_path)}

    check_talk(node(clients, "talk.mjs", "stdio", *command("--stdio"), env=env))


def inspect(clients: Path, endpoint: str, *arguments: str) -> dict[str, object]:
    """The Inspector without its page."""
    program = "node_modules/@modelcontextprotocol/inspector/cli/build/cli.js"
    return node(clients, program, "--cli", endpoint, "--transport", "http", *arguments)


def test_the_inspector_lists_and_calls(clients: Path, server: Serving) -> None:
    listed = inspect(clients, server.endpoint, "--method", "tools/list")
    arguments = ("--tool-arg", "title=inspected", "--tool-arg", "created_by=me")
    made = inspect(
        clients, server.endpoint, "--method", "tools/call", "--tool-name", "create_task", *arguments
    )
    resources = inspect(clients, server.endpoint, "--method", "resources/list")

    tools = listed["tools"]
    assert isinstance(tools, list)
    assert [tool["name"] for tool in tools] == list(TOOLS)
    content = made["content"]
    assert isinstance(content, list)
    assert json.loads(content[0]["text"])["title"] == "inspected"
    assert made["isError"] is False
    found = resources["resources"]
    assert isinstance(found, list)
    assert [resource["uri"] for resource in found] == [kind.uri for kind in FIXED]
