"""What mending consists of, as data that can be shown before anything is done."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias


class Change(NamedTuple):
    """One thing that is mended. No value of a setting is ever in it: it might be a secret."""

    place: str
    """A path, with the line where there is one."""
    before: str
    after: str


class Left(NamedTuple):
    """One thing that could be mended and is not."""

    place: str
    why: str


class Draft(NamedTuple):
    """A text, as it should be."""

    text: str
    changes: tuple[Change, ...] = ()
    left: tuple[Left, ...] = ()


class Renaming(NamedTuple):
    """A text in which something has another name, and the first line that this touched."""

    text: str
    line: int


class Rewrite(NamedTuple):
    """Put another text into a file, if it still has the one that was judged."""

    path: str
    before: bytes
    after: bytes
    changes: tuple[Change, ...]


class Close(NamedTuple):
    """Take the rights of others away from a file or a folder."""

    path: str
    mode: int
    change: Change


class Make(NamedTuple):
    """Make a folder."""

    path: str
    change: Change


Deed: TypeAlias = Rewrite | Close | Make


class Plan(NamedTuple):
    """All that would be done, in this order."""

    deeds: tuple[Deed, ...]
    left: tuple[Left, ...]

    def changes(self) -> tuple[Change, ...]:
        """Of all deeds."""
        return tuple(change for deed in self.deeds for change in changes_of(deed))


def changes_of(deed: Deed) -> tuple[Change, ...]:
    """What one deed changes."""
    return deed.changes if isinstance(deed, Rewrite) else (deed.change,)
