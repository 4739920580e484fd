"""The life of a run as its wrapper sees it: every (state, event) pair, also those that do nothing.

Pure, so that the whole behaviour can be read on one page and tested without a process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

State = Literal["running", "warned", "ending", "killing", "gone"]
"""running: nothing was done to the agent. warned: it was asked once to come to an end.
ending: TERM is out, the grace runs; also entered when the agent has ended, for what it left
behind. killing: KILL is out. gone: no process of the tree is left, which was looked at twice."""

Event = Literal[
    "soft_limit", "stop", "lease_lost", "agent_ended", "grace_over", "survived", "emptied"
]  # fmt: skip
"""survived and emptied: what a look at the tree found, while ending or killing."""

Action = Literal["nothing", "warn", "terminate", "kill"]


class Step(NamedTuple):
    """What follows."""

    state: State
    action: Action = "nothing"


STEPS: Mapping[tuple[State, Event], Step] = {
    ("running", "soft_limit"): Step("warned", "warn"),
    ("running", "stop"): Step("ending", "terminate"),
    # Law 1: another wrapper may be starting the same task, so there is no grace.
    ("running", "lease_lost"): Step("killing", "kill"),
    ("running", "agent_ended"): Step("ending", "terminate"),
    ("running", "grace_over"): Step("running"),
    ("running", "survived"): Step("running"),
    ("running", "emptied"): Step("running"),
    ("warned", "soft_limit"): Step("warned"),
    ("warned", "stop"): Step("ending", "terminate"),
    ("warned", "lease_lost"): Step("killing", "kill"),
    ("warned", "agent_ended"): Step("ending", "terminate"),
    ("warned", "grace_over"): Step("warned"),
    ("warned", "survived"): Step("warned"),
    ("warned", "emptied"): Step("warned"),
    ("ending", "soft_limit"): Step("ending"),
    # A second reason neither shortens nor lengthens the grace.
    ("ending", "stop"): Step("ending"),
    ("ending", "lease_lost"): Step("killing", "kill"),
    ("ending", "agent_ended"): Step("ending"),
    ("ending", "grace_over"): Step("killing", "kill"),
    ("ending", "survived"): Step("ending"),
    ("ending", "emptied"): Step("gone"),
    ("killing", "soft_limit"): Step("killing"),
    ("killing", "stop"): Step("killing"),
    ("killing", "lease_lost"): Step("killing"),
    ("killing", "agent_ended"): Step("killing"),
    ("killing", "grace_over"): Step("killing"),
    # Again at every look: a process may have been born while the last KILL went round.
    ("killing", "survived"): Step("killing", "kill"),
    ("killing", "emptied"): Step("gone"),
    ("gone", "soft_limit"): Step("gone"),
    ("gone", "stop"): Step("gone"),
    ("gone", "lease_lost"): Step("gone"),
    ("gone", "agent_ended"): Step("gone"),
    ("gone", "grace_over"): Step("gone"),
    ("gone", "survived"): Step("gone"),
    ("gone", "emptied"): Step("gone"),
}


def step(state: State, event: Event) -> Step:
    """Never fails: the table is whole, which a test proves."""
    return STEPS[state, event]
