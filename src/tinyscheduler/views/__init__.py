"""Room rule: the read side. Pure functions from what is known to what is shown.

In here: JSON shapes, texts, tables. Must not come in: files, clocks, processes, decisions (they are
the planner's; a view shows its reasons). Only ``table`` may import rich.
"""
