"""Settings for commands that have to work while a file of settings is half written.

``status`` has to show what is wrong with it; ``pause``, ``drain`` and ``estop`` must be able to keep agents
from starting, and ``stop`` and ``estop`` to end them, because a daemon works on with the last good settings
and the agents do in any case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.bootstrap import last_good, load
from tinyscheduler.errors import ConfigError

if TYPE_CHECKING:
    from tinyscheduler.cli.context import Context
    from tinyscheduler.model.configuration import Configuration


def settings_anyhow(context: Context) -> tuple[Configuration, str]:
    """The settings and "", or the last good ones and why those of now do not hold. Raises ConfigError when
    there never were any."""
    try:
        return load(context, write_cache=False), ""
    except ConfigError as error:
        known = last_good(context)
        if known is None:
            raise
        return known, error.first_fault


def told_settings(context: Context) -> tuple[Configuration, str]:
    """The same, and whoever asked is told on standard error. Raises ConfigError."""
    configuration, fault = settings_anyhow(context)
    if fault:
        told = f"the settings do not hold, so the last good ones count: {fault}"
        print(f"tinyscheduler: {told} (tinyscheduler validate-config says it all)", file=context.stderr)
    return configuration, fault
