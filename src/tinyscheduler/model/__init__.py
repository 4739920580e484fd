"""Room rule: plain frozen data and the words of the domain; nothing that acts.

In here: NamedTuples, literals, and constants with their reasons. Must not come in: files, clocks,
processes, logging, any dependency, any other room of ours. Anybody may import it.

NamedTuple and not dataclass: forty frozen dataclasses cost 35 ms at each start of a pass, forty
NamedTuples 5 ms (ADR 0005).
"""
