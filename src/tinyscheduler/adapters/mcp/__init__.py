"""Room rule: the task server over MCP; everything that is known about its wire stays in here.

In here: ``tasks`` (the port), ``client`` (calls, time, retries; the only place for httpx),
``deadline`` (sockets that stop in time), ``endpoint`` (addresses), ``wire`` (bytes to answers),
``task_json`` (answers to tasks), ``faults`` (what went wrong, by its text). The last three are pure.
Must not come in: what a claim or a settlement is (``reconcile``), the MCP SDK (0.5 s of import).
Only ``bootstrap`` names ``McpTaskServer``.
"""
