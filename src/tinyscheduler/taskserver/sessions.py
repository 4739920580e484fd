"""The official SDK's server over a clerk: everything of MCP that is not a plain call of a tool."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

import tinyscheduler
from tinyscheduler.taskserver import resources
from tinyscheduler.taskserver.clerk import Clerk
from tinyscheduler.taskserver.express import result_of
from tinyscheduler.taskserver.tools import TOOLS, answer

INSTRUCTIONS: Final = """\
A task board. Take work with claim_task (from get_unassigned_in_queue) or signup_for_task (your own),
comment on what you do, then set it complete: update_task {"id": 7, "status": "complete"}.
To hand it over to whoever serves a queue: \
update_task {"id": 7, "status": "idle", "assigned_to": "", "queue_name": "qa"}. \
Idle alone, or another queue alone, leaves it yours, and nobody else takes it. To one agent: move_task."""

Context = ServerRequestContext[Clerk]


def make_server(clerk: Clerk, on_ready: Callable[[], None]) -> Server[Clerk]:
    """``clerk`` works while the server runs; ``on_ready`` is called once it does."""

    @asynccontextmanager
    async def lifespan(_: Server[Clerk]) -> AsyncIterator[Clerk]:
        clerk.start()
        on_ready()
        try:
            yield clerk
        finally:
            clerk.end()

    return Server(
        "tinyscheduler",
        version=tinyscheduler.__version__,
        instructions=INSTRUCTIONS,
        lifespan=lifespan,
        on_list_tools=_list_tools,
        on_call_tool=_call_tool,
        on_list_resources=_list_resources,
        on_list_resource_templates=_list_templates,
        on_read_resource=_read_resource,
        get_tool_input_schema=_schema,
    )


async def _list_tools(
    _context: Context, _params: types.PaginatedRequestParams | None
) -> types.ListToolsResult:
    return types.ListToolsResult(
        tools=[
            types.Tool(name=tool.name, description=tool.purpose, input_schema=tool.schema())
            for tool in TOOLS.values()
        ]
    )


async def _call_tool(context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
    call = partial(answer, name=params.name, given=params.arguments or {})
    return result_of(await context.lifespan_context.ask(call))


def _schema(name: str) -> dict[str, object] | None:
    return TOOLS[name].schema() if name in TOOLS else None


async def _list_resources(
    _context: Context, _params: types.PaginatedRequestParams | None
) -> types.ListResourcesResult:
    return types.ListResourcesResult(
        resources=[
            types.Resource(uri=kind.uri, name=kind.name, description=kind.purpose, mime_type=kind.mime_type)
            for kind in resources.FIXED
        ]
    )


async def _list_templates(
    _context: Context, _params: types.PaginatedRequestParams | None
) -> types.ListResourceTemplatesResult:
    return types.ListResourceTemplatesResult(
        resource_templates=[
            types.ResourceTemplate(
                uri_template=kind.uri, name=kind.name, description=kind.purpose, mime_type=kind.mime_type
            )
            for kind in resources.TEMPLATES
        ]
    )


async def _read_resource(
    context: Context, params: types.ReadResourceRequestParams
) -> types.ReadResourceResult:
    uri = str(params.uri)
    said = await context.lifespan_context.ask(partial(resources.answer, uri=uri))
    if said.refusal is not None:
        raise MCPError(types.INTERNAL_ERROR, said.text, said.structured)
    found = types.TextResourceContents(uri=uri, mime_type=resources.mime_type(uri), text=said.text)
    return types.ReadResourceResult(contents=[found])
