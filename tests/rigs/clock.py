"""Programs that see another time, with libfaketime: an environment, no privilege.

The wall clock is stepped without the monotonic one, as an operator or NTP steps it; that is also what a
laptop sees that was suspended, because CLOCK_MONOTONIC stands still meanwhile (clock_gettime(2)). ``later``
moves both. Whatever a program starts inherits its time.
"""

from __future__ import annotations

import glob
from collections.abc import Mapping
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


def _base() -> dict[str, str]:
    return {"LD_PRELOAD": library()}


def _offset(seconds: int) -> str:
    return f"{seconds:+d}s"
