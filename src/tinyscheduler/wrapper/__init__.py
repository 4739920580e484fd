"""Room rule: the process beside one agent, ``tinyscheduler wrap ORDER``.

It knows nothing but its order: it runs the agent, beats, watches limits, catches the output, and
leaves how the run ended in the lease. It writes its lease and its run folder and nothing else
(law 7). Must not come in: the task server, settings, planning, sockets, and every library whose
import would be felt fifty times at once (a test holds the list of loaded modules). Of ``ports`` come in
the plain data, and the Protocols for the type checker; ``cli.wrap`` calls, nobody else.

``states``, ``course``, ``outcomes``, ``limits`` and ``lines`` are pure; the others hold a resource each.
"""
