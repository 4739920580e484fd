"""Room rule: what could live in the standard library and knows no word of our domain.

In here: atomic files, JSON text. Must not come in: leases, tasks, settings, any other room of ours.
Anybody may call it.
"""
