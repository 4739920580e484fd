"""Room rule: the task server over MCP; everything that is known about its wire stays in here.

In here: ``tasks`` and ``desk`` (the ports), ``fetch``, ``habits`` and ``unserved`` (lists of tasks),
``client`` (calls and repeats), ``streamable`` and ``sse`` (the two transports), ``line`` (HTTP in time; with
``opening`` and the transports the only place for httpx), ``deadline`` (sockets that stop in time),
``endpoint`` (addresses), ``manners`` (what is remembered of a server), ``wire`` and ``answer`` (bytes),
``task_json`` and ``remark_json`` (answers to tasks), ``faults`` (what went wrong, by its text). The last
five, ``fetch`` and ``habits`` are pure.
Must not come in: what a claim or a settlement is (``reconcile``), the MCP SDK (0.5 s of import).
Only ``bootstrap`` names ``McpTaskServer`` and ``McpTaskDesk``.
"""
