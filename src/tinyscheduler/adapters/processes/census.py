"""Everybody who is there, and which of them belong to a run.

/proc is not read in one instant: whoever is born behind the reader of a listing, of a parent that
ends before its turn, is in none of its lines. So it is listed again until a listing names nobody
new. A run that hops from process to process is met at one of its hops, and is then not "gone".
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from tinyscheduler.adapters.processes import proc
from tinyscheduler.kit.marks import mark_of, read_mark
from tinyscheduler.model.lease import containment_name

LISTINGS_MAX = 100
"""A machine on which somebody new appears between so many listings, each under a millisecond, is
under a fork bomb; what is known by then is the answer, with the newcomers."""


class Seen(NamedTuple):
    """A process at the moment it was met."""

    stat: proc.Stat
    tag: str | None
    """Read together with the rest: a moment later it may be gone."""
    mark: int | None = None
    """Of who has no tag, or none that we may read (``kit.marks``)."""


def take_census() -> dict[int, Seen]:
    """By pid, zombies included; this process too."""
    met: dict[int, Seen] = {}
    tried: set[int] = set()
    for _ in range(LISTINGS_MAX):
        newcomers = [pid for pid in proc.all_pids() if pid not in tried]
        if not newcomers:
            break
        tried.update(newcomers)
        for pid in newcomers:
            seen = _meet(pid)
            if seen is not None:
                met[pid] = seen
    return met


def meet_also(census: dict[int, Seen], pids: set[int]) -> None:
    """Those who were named elsewhere after the census was taken."""
    for pid in pids - census.keys():
        seen = _meet(pid)
        if seen is not None:
            census[pid] = seen


def members_of(census: Mapping[int, Seen], tag: str, *, roots: set[int], held: set[int]) -> set[int]:
    """Pids of a run, zombies included, this process never among them.

    The wrapper and the agent lead sessions of their own, so a group or session whose leader is a
    root belongs to the run whole. A zombie counts as leader: while it is not reaped its pid cannot
    be given to a stranger, so a wrapper reaps its agent last. A process with another tag is another
    run's, whoever its parent is: an agent may start a pass, and that pass its own wrappers. ``held``
    are in the run's cgroup; of those the same is true, and of what is below such a process.
    """
    mark = mark_of(containment_name(tag))
    found = {pid for pid, seen in census.items() if seen.tag == tag} | roots
    found |= {pid for pid, seen in census.items() if seen.tag is None and seen.mark == mark}
    found |= {pid for pid in held if pid in census and not _is_of_another(census, pid, tag)}
    if not found:
        # Nobody to be near to: most of a hundred runs that a reboot or an OOM killer has ended.
        return found
    strangers = {pid: seen for pid, seen in census.items() if seen.tag is None and pid not in found}
    while True:
        fresh = {pid for pid, seen in strangers.items() if _is_near(seen.stat, found, census)}
        if not fresh:
            return found - {os.getpid()}
        found |= fresh
        strangers = {pid: seen for pid, seen in strangers.items() if pid not in fresh}


def _meet(pid: int) -> Seen | None:
    try:
        stat = proc.read_stat(pid)
    except PermissionError:
        # Another user's, hidden from us: none of our runs has such.
        return None
    if stat is None:
        return None
    tag = proc.read_tag(pid)
    return Seen(stat, tag, None if tag is not None else _mark_of(pid))


def _mark_of(pid: int) -> int | None:
    """Also of who may not be asked for its environment, or has emptied it. Raises Blind."""
    try:
        return read_mark(pid)
    except OSError as error:
        proc.refuse_blindness(error)
        return None


def _is_of_another(census: Mapping[int, Seen], pid: int, tag: str) -> bool:
    """The nearest tag on the way up is another run's."""
    seen = census.get(pid)
    while seen is not None and seen.tag is None:
        seen = census.get(seen.stat.parent)
    return seen is not None and seen.tag != tag


def _is_near(stat: proc.Stat, found: set[int], census: Mapping[int, Seen]) -> bool:
    return stat.parent in found or any(
        leader in found and leader in census and _leads(census[leader].stat)
        for leader in (stat.group, stat.session)
    )


def _leads(stat: proc.Stat) -> bool:
    return stat.pid in (stat.group, stat.session)
