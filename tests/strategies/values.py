"""The few values that worlds are made of.

Apart from the worlds because hypothesis checks and compares a strategy each time it is made: made once,
here, a world is drawn in half the time.
"""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from tinyscheduler.model.lease import LeaseState, OutcomeClass
from tinyscheduler.model.snapshot import Liveness
from tinyscheduler.model.task import Status

STATES: tuple[LeaseState, ...] = get_args(LeaseState)
OUTCOMES: tuple[OutcomeClass, ...] = get_args(OutcomeClass)
STATUSES: tuple[Status, ...] = get_args(Status)
LIVENESS: tuple[Liveness, ...] = get_args(Liveness)
AGENTS = ("anna", "bob", "cleo")
QUEUES = ("dev", "qa", "ops")
ACCOUNTS = ("acme", "zeta")
TAGS = ("gpu", "db")

either = st.booleans()
mostly = st.sampled_from([True, True, True, True, False])
"""What is true of most things: a world in which half of everything is disabled starts nothing."""
almost_always = st.sampled_from([True] * 9 + [False])
up_to_three = st.integers(0, 3)
up_to_five = st.integers(0, 5)
names_of_agents = st.sampled_from(AGENTS)
accounts = st.none() | st.sampled_from(ACCOUNTS)
tags = st.lists(st.sampled_from(TAGS), unique=True, max_size=2)

# --- agents and policies ------------------------------------------------------------------------------

agent_queues = st.lists(st.sampled_from(QUEUES), unique=True, max_size=3)
slots = st.integers(-1, 3)
weights = st.sampled_from([0.5, 1.0, 2.0])
parallels = st.integers(0, 7)
free_mb = st.sampled_from([None, 10_000, 10_000, 500, 499])


def _caps(names: tuple[str, ...]) -> st.SearchStrategy[tuple[tuple[str, int], ...]]:
    return st.dictionaries(st.sampled_from(names), up_to_three, max_size=2).map(
        lambda caps: tuple(caps.items())
    )


queue_caps, account_caps, tag_caps = _caps(QUEUES), _caps(ACCOUNTS), _caps(TAGS)

# --- tasks --------------------------------------------------------------------------------------------

task_ids = st.integers(1, 12).map(str) | st.sampled_from(["01", "²", "ü-1", "a/../b", "", "-1", "\u0661"])
ids_of_tasks = st.lists(task_ids, unique=True, max_size=8)
places = st.lists(st.integers(0, 7), max_size=2)
"""In that list, counted on from its end to its beginning."""
task_queues = st.sampled_from((*QUEUES, *QUEUES, "foreign", None))
assignees = st.sampled_from((None, None, None, *AGENTS, "a-person"))
statuses = st.sampled_from(STATUSES)
priorities = st.sampled_from([-1.5, 0.0, 0.0, 5.0]) | st.floats(allow_nan=False)
ages_s = st.integers(0, 5).map(lambda hours: hours * 3600.0)
titles = st.text(max_size=5)
blockers = st.sampled_from((None, None, None, "1", "2", "99"))
open_parents = st.lists(st.sampled_from(["1", "2", "3"]), max_size=2)

# --- leases and ledgers -------------------------------------------------------------------------------

ids_of_leases = st.lists(st.integers(1, 15).map(str), unique=True, max_size=5)
ids_of_broken = st.lists(st.integers(1, 25).map(str), unique=True, max_size=2)
ids_of_facts = st.lists(st.integers(1, 20).map(str), unique=True, max_size=8)
cuts = st.integers(0, 8)
states = st.sampled_from(STATES)
liveness = st.sampled_from(LIVENESS)
lease_agents = st.sampled_from((*AGENTS, "gone-agent"))
lease_queues = st.sampled_from((*QUEUES, None))
memories = st.sampled_from(("none", "none", "none", "recent", "broken", "parked", "waits", "open"))
delays_s = st.integers(-5, 5)
run_ages_s = st.lists(st.sampled_from([0.0, 30.0, 60.0, 600.0]), max_size=3)
beat_intervals_s = st.sampled_from([0, 1, 15, 60])
beat_ages_s = st.sampled_from([0.0, 44.0, 45.0, 45.001, 180.0, 181.0, 1e9])
limits_s = st.sampled_from([1, 3600])
lives_s = st.sampled_from([0.0, 30.0, 30.001, 36.0, 3635.0, 3635.001, 1e9])
unwanted = st.sampled_from(["", "", "", "reassigned to eve"])
