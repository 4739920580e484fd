"""Settings by which everything would go to another place, if their names were not misspelt.

Apart, because ``task`` and ``run`` both tell them: ``status`` is not looked at by who adds a task, and a
store that is made in the wrong place answers as well as the right one.
"""

from __future__ import annotations

from tinyscheduler.config.sources import PREFIX
from tinyscheduler.model.configuration import Configuration

_PLACES = ("MCP_ENDPOINT", "TASK_FOLDER", "BASE_PATH", "STATE_DIR")
"""They decide where tasks are; a slip in any other setting changes how they are worked on."""


def notes_astray(configuration: Configuration) -> list[str]:
    """What looks like one of these settings and is none."""
    ends = tuple(f"did you mean {PREFIX}{name}?" for name in _PLACES)
    return [note for note in configuration.notes if note.endswith(ends)]
