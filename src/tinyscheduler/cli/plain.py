"""The arguments of a pass as cron, systemd and a wrapper write them, read without argparse.

argparse with its imports and the flags of ``run`` is 4 ms of every start, once a minute. What is
understood here means the same there (a test compares them); whatever is not, errors and ``--help``
included, is argparse's to judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

from tinyscheduler.config.flags import SETTING_FLAGS

SWITCHES = ("once", "daemon", "json", "at_end_of_run")
"""Of ``run``, besides the settings."""

_SWITCH_FLAGS = {f"--{name.replace('_', '-')}": name for name in SWITCHES}
_VALUED = {flag.flag: flag for flag in SETTING_FLAGS if flag.metavar is not None}
_SETTING_SWITCHES = {flag.flag: flag for flag in SETTING_FLAGS if flag.metavar is None}


def plain_options(arguments: Sequence[str]) -> SimpleNamespace | None:
    """As argparse's Namespace would be; None: not that plain."""
    options = SimpleNamespace(env_file=None, **dict.fromkeys(SWITCHES, False))
    waiting = list(reversed(arguments))
    while waiting:
        if not _take(options, waiting.pop(), waiting):
            return None
    return None if options.once and options.daemon else options


def _take(options: SimpleNamespace, word: str, waiting: list[str]) -> bool:
    """One argument and its value, which is taken off ``waiting``. False: not that plain."""
    if word in _SWITCH_FLAGS:
        setattr(options, _SWITCH_FLAGS[word], True)
        return True
    if word in _SETTING_SWITCHES:
        setattr(options, f"setting_{_SETTING_SWITCHES[word].setting}", "true")
        return True
    if word != "--env-file" and word not in _VALUED:
        return False
    # What begins with "-" may be a forgotten value: argparse knows how to say so.
    if not waiting or waiting[-1].startswith("-"):
        return False
    value = waiting.pop()
    if word == "--env-file":
        options.env_file = value
    else:
        _set(options, word, value)
    return True


def _set(options: SimpleNamespace, word: str, value: str) -> None:
    flag = _VALUED[word]
    name = f"setting_{flag.setting}"
    setattr(options, name, [*getattr(options, name, []), value] if flag.repeats else value)
