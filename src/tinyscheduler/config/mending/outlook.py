"""What the configuration comes to once its agent-control file is mended as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.config.compile import judged
from tinyscheduler.config.mending import control_text, modes

if TYPE_CHECKING:
    from tinyscheduler.config.compile import Judged
    from tinyscheduler.config.mending.changes import Draft
    from tinyscheduler.config.sources import Inputs


class Outlook(NamedTuple):
    """The agent-control file that these inputs name, and everything with it."""

    judged: Judged
    """With the draft in place, where it may be put there."""
    path: str
    text: str
    """As it is; empty where there is no file that can be read."""
    draft: Draft | None
    """As it should be; None: nobody can tell."""


def outlook(inputs: Inputs) -> Outlook:
    """Reads the file, changes nothing."""
    now = judged(inputs)
    path, data = now.compiled.configuration.places.agent_control_file, now.compiled.agent_control
    draft = None if data is None else control_text.mended(data, path)
    if data is None or draft is None:
        return Outlook(now, path, "", None)
    if draft.changes and not modes.obstacle(path):
        now = judged(inputs, unsaved={path: draft.text.encode()})
    return Outlook(now, path, data.decode(), draft)
