"""Room rule: the figures of docs/performance.md, measured from outside on whole processes.

In here: one module per question, ``stage`` (a scheduler of our own in a temp folder), ``timing`` (a
process from start to end), ``report`` (tables), and ``bare``: the programs we are measured against,
which import nothing of ours. Must not come in: a clock inside of the measured program, psutil,
anything that is left behind. Run by ``python -m bench``; imported by nobody.
"""
