"""The official clients in JavaScript talk to the embedded server: the TypeScript SDK, the Inspector's CLI.

They are installed from the npm registry, as ``npm/package-lock.json`` says, into ``build/``; without node,
npm or a network these tests are skipped and say so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests.contract.task_server.serving import ROOT, Serving, command, environment, serving
from tinyscheduler.taskserver.resources import FIXED, TEMPLATES
from tinyscheduler.taskserver.tools import TOOLS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SOURCE = Path(__file__).parent / "npm"
INSTALL_LIMIT_S = 240
TALK_LIMIT_S = 100
NODE_MIN = 20


@pytest.fixture(scope="session")
def clients() -> Path:
    """A folder with both of them; made once for each lock file."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no node or no npm on this machine")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < NODE_MIN:
        pytest.skip(f"node {version.strip()} is older than {NODE_MIN}")
    digest = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = ROOT / "build" / f"npm-clients-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock"), timeout=INSTALL_LIMIT_S):
        if not (folder / "whole").exists():
            _install(folder)
    shutil.copy(SOURCE / "talk.mjs", folder)
    return folder


def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / name, folder)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    try:
        done = subprocess.run(
            ["npm", "ci", *options],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer in time")
    if done.returncode != 0:
        pytest.skip(f"npm cannot install the clients: {done.stderr.strip().splitlines()[-1:]}")
    (folder / "whole").touch()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("npm")) as running:
        yield running


def node(clients: Path, *arguments: str, env: dict[str, str] | None = None) -> dict[str, object]:
    """What a program of JavaScript says: one JSON object."""
    done = subprocess.run(
        ["node", *arguments],
        cwd=clients,
        env=env or dict(os.environ),
        capture_output=True,
        text=True,
        timeout=TALK_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


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
