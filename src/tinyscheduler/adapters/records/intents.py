"""``state/intents``: one file for each intent of a command, until a pass has applied it.

A file is made whole by ``link()``, so that several commands at once need no lock and a killed one
leaves nothing that a pass would read. What is no intent is moved to quarantine: it must neither be
obeyed nor stand in the way of the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from tinyscheduler.adapters.records.trouble import reason_of, state_error
from tinyscheduler.errors import StateError
from tinyscheduler.kit import files
from tinyscheduler.model.intent import BrokenIntent, Intent
from tinyscheduler.ports import IntentScan

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files

T = TypeVar("T")

INTENT_BYTES_MAX = 65_536
"""An intent is 400 bytes."""
_ENDING = ".json"


class FileIntents:
    """``ports.IntentStore`` over one folder. Missing folder = no intents."""

    def __init__(self, folder: str, quarantine_folder: str, *, disk: Files = files) -> None:
        self._folder = folder
        self._quarantine = quarantine_folder
        self._disk = disk

    def new_id(self, at: datetime) -> str:
        """See the port."""
        return f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{os.urandom(4).hex()}"

    def write(self, intent: Intent) -> None:
        """See the port."""
        from tinyscheduler.adapters.records.intent_json import intent_to_json
        from tinyscheduler.kit import json_text

        path = f"{self._folder}/{intent.id}{_ENDING}"
        data = json_text.dump(intent_to_json(intent))
        self._refuse_others_folder()

        def create() -> bool:
            self._disk.make_folder(self._folder)
            return self._disk.create_exclusive(path, data)

        if not self._try(path, create):
            raise StateError(f"{path} is there already", hint="ask again")

    def scan(self, most: int) -> IntentScan:
        """See the port. One listing when there is nothing."""
        # The dot marks temp files of commands that are writing, and of those that were killed.
        names = sorted(name for name in self._names() if not name.startswith("."))
        if not names:
            return IntentScan((), ())
        found = [self._read(name) for name in names[:most]]
        return IntentScan(
            tuple(entry for entry in found if isinstance(entry, Intent)),
            tuple(entry for entry in found if isinstance(entry, BrokenIntent)),
            max(0, len(names) - most),
        )

    def remove(self, intent: Intent) -> None:
        """See the port."""
        path = f"{self._folder}/{intent.id}{_ENDING}"
        if self._try(path, lambda: self._disk.remove(path)):
            self._try(path, lambda: self._disk.sync_parent(path))

    def is_pending(self, intent: Intent) -> bool:
        """See the port."""
        return self._disk.exists(f"{self._folder}/{intent.id}{_ENDING}")

    def quarantine(self, broken: BrokenIntent) -> str:
        """See the port. Renamed, so that it works for whatever it is: a folder, a link, two gigabytes."""
        aside = f"{self._quarantine}/intent_{os.urandom(4).hex()}_{broken.name[:100]}"

        def move() -> None:
            self._disk.make_folder(self._quarantine)
            self._disk.move(broken.path, aside)

        self._try(broken.path, move)
        return aside

    def _names(self) -> list[str]:
        try:
            return self._disk.names(self._folder)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise state_error(self._folder, error) from error

    def _read(self, name: str) -> Intent | BrokenIntent:
        from tinyscheduler.adapters.records.intent_json import intent_from_json
        from tinyscheduler.kit import json_text

        path = f"{self._folder}/{name}"
        try:
            return intent_from_json(
                json_text.load(self._disk.read_limited(path, INTENT_BYTES_MAX)),
                intent_id=name.removesuffix(_ENDING) if name.endswith(_ENDING) else "",
            )
        except OSError as error:
            return BrokenIntent(name, path, reason_of(error))
        except ValueError as error:
            return BrokenIntent(name, path, f"it does not parse: {error}")

    def _refuse_others_folder(self) -> None:
        """An intent that the pass may not read is none: root's files are closed to others."""
        try:
            owner = os.stat(os.path.dirname(self._folder)).st_uid
        except FileNotFoundError:
            return
        except OSError as error:
            raise state_error(self._folder, error) from error
        if owner != os.geteuid():
            raise StateError(
                f"{os.path.dirname(self._folder)} belongs to user {owner}, whose passes could not read this",
                hint="ask as that user, with sudo -u for example",
            )

    def _try(self, path: str, action: Callable[[], T]) -> T:
        try:
            return action()
        except OSError as error:
            raise state_error(path, error) from error
