"""Programs that see another time, with libfaketime: an environment, no privilege.

The wall clock is stepped without the monotonic one, as an operator or NTP steps it; that is also what a
laptop sees that was suspended, because CLOCK_MONOTONIC stands still meanwhile (clock_gettime(2)). ``later``
moves both. Whatever a program starts inherits its time.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib/faketime/libfaketime.so.1")


def library() -> str:
    """Where Debian has put it; the test is skipped where it is missing."""
    found = [path for pattern in LIBRARIES for path in glob.glob(pattern)]
    if not found:
        pytest.skip("libfaketime is not installed ('make rigs' installs it on Debian)")
    return found[0]


def stepped(seconds: int) -> Mapping[str, str]:
    """The wall clock is this much ahead, or behind."""
    return {**_base(), "FAKETIME": _offset(seconds), "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def later(seconds: int) -> Mapping[str, str]:
    """So much time has passed, by every clock."""
    return {**_base(), "FAKETIME": _offset(seconds)}


class Stepper:
    """A wall clock that is stepped while programs look at it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.step(0)

    def step(self, seconds: int) -> None:
        """To this distance from the true time."""
        beside = self._file.with_suffix(".new")
        beside.write_text(_offset(seconds) + "\n")
        beside.rename(self._file)

    def environment(self) -> Mapping[str, str]:
        return {
            **_base(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@contextmanager
def no_shares_left() -> Iterator[None]:
    """Afterwards no memory is left that programs under another clock have shared with those they started.
    The library takes it away in an exit handler: the killed have none, nor has ours, which ends at once."""
    before = _shares()
    yield
    for number in _shares() - before:
        names = (f"faketime_shm_{number}", f"sem.faketime_sem_{number}")
        if not Path(f"/proc/{number}").exists() and not _is_known_to_somebody(names[0]):
            for name in names:
                (_MEMORY / name).unlink(missing_ok=True)


_MEMORY = Path("/dev/shm")


def _shares() -> set[str]:
    """By the process that made each."""
    return {path.name.removeprefix("faketime_shm_") for path in _MEMORY.glob("faketime_shm_*")}


def _is_known_to_somebody(name: str) -> bool:
    """A program reads it from its environment, when it starts."""
    for environ in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if name.encode() in environ.read_bytes():
                return True
    return False


def _base() -> dict[str, str]:
    return {"LD_PRELOAD": library()}


def _offset(seconds: int) -> str:
    return f"{seconds:+d}s"
