"""All that could be mended, and nothing of it done: what ``validate-config`` shows and ``--fix`` does.

In the order in which one mend brings out the next: a setting that gets its right name may name
another agent-control file, and that one may name files with secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinyscheduler.config import sources
from tinyscheduler.config.mending import modes, setting_names
from tinyscheduler.config.mending.changes import Change, Deed, Draft, Left, Plan, Rewrite
from tinyscheduler.config.mending.outlook import outlook

if TYPE_CHECKING:
    from tinyscheduler.config.compile import Compiled
    from tinyscheduler.config.mending.setting_names import Sheet
    from tinyscheduler.config.sources import Inputs


class _Found:
    """What has come together so far."""

    def __init__(self) -> None:
        self.deeds: list[Deed] = []
        self.left: list[Left] = []

    def rewrite(self, path: str, text: str, draft: Draft) -> bool:
        """Whether the file will be another one."""
        self.left += draft.left
        why = modes.obstacle(path) if draft.changes else ""
        if draft.changes and not why:
            self.deeds.append(Rewrite(path, text.encode(), draft.text.encode(), draft.changes))
            return True
        self.left += [_left(change, why) for change in draft.changes]
        return False


def plan(inputs: Inputs) -> Plan:
    """``inputs`` as they are now. Reads files, changes none."""
    found = _Found()
    inputs = _names_mended(setting_names.dotenv_sheet(inputs), inputs, found)
    inputs = _names_mended(setting_names.toml_sheet(inputs), inputs, found)
    compiled = _agents_mended(inputs, found)
    found.deeds += modes.makings(compiled)
    for deed in modes.closings(compiled, inputs):
        if isinstance(deed, Left):
            found.left.append(deed)
        else:
            found.deeds.append(deed)
    return Plan(tuple(found.deeds), tuple(found.left))


def _names_mended(sheet: Sheet, inputs: Inputs, found: _Found) -> Inputs:
    """The inputs as they are after that."""
    text = _text_of(sheet.path)
    if text is None:
        return inputs
    after, draft = setting_names.mended(sheet, inputs, text)
    return after if found.rewrite(sheet.path, text, draft) else inputs


def _agents_mended(inputs: Inputs, found: _Found) -> Compiled:
    seen = outlook(inputs)
    if seen.draft is not None:
        found.rewrite(seen.path, seen.text, seen.draft)
    return seen.judged.compiled


def _text_of(path: str) -> str | None:
    """None: there is no such file, or nothing that could be read. That is a fault, and told as one."""
    data = sources.read_operator_file(path, sources.TEXT_FILE_MAX_BYTES, [])
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _left(change: Change, why: str) -> Left:
    return Left(change.place, f"{change.before} should be {change.after}, but {why}")
