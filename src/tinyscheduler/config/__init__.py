"""Room rule: the door for settings; nothing past it knows where a value came from.

In here: flags, environment, ``.env``, ``tinyscheduler.toml`` and agent-control, and the compiled form
of all of them. pydantic lives here and nowhere else. Must not come in: what is in the state folder (but
for the cache), processes, the task server. ``cli`` and ``bootstrap`` call; the front door is ``load.load``.

Two temperatures (ADR 0030). Hot, in every pass: ``load``, ``sources``, ``dotenv``, ``cache``,
``header_text``, ``flags``; they import neither pydantic nor difflib nor tomllib. Cold, when
something has changed: all the rest. ``onsite`` (what is on this machine) and ``mending`` (slips put
right) are for ``validate-config`` alone, in folders of their own: a pass looks at every file in this one.
"""
