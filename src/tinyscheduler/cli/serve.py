"""``tinyscheduler serve``: the embedded task store as an MCP server for agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from tinyscheduler.cli.context import Context

DESCRIPTION = """\
Serve the task store of this state folder as an MCP server (Streamable HTTP), so that agents and
clients of tinytask can read and write the tasks that the scheduler starts. The scheduler itself
needs no server.
"""
EXAMPLES = """\
examples:
  tinyscheduler serve
  tinyscheduler serve --port 3100
  TINYTASK_URL=http://127.0.0.1:3000/mcp tinytask queue list

It listens on loopback only and ends with exit code 0 on SIGTERM or Ctrl+C.
"""
PORT_MAX = 65_535


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.description = DESCRIPTION
    parser.epilog = EXAMPLES
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to listen on (127.0.0.1)")
    parser.add_argument(
        "--port", type=_port, default=3000, help="port to listen on; 0 takes a free one (3000)"
    )


def run(options: Namespace, context: Context) -> int:
    """Serve until told to end.

    Raises UsageError, WorldError (exit 1: the port is in use), StateError, ConfigError.
    """
    # Half a second of imports, after the arguments have been found good.
    from tinyscheduler.bootstrap import load
    from tinyscheduler.taskserver.listen import serve

    configuration = load(context, write_cache=False)
    database = configuration.places.tasks_db
    serve(
        database,
        host=options.host,
        port=options.port,
        depth_max=configuration.policy.max_queue_depth,
        on_ready=lambda url: print(f"serving {url} (database {database})", file=context.stdout, flush=True),
    )
    return 0


def _port(text: str) -> int:
    from argparse import ArgumentTypeError

    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= PORT_MAX):
        raise ArgumentTypeError(f"{text!r} is not a port (0 to {PORT_MAX})")
    return int(text)
