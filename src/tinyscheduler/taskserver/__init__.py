"""Room rule: the MCP face of the task store; the only room that knows the MCP SDK and its web server.

In here: tool names, their arguments and answers (those of the public server, docs/task-server.md),
and listening on loopback. Must not come in: what a task is or may become (that is ``taskstore``),
leases, passes, settings. ``cli.serve`` starts it; nothing imports it on the way to a pass, for it
costs half a second.
"""
