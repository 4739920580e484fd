"""Room rule: one outside thing each, behind a port of ``ports``.

In here: files, processes, time, sockets; foreign errors become ours at this wall. Must not come in:
decisions (they are in ``planner``), another adapter (what two of them share is a port or ``kit``).
Only ``bootstrap`` names the classes in here.
"""
