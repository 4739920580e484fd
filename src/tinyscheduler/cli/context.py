"""What every command gets besides its own arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TextIO


class Context(NamedTuple):
    """One invocation. Commands print to these streams and read nothing else of the process."""

    environ: Mapping[str, str]
    overrides: Mapping[str, str]
    """Settings given as flags: setting name -> text."""
    env_file: str | None
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO

    def flags(self) -> tuple[str, ...]:
        """The overrides as arguments again, for a wrapper that becomes a pass somewhere else: what is
        relative to the current folder is made absolute."""
        import os

        from tinyscheduler.config.flags import SETTING_FLAGS

        given: list[str] = [] if self.env_file is None else ["--env-file", os.path.abspath(self.env_file)]
        for flag in SETTING_FLAGS:
            value = self.overrides.get(flag.setting)
            if value is not None and flag.setting != "DRY_RUN":
                if flag.setting == "BASE_PATH":
                    value = os.path.abspath(os.path.expanduser(value))
                values = value.split(",") if flag.repeats else [value]
                for one in values:
                    given += [flag.flag] if flag.metavar is None else [flag.flag, one]
        return tuple(given)
