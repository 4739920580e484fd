"""Write the table of a lease's life into docs/protocol.md, from ``planner.life``.

Usage: .venv-dev/bin/python tools/life_docs.py [--check]. A test runs it with --check, which writes
nothing and ends with 1 when the page is not what this makes.
"""

import sys
from pathlib import Path
from typing import get_args

from made_part import put
from tinyscheduler.model.lease import LeaseState
from tinyscheduler.planner.life import LIFE, Entry, Event

PAGE = Path(__file__).resolve().parent.parent / "docs" / "protocol.md"

MEANINGS: dict[Event, str] = {
    "release_asked": "a person gives the lease up without proof, and its wrapper is not known to live",
    "not_gone": "processes carry its tag, and nobody has given it up",
    "elsewhere": "its wrapper is on another machine or in another pid namespace, or may not be looked at",
    "stop_asked": "a person asks to stop or park it",
    "revocation_unfinished": "the owner file says `revoked`",
    "rebooted": "the machine was booted since, so everybody is dead",
    "adopter_dead": "the wrapper in the owner file is dead (a zombie is dead)",
    "adopter_silent": "the wrapper in the owner file lives; no beat for max(3 beats, 45 s)",
    "owner_unreadable": "the owner file is there and says nothing",
    "adopted": "the wrapper in the owner file lives and is about to write",
    "wrapper_dead": "its wrapper is dead",
    "estop": "the file `state/ESTOP` is there",
    "unwanted": "the task server has not wanted it for 120 s; or the task is archived or deleted",
    "heartbeat_stale": "no beat for max(3 beats, 45 s)",
    "over_hard_limit": "older than hard limit + grace + 30 s: its wrapper has not ended it",
    "not_adopted_in_time": "older than `START_TIMEOUT_SEC`",
    "nothing": "always",
}


def main(flags: list[str]) -> int:
    """Write the table, or tell whether it is current."""
    return put(PAGE, table(), tool="life_docs.py", flags=flags)


def table() -> str:
    """Return the table, one row for each event in the order of precedence."""
    states = get_args(LeaseState)
    rows = [("event", "it is true when", *(f"`{state}`" for state in states))]
    rows.append(tuple("---" for _ in rows[0]))
    rows += [
        (f"`{event}`", MEANINGS[event], *(cell(row[state]) for state in states))
        for event, row in LIFE.items()
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def cell(entry: Entry) -> str:
    """Return what is done, and the state that it leads to."""
    done = {
        "pass_over": "-",
        "keep": "kept",
        "tell": "kept, told, exit 1",
        "reclaim": f"reclaimed as `{entry.outcome}`",
        "release": f"given up as `{entry.outcome}`",
        "revoke": "revoked",
        "undo": "undone",
        "settle": "settled",
    }[entry.effect]
    return done if entry.next is None else f"{done}, {entry.next}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
