"""Where everything lies. Derived places move with the base path unless they were set by themselves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tinyscheduler.config.sources import PREFIX, Inputs, absolute
from tinyscheduler.errors import Fault
from tinyscheduler.model.configuration import Places

if TYPE_CHECKING:
    from tinyscheduler.config.settings import Settings


def places_of(settings: Settings, inputs: Inputs) -> Places:
    """Absolute, normalised paths; nothing is looked at."""

    def place(text: str, folder: str = inputs.base) -> str:
        return absolute(text, folder, inputs.home)

    state = place(settings.state_dir)
    return Places(
        base=inputs.base,
        state=state,
        running=place(settings.running_dir or f"{state}/running"),
        runs=f"{state}/runs",
        ledger=f"{state}/ledger",
        journal=f"{state}/journal",
        passes=f"{state}/passes",
        logs=place(settings.log_dir or f"{state}/logs"),
        quarantine=f"{state}/quarantine",
        cache=f"{state}/cache",
        intents=f"{state}/intents",
        workspaces=place(settings.workspaces_dir or f"{state}/workspaces"),
        recipes=place(settings.recipes_dir),
        lock_file=place(settings.lock_file or f"{state}/tinyscheduler.lock"),
        estop_file=f"{state}/ESTOP",
        format_file=f"{state}/format.json",
        tasks_db=f"{state}/tasks.db",
        agent_control_file=place(settings.agent_control_file),
    )


def faults_of_places(places: Places, inputs: Inputs) -> list[Fault]:
    """A base path that is not there, and two things in one place."""
    return [*_base_fault(inputs), *_collisions(places)]


def _base_fault(inputs: Inputs) -> list[Fault]:
    # The default is made when it is first needed; one that was named is expected to exist, because
    # a mistyped one would be an empty state folder in which every running task starts again.
    if inputs.base_source == "default" or os.path.isdir(inputs.base):
        return []
    remedy = "create the folder, or name one that exists"
    return [Fault(f"{PREFIX}BASE_PATH", inputs.base, remedy, f"no such folder (from: {inputs.base_source})")]


def _collisions(places: Places) -> list[Fault]:
    first: dict[str, str] = {}
    faults = []
    for name, path in places._asdict().items():
        other = first.setdefault(path, name)
        # A state folder that is the base folder is untidy, not dangerous.
        if other not in (name, "base"):
            # One of the two was set; the other may be a fixed part of the state folder.
            culprit, victim = (name, other) if name in _SETTING_OF else (other, name)
            field = PREFIX + _SETTING_OF.get(culprit, "STATE_DIR")
            faults.append(Fault(field, path, "choose another place", f"it is also the place of: {victim}"))
    return faults


_SETTING_OF = {
    "state": "STATE_DIR",
    "running": "RUNNING_DIR",
    "logs": "LOG_DIR",
    "workspaces": "WORKSPACES_DIR",
    "recipes": "RECIPES_DIR",
    "lock_file": "LOCK_FILE",
    "agent_control_file": "AGENT_CONTROL_FILE",
}
