"""Room rule: decisions. Pure functions from what a pass saw to what it should do (law 9).

In here: rules as ordered tables, ranking, capacity, retries. Must not come in: files, clocks,
processes, randomness, logging, any room but ``model``. ``run``, ``run --dry-run``, ``explain`` and
``status`` all call the same functions. The same snapshot, in any order, gives the same plan.
"""
