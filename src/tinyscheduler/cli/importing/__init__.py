"""Room rule: from a file of somebody else's making to tasks, for ``task import``.

In here: one reader for each format (``checklist``, ``task_objects``, ``issues``), which knows no server;
what they give (``outline``); which of it is there already and in which order the rest is made (``steps``);
and the making (``carry_out``). Must not come in: options, printing. What cannot be meant is a UsageError
that names the place in the file, before anything is sent.
"""
