"""A process that dies right after its n-th effect on the world.

``SIGKILL`` between two system calls, as far as one process can play it: ``Crash`` is no
``Exception``, so nothing may catch it; what the effect did stays done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tinyscheduler.ports import World

EFFECTS: Final = {
    "leases": ("create", "write", "remove", "sync", "take", "ask_stop", "quarantine", "rebuild", "drop"),
    "ledgers": ("write", "sync"),
    "sightings": ("write",),
    "breakers": ("write", "set_aside"),
    "accounts": ("write", "set_aside"),
    "intents": ("remove", "quarantine"),
    "runs": ("prepare", "discard"),
    "engine": ("start",),
    "schedules": ("write", "set_aside"),
    "server": ("update", "move", "comment", "add"),
    "processes": ("signal",),
    "state": ("make_workspace", "record_pass"),
    "attic": ("remove", "count_from", "note_sweep"),
}
"""Every call of a port that changes something outside the process, journal and log aside."""


class Crash(BaseException):
    """This process is no more."""


class Fuse:
    """Burns down by one with each effect; at the end of it the process dies."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.effects: list[str] = []
        """What happened before, newest last; to be printed by a failing test."""

    def burn(self, name: str) -> None:
        self.effects.append(name)
        self._left -= 1
        if self._left == 0:
            raise Crash(f"after effect {len(self.effects)}, {name}")


class _Watched:
    """A port whose effects burn the fuse; everything else is handed through."""

    def __init__(self, port: object, name: str, fuse: Fuse) -> None:
        self._port = port
        self._name = name
        self._fuse = fuse

    def __getattr__(self, attribute: str) -> object:
        found: object = getattr(self._port, attribute)
        if attribute not in EFFECTS[self._name]:
            return found
        assert callable(found)
        return self._burning(found, attribute)

    def _burning(self, act: Callable[..., object], attribute: str) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            done = act(*args, **kwargs)
            self._fuse.burn(f"{self._name}.{attribute}")
            return done

        return call


def dying(world: World, fuse: Fuse) -> World:
    """The same world for a process that dies when the fuse has burnt down."""
    # A port that this world does not need is not there.
    ports = {name: port for name in EFFECTS if (port := getattr(world, name)) is not None}
    watched = {name: _Watched(port, name, fuse) for name, port in ports.items()}
    return world._replace(**watched)  # type: ignore[arg-type]
