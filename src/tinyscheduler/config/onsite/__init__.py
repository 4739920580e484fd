"""Room rule: what only a look at this machine can tell of what the configuration names.

In here: folders, files and programs, looked at and never touched or started. Kept out of compiling,
because it can change without any setting changing. Must not come in: the task server.
``validate-config`` asks.
"""
