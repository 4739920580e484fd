"""``tinyscheduler serve``: the embedded task store as an MCP server for agents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from tinyscheduler.cli.context import Context
    from tinyscheduler.model.configuration import Configuration
    from tinyscheduler.taskserver.listen import Place

DESCRIPTION = """\
Serve the task store of this state folder as an MCP server (Streamable HTTP, or stdio), so that agents
and clients of tinytask can read and write the tasks that the scheduler starts. The scheduler itself
needs no server.
"""
EXAMPLES = """\
examples:
  tinyscheduler serve
  tinyscheduler serve --port 3100
  TINYTASK_URL=http://127.0.0.1:3000/mcp tinytask queue list
  tinyscheduler serve --host 0.0.0.0 --token-file ~/.config/tinyscheduler-token --allow-host tasks.example
  claude mcp add tasks -- tinyscheduler serve --stdio

Without --token-file it listens on loopback only. What it says to other machines is not encrypted: put a
proxy with TLS before it, or use an ssh tunnel. It ends with exit code 0 on SIGTERM, Ctrl+C or, with
--stdio, the end of stdin.
"""
PORT_MAX = 65_535


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.description = DESCRIPTION
    parser.epilog = EXAMPLES
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=_port, help="port to listen on; 0 takes a free one (3000)")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="every request has to show the bearer token in this file (mode 0600); needed beyond loopback",
    )
    parser.add_argument(
        "--allow-host",
        metavar="NAME",
        action="append",
        default=[],
        help="a name under which clients ask for this server, besides its addresses; may be given again",
    )
    parser.add_argument(
        "--stdio",
        action="store_true",
        help="serve one client over stdin and stdout instead of listening",
    )


def run(options: Namespace, context: Context) -> int:
    """Serve until told to end.

    Raises UsageError, WorldError (exit 1: the port is in use), StateError, ConfigError.
    """
    _refuse_unheard(options)
    # Half a second of imports, after the arguments have been found good.
    from tinyscheduler.bootstrap import load

    configuration = load(context, write_cache=False)
    _refuse_beside_a_folder(configuration)
    database = configuration.places.tasks_db
    depth_max = configuration.policy.max_queue_depth
    if options.stdio:
        from tinyscheduler.taskserver.stdio import serve_stdio

        serve_stdio(database, depth_max=depth_max)
        return 0
    from tinyscheduler.taskserver.listen import serve

    serve(
        database,
        _place(options),
        depth_max=depth_max,
        on_ready=lambda url: print(f"serving {url} (database {database})", file=context.stdout, flush=True),
    )
    return 0


def _place(options: Namespace) -> Place:
    from tinyscheduler.taskserver.listen import Place
    from tinyscheduler.taskserver.token_file import read_token

    token = None if options.token_file is None else read_token(os.path.expanduser(options.token_file))
    host = "127.0.0.1" if options.host is None else options.host
    return Place(host, 3000 if options.port is None else options.port, token, tuple(options.allow_host))


def _refuse_unheard(options: Namespace) -> None:
    """Who gives --stdio a token may think that it is asked for."""
    given = {
        "--host": options.host,
        "--port": options.port,
        "--token-file": options.token_file,
        "--allow-host": options.allow_host or None,
    }
    for flag, value in given.items():
        if options.stdio and value is not None:
            from tinyscheduler.errors import UsageError

            raise UsageError(f"--stdio listens nowhere, so {flag} means nothing", hint="take one of them out")


def _refuse_beside_a_folder(configuration: Configuration) -> None:
    """Clients would be shown an empty store, and what they put there no pass would ever see."""
    folder = configuration.connection.folder
    if folder is not None:
        from tinyscheduler.errors import UsageError

        raise UsageError(
            f"the tasks are Markdown files in {folder} (TASK_FOLDER); serve offers "
            f"{configuration.places.tasks_db} and no files",
            hint="agents and people reach them with tinyscheduler task; to serve, leave TASK_FOLDER away",
        )


def _port(text: str) -> int:
    from argparse import ArgumentTypeError

    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= PORT_MAX):
        raise ArgumentTypeError(f"{text!r} is not a port (0 to {PORT_MAX})")
    return int(text)
