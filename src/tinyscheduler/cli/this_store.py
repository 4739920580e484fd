"""Which tasks a command is about that is printed to be typed: those of the store that was asked.

Reasons and levers are made where nobody knows how this program was called; typed as they stand, they act on
the default store. Who chose another one by flags is told how it is reached; what comes from the environment
and from ``.env`` holds for the next command as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinyscheduler.cli.context import Context
    from tinyscheduler.views.table import Table

CHOOSING = ("BASE_PATH", "STATE_DIR", "MCP_ENDPOINT", "TASK_FOLDER")
"""Settings by which a task number means another task. What a pass alone is told (slots, limits) is none."""
PROGRAM = "tinyscheduler "


def store_words(context: Context, texts: Iterable[str]) -> str:
    """How to type the commands in these texts; nothing where there are none, or no flag chose a store."""
    flags = _flags(context)
    if not flags or not any(PROGRAM in text for text in texts):
        return ""
    return f"commands for this store begin with: {PROGRAM}{flags}"


def tell_store(context: Context, texts: Iterable[str]) -> None:
    """On stderr: what programs read stays as it is."""
    words = store_words(context, texts)
    if words:
        context.stdout.flush()
        print(f"tinyscheduler: note: {words}", file=context.stderr)


def tell_store_of(context: Context, tables: Iterable[Table]) -> None:
    """The same for what ``show`` has printed; headings lead nobody to another task's end."""
    if _flags(context):
        tell_store(context, (cell for table in tables for row in table.rows for cell in row))


def _flags(context: Context) -> str:
    """As they were given: what is relative is so for the next command, too."""
    import shlex

    from tinyscheduler.config.flags import SETTING_FLAGS

    given = [] if context.env_file is None else ["--env-file", context.env_file]
    for flag in SETTING_FLAGS:
        if flag.setting in CHOOSING and flag.setting in context.overrides:
            given += [flag.flag, context.overrides[flag.setting]]
    return shlex.join(given)
