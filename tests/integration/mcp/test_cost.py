"""What a call may load."""

from __future__ import annotations

import subprocess
import sys

from tests.integration.stub_server import StubServer

EXPENSIVE = (
    "asyncio", "click", "httpx._main", "markdown_it", "mcp", "multiprocessing", "pydantic", "pygments",
    "rich", "sqlite3", "subprocess", "trio",
)  # fmt: skip

_ONE_PASS = f"""
import sys
from tinyscheduler.adapters.mcp.tasks import McpTaskServer
server = McpTaskServer(sys.argv[1])
assert "httpx" not in sys.modules, "httpx is loaded before it is needed"
server.backlog(("dev",), ("bob",), 10)
server.close()
import gc
assert gc.isenabled()
print([name for name in {EXPENSIVE!r} if name in sys.modules])
"""


def test_a_call_loads_nothing_that_a_pass_cannot_afford(stub: StubServer) -> None:
    """ADR 0020: the library's command line alone costs as much as everything else."""
    done = subprocess.run(
        [sys.executable, "-c", _ONE_PASS, stub.url], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")
