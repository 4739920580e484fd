"""Room rule: the task store of our own, in one SQLite file; the only room that knows sqlite3.

In here: the schema, the semantics of tasks, queues, comments and links (those of the public
tinytask server, better where it is wrong: docs/task-server.md), and opening the file so that nothing
acknowledged is ever lost and a reader never leaves a trace. Must not come in: MCP, HTTP, leases,
slots, settings. ``adapters.embedded`` and ``taskserver`` call it, and tests.

It is on the hot path: nothing here may import more than sqlite3 brings along.
"""
