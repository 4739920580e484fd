"""One argparse parser per command: what a person may write, help and usage errors included.

Apart from ``app`` because a pass under cron does without it (``plain``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from tinyscheduler.config.flags import SETTING_FLAGS, SettingFlag
from tinyscheduler.errors import UsageError

HELP_CHARS = 100
"""Of a line of help in a pipe or a file, and so in docs/cli.md."""


def parser_for(name: str, purpose: str, *, takes_run_flags: bool) -> argparse.ArgumentParser:
    """With the settings of the command; its own arguments are added by its module."""
    parser = _Parser(
        prog=f"tinyscheduler {name}",
        description=purpose[0].upper() + purpose[1:] + ".",
        formatter_class=HelpText,
        allow_abbrev=False,
    )
    settings = parser.add_argument_group("settings (each also as TINYSCHEDULER_NAME, see config)")
    settings.add_argument("--env-file", metavar="FILE", help="read this file instead of .env")
    for flag in SETTING_FLAGS:
        if flag.is_global or takes_run_flags:
            _add_flag(settings, flag)
    return parser


class HelpText(argparse.RawDescriptionHelpFormatter):
    """A fixed width: argparse asks shutil for the terminal's, for every argument that is added, and
    that import costs 2 ms."""

    def __init__(self, prog: str, width: int = HELP_CHARS) -> None:
        super().__init__(prog, width=width)


class _TerminalText(HelpText):
    """As wide as the terminal, for the one moment when help is shown."""

    def __init__(self, prog: str) -> None:
        import shutil

        super().__init__(prog, shutil.get_terminal_size((HELP_CHARS, 24)).columns)


class _Parser(argparse.ArgumentParser):
    """argparse that raises our error, so that usage faults look like all others and exit with 2."""

    def format_help(self) -> str:
        """As wide as its reader can see it."""
        if sys.stdout.isatty():
            self.formatter_class = _TerminalText
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"{self.prog} --help")


def read_arguments(parser: argparse.ArgumentParser, arguments: Sequence[str]) -> argparse.Namespace:
    """As ``parse_args``, but what is left over is told with the page of the action before it. Raises
    UsageError."""
    found, rest = parser.parse_known_args(arguments)
    if rest:
        action = getattr(found, "action", None)
        page = f"{parser.prog} {action}" if isinstance(action, str) else parser.prog
        is_text = isinstance(action, str) and not any(word.startswith("-") for word in rest)
        quotes = "a text of several words needs quotes; " if is_text else ""
        raise UsageError(f"unrecognized arguments: {' '.join(rest)}", hint=f"{quotes}{page} --help")
    return found


def _add_flag(group: argparse._ArgumentGroup, flag: SettingFlag) -> None:
    name = f"setting_{flag.setting}"
    if flag.metavar is None:
        group.add_argument(flag.flag, dest=name, action="store_const", const="true", help=flag.help)
    elif flag.repeats:
        group.add_argument(flag.flag, dest=name, action="append", metavar=flag.metavar, help=flag.help)
    else:
        group.add_argument(flag.flag, dest=name, metavar=flag.metavar, help=flag.help)
