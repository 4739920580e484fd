"""Room rule: the pass. It looks (``observe``), asks the planner, and does (``apply``); ``run`` holds
the lock and the order.

In here: protocols over ports - claim, start, stop, settle, undo. Must not come in: decisions about
what should run (``planner``), any concrete adapter (``bootstrap``), text for people (``views``).
Only the holder of the pass lock calls anything in here that writes (law 7).
"""
